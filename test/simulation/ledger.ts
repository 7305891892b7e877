/**
 * The record of a run: the calls of the users with their results, and the commands that the servers ran. Each command of a call
 * has a unique token in one of its arguments. The token links an execution on a server to its call.
 */
import type { Reply } from './model/reply.js'
import type { ModelRecord, Phase } from './model/server.js'
import type { Wire } from './world/wire.js'

/** A command that a server ran or rejected. */
export class Execution implements ModelRecord {
  readonly number: number
  readonly at: number
  readonly server: string
  readonly connection: number
  readonly db: number
  readonly args: readonly string[]
  readonly reply: Reply
  readonly phase: Phase
  readonly asking: boolean
  /** Its place in the order of all executions, on all servers. */
  readonly order: number
  readonly wire: Wire | undefined

  /** `at` is the time of the client's clock, that of `record` is the server's. */
  constructor(record: ModelRecord, at: number, order: number, wire: Wire | undefined) {
    this.number = record.number
    this.at = at
    this.server = record.server
    this.connection = record.connection
    this.db = record.db
    this.args = record.args
    this.reply = record.reply
    this.phase = record.phase
    this.asking = record.asking
    this.order = order
    this.wire = wire
  }
}

/** One command of a call. */
export interface Part {
  readonly token: string
  readonly isWrite: boolean
  readonly executions: Execution[]
}

export interface Arrival {
  readonly at: number
  readonly server: string
  readonly channel: string
  readonly message: string
}

export type Fate = 'open' | 'resolved' | 'rejected'

/** Compares the value of a resolved call with the executions of its parts. Returns a description of the error, if there is one. */
export type Expectation = (value: unknown, call: Call) => string | undefined

export interface CallTraits {
  /** The description of the call in the story. */
  readonly what: string
  readonly parts: readonly Part[]
  /** The call must settle within this time, ms; undefined: no limit. */
  readonly timeout?: number | undefined
  /** Its abort rejects the call at once. */
  readonly signal?: AbortSignal | undefined
  /** Calls of the same lane run in the order in which they were made. */
  readonly lane?: string | undefined
  /** The caller allowed the client to run the writes of this call twice. */
  readonly isIdempotent?: boolean
  readonly expects?: Expectation
  readonly isBlocking?: boolean
  /** It does not fit into one write of a socket. */
  readonly isLarge?: boolean
  /** The call does not remove the elements that it returns. */
  readonly isReading?: boolean
  /** A duplicate of the client makes the call: closing the client does not concern it. */
  readonly isOfDuplicate?: boolean
  /** The call watches keys, so that a WatchError may reject it. It may be repeated, with a lease for each try. */
  readonly watches?: boolean
  /** How long the server may block on the call, ms; 0: for ever. */
  readonly blocksFor?: number
  /** Returns true for the value of a blocking call whose time is over. */
  readonly isEmpty?: (value: unknown) => boolean
  /** The call is a loop of the user, which notices the end of its client at its next step. */
  readonly isLoop?: boolean
  /** The call runs code of the user, which may take any time. */
  readonly isSession?: boolean
  /** Each part has its own result: in an array of values and errors, or in the `results` of an error. */
  readonly isBatch?: boolean
  /** The error of a rejected call concerns one of its parts only, so no part is checked against it. */
  readonly isLoose?: boolean
}

export class Call {
  readonly id: number
  readonly client: string
  readonly traits: CallTraits
  readonly startedAt: number
  /** Total duration of the standstills before this call, ms. */
  readonly stoodStillBefore: number
  fate: Fate = 'open'
  settledAt: number = Number.POSITIVE_INFINITY
  value: unknown
  error: unknown

  constructor(id: number, client: string, traits: CallTraits, startedAt: number, stoodStillBefore: number) {
    this.id = id
    this.client = client
    this.traits = traits
    this.startedAt = startedAt
    this.stoodStillBefore = stoodStillBefore
  }

