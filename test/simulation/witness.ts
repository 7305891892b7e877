/** Facts that show only while a run goes on: what was handed to sockets, events, counters and signals. The invariants read them. */
import type { Call, Ledger } from './ledger.js'
import type { Subject } from './simulation.js'
import type { Loop } from './world/loop.js'

/** An event of a client. */
export interface Emitted {
  readonly client: string
  readonly name: string
  readonly at: number
  readonly value: unknown
}

/** The counters of a client before and after one of its calls was made. */
export interface Counters {
  readonly call: Call
  readonly bounds: QueueBounds
  readonly queued: readonly [before: number, after: number]
  readonly bytes: readonly [before: number, after: number]
}

export interface QueueBounds {
  readonly maxCommands?: number | undefined
  readonly maxBytes?: number | undefined
}

const EVENTS = ['ready', 'reconnecting', 'close', 'gap', 'error'] as const

const DIGITS = /^\d+$/

export class Witness {
  readonly #loop: Loop
  /** When each token was first handed to a socket. */
  readonly #writtenAt = new Map<string, number>()
  readonly #abortedAt = new WeakMap<AbortSignal, number>()
  readonly emitted: Emitted[] = []
  readonly signals: AbortSignal[] = []
  /** The errors that handlers of the user have thrown, with the number of times that their subscription emitted them. */
  readonly thrown: Map<unknown, { readonly client: string; times: number }> = new Map()
  /** Calls that made the queue of their client longer. */
  readonly queued: Counters[] = []

  constructor(loop: Loop) {
    this.#loop = loop
  }

  /** The client hands `chunk` to a socket. */
  written(chunk: string | Uint8Array): void {
    const text =
      typeof chunk === 'string'
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    // Both forms of a token: a text, and a number that is a whole argument. A regular expression is slow in long fillers.
    for (let from = text.indexOf('~'); from >= 0; ) {
      const to = text.indexOf('~', from + 1)
      const isToken = to > 0 && to - from < 12 && DIGITS.test(text.slice(from + 1, to))
      if (isToken) this.#tokenWritten(text.slice(from, to + 1))
      from = isToken ? text.indexOf('~', to + 1) : to
    }
    for (let at = text.indexOf('\n7'); at >= 0; at = text.indexOf('\n7', at + 2)) {
      const number = text.slice(at + 1, at + 10)
      if (text[at + 10] === '\r' && DIGITS.test(number)) this.#tokenWritten(number)
    }
  }

  #tokenWritten(token: string): void {
    if (!this.#writtenAt.has(token)) this.#writtenAt.set(token, this.#loop.now)
  }

  /** Returns when `token` was first handed to a socket. */
  writtenAt(token: string): number | undefined {
    return this.#writtenAt.get(token)
  }

  /** Records the events of the client of `subject`. */
  follow({ name, generation, redis }: Subject, isCluster: boolean): void {
    const client = `${name}.${generation}`
    for (const event of isCluster ? EVENTS : ['connect', ...EVENTS])
      redis.on(event as 'close', (value?: unknown) => {
        this.emitted.push({ client, name: event, at: this.#loop.now, value })
      })
  }

  /** Reads the counters of a client before a call is made. Returns a function that reads them after it. */
  counting({ options, redis }: Subject, call: Call): () => void {
    const { queued, queuedBytes } = redis.stats
    return () => {
      const after = redis.stats
      if (after.queued <= queued && after.queuedBytes <= queuedBytes) return
      const bounds = typeof options.queue === 'object' ? options.queue : {}
      this.queued.push({ call, bounds, queued: [queued, after.queued], bytes: [queuedBytes, after.queuedBytes] })
    }
  }

  /** Returns an error for a handler of the user to throw. */
  throws(client: string): Error {
    const error = new Error('The handler of the user fails.')
    this.thrown.set(error, { client, times: 0 })
    return error
  }

  /** A subscription has emitted `error`. */
  reported(error: unknown): void {
    const thrown = this.thrown.get(error)
    if (thrown !== undefined) thrown.times++
  }

  /** Watches a signal of the user, which is given to a call. */
  watch(signal: AbortSignal): void {
    this.signals.push(signal)
  }

  aborts(signal: AbortSignal): void {
    this.#abortedAt.set(signal, this.#loop.now)
  }

  abortedAt(signal: AbortSignal | undefined): number | undefined {
    return signal && this.#abortedAt.get(signal)
  }
}

/** Returns the clients that have made calls, with their calls in order. */
export function callsByClient({ calls }: Ledger): Map<string, Call[]> {
  const all = new Map<string, Call[]>()
  for (const call of calls) {
    const own = all.get(call.client)
    if (own === undefined) all.set(call.client, [call])
    else own.push(call)
  }
  return all
}
