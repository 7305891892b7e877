/**
 * The book of a run: what the users called and what came of it, and what the servers ran. Whatever a call sends has a token of
 * its own in an argument, by which an execution finds its call.
 */
import type { ModelRecord } from './model/server.js'
import type { Wire } from './world/wire.js'

/** A command that a server ran, or refused. */
export interface Execution extends ModelRecord {
  /** Its place in the order of all executions, on all servers. */
  readonly order: number
  readonly wire: Wire | undefined
}

/** One command of a call. */
export interface Part {
  readonly token: string
  readonly isWrite: boolean
  readonly executions: Execution[]
}

export type Fate = 'open' | 'resolved' | 'rejected'

/** What a call must come to, given what the servers ran for it; says what is wrong. */
export type Expectation = (value: unknown, call: Call) => string | undefined

export interface CallTraits {
  /** What the user sees in the story. */
  readonly what: string
  readonly parts: readonly Part[]
  /** Ms after which it must have settled; undefined: no limit. */
  readonly timeout?: number | undefined
  /** Calls of one lane run in their order. */
  readonly lane?: string | undefined
  /** Writes that the caller said may run twice. */
  readonly isIdempotent?: boolean
  readonly expects?: Expectation
  readonly isBlocking?: boolean
  /** It waits for somebody else, also when its client was closed: the client finds out at its next try. */
  readonly outlives?: boolean
  /** It runs code of the user's, which may take its time. */
  readonly isSession?: boolean
  /** It settles for each part: with an array of values and errors, or an error that has them as `results`. */
  readonly isBatch?: boolean
  /** What it rejects with is about one of its parts, and says nothing of the others. */
  readonly isLoose?: boolean
}

export class Call {
  readonly id: number
  readonly client: string
  readonly traits: CallTraits
  readonly startedAt: number
  /** Ms for which the process had stood still when it began. */
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

  /** What `part`, the one at `index`, was rejected with. */
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

/** `~17.2~` in a text, 7 and eight digits as a number. */
const TEXT = /~\d+~/
const NUMBER = /^7\d{8}$/

export class Ledger {
  readonly calls: Call[] = []
  readonly executions: Execution[] = []
  /** Calls of MULTI … EXEC. */
  readonly transactions: Call[] = []
  readonly #parts = new Map<string, Part>()
  #tokens = 0

  /** A part whose token stands in a text. */
  part(isWrite: boolean): Part {
    return this.#add(`~${++this.#tokens}~`, isWrite)
  }

  /** A part whose token is a number. */
  numbered(isWrite: boolean): Part {
    return this.#add(`7${String(++this.#tokens).padStart(8, '0')}`, isWrite)
  }

  #add(token: string, isWrite: boolean): Part {
    const part = { token, isWrite, executions: [] }
    this.#parts.set(token, part)
    return part
  }

  open(client: string, traits: CallTraits, at: number, stoodStill: number): Call {
    const call = new Call(this.calls.length + 1, client, traits, at, stoodStill)
    this.calls.push(call)
    return call
  }

  ran(record: ModelRecord, wire: Wire | undefined): Execution {
    const execution = { ...record, order: this.executions.length, wire }
    this.executions.push(execution)
    const { args } = record
    for (let i = 1; i < args.length; i++) {
      const argument = args[i] as string
      const token = argument.length < 1_000 && NUMBER.test(argument) ? argument : TEXT.exec(argument)?.[0]
      if (token !== undefined) {
        this.#parts.get(token)?.executions.push(execution)
        break
      }
    }
    return execution
  }
}