  /** Returns the error with which the part at `index` was rejected. */
  errorOf(index: number): unknown {
    const { isBatch, isLoose } = this.traits
    if (isLoose === true) return undefined
    if (isBatch !== true) return this.error
    const results = (this.fate === 'resolved' ? this.value : (this.error as { results?: unknown }).results) as unknown
    if (!Array.isArray(results)) return this.error
    return results[index] instanceof Error ? results[index] : undefined
  }

  get name(): string {
    return `#${this.id} ${this.traits.what} (${this.client})`
  }
}

/** The two forms of a token: `~17~` within a text, and a number of nine digits that begins with 7. */
const TEXT = /~\d+~/
const NUMBER = /^7\d{8}$/

function tokenIn(text: string): string | undefined {
  if (text.length === 9 && NUMBER.test(text)) return text
  return text.includes('~') ? TEXT.exec(text)?.[0] : undefined
}

export class Ledger {
  readonly calls: Call[] = []
  /** The number of calls that are open. */
  unsettled = 0
  readonly executions: Execution[] = []
  /** Keys whose acknowledged writes a failover has lost; `order`: the number of executions until then. */
  readonly losses: { readonly order: number; readonly at: number; readonly keys: ReadonlySet<string> }[] = []
  /** Messages of channels at the servers of a cluster that they reached. */
  readonly arrivals: Arrival[] = []
  /** Subscriptions to shard channels that a server ended because their slot has moved. */
  readonly expelled: { readonly at: number; readonly wire: Wire | undefined; readonly channel: string }[] = []
  /** The calls that run as MULTI … EXEC. */
  readonly transactions: Call[] = []
  readonly #parts = new Map<string, Part>()
  /** By the name of the command, and by all its words. */
  readonly #worded = new Map<string, Map<string, Part>>()
  #tokens = 0

  /** Returns a new part whose token is a text. */
  part(isWrite: boolean): Part {
    return this.#add(`~${++this.#tokens}~`, isWrite)
  }

  /** Returns a new part whose token is a number. */
  numbered(isWrite: boolean): Part {
    return this.#add(`7${String(++this.#tokens).padStart(8, '0')}`, isWrite)
  }

  /** Returns a new part for a command that has no argument for a token. No other call may send the same words. */
  worded(words: readonly string[], isWrite: boolean): Part {
    const part = { token: words.join(' '), isWrite, executions: [] }
    const [name = ''] = words
    this.#worded.set(name, (this.#worded.get(name) ?? new Map<string, Part>()).set(part.token, part))
    return part
  }

  /** Returns the part with this token. */
  partOf(token: string): Part | undefined {
    return this.#parts.get(token)
  }

  /** Returns the executions from the beginning of a call until it settled. */
  during({ startedAt, settledAt }: Call): Execution[] {
    const { executions } = this
    let [low, high] = [0, executions.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((executions[middle] as Execution).at < startedAt - 1) low = middle + 1
      else high = middle
    }
    let end = low
    while (end < executions.length && (executions[end] as Execution).at <= settledAt) end++
    return executions.slice(low, end)
  }

  #add(token: string, isWrite: boolean): Part {
    const part = { token, isWrite, executions: [] }
    this.#parts.set(token, part)
    return part
  }

  open(client: string, traits: CallTraits, at: number, stoodStill: number): Call {
    const call = new Call(this.calls.length + 1, client, traits, at, stoodStill)
    this.calls.push(call)
    this.unsettled++
    return call
  }

  /** Returns true if acknowledged writes to `key` were lost after the execution number `since`. */
  hasLost(key: string, since = 0): boolean {
    return this.losses.some(({ keys, order }) => order >= since && keys.has(key))
  }

  ran(record: ModelRecord, at: number, wire: Wire | undefined): void {
    const execution = new Execution(record, at, this.executions.length, wire)
    this.executions.push(execution)
    const { args } = record
    const worded = this.#worded.get(args[0] as string)?.get(args.join(' '))
    if (worded !== undefined) {
      worded.executions.push(execution)
      return
    }
    for (let i = 1; i < args.length; i++) {
      const token = tokenIn(args[i] as string)
      if (token === undefined) continue
      this.#parts.get(token)?.executions.push(execution)
      return
    }
  }
}
