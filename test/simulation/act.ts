/** One step of a user: its client, its random numbers, and the helpers with which all steps call the client. */
import { isDeepStrictEqual } from 'node:util'
import type { RedisOptions, View } from '../../src/index.js'
import type { Call, CallTraits, Expectation, Part } from './ledger.js'
import type { Reply } from './model/reply.js'
import type { Step } from './plan.js'
import type { Simulation, Subject } from './simulation.js'
import { didRun, ownValue, plain, show } from './values.js'
import type { Random } from './world/random.js'

export interface UserKind {
  readonly name: string
  readonly weight: number
  readonly isSingleOnly?: boolean
  readonly isClusterOnly?: boolean
  run(act: Act): Promise<unknown>
}

/** A view to call through, and the options with which it was made. */
export interface Way {
  readonly view: View
  readonly timeout: number | undefined
  readonly isIdempotent: boolean
  readonly isAborted: boolean
  readonly signal?: AbortSignal | undefined
}

/** The reason of every abort in a run. The oracle accepts it as a rejection. */
export class Abort extends Error {}

const DEFAULT_TIMEOUT = 5_000

export class Act {
  readonly simulation: Simulation
  readonly subject: Subject
  readonly random: Random
  readonly step: Step

  constructor(simulation: Simulation, subject: Subject, random: Random, step: Step) {
    this.simulation = simulation
    this.subject = subject
    this.random = random
    this.step = step
  }

  get isCluster(): boolean {
    return this.simulation.plan.isCluster
  }

  /** One of a few keys that all users of this kind share. */
  key(kind: string, count = 6): string {
    return `${kind}:${this.random.int(0, count - 1)}`
  }

  text(part: Part, key: string): string {
    const { random } = this
    const filler = random.chance(0.1)
      ? 'é'.repeat(random.skewed(1, 400))
      : random.chance(0.05)
        ? 'x'.repeat(random.skewed(1, 60_000))
        : ''
    return `@${key}@${part.token}${filler}`
  }

  /** Returns the client itself, or a view of it with a deadline, a signal or `idempotent` for one call. */
  way(): Way {
    const { random, subject, simulation } = this
    const { redis } = subject
    const usual = usualTimeout(subject.options)
    if (random.chance(0.6)) return { view: redis, timeout: usual, isIdempotent: false, isAborted: false }
    const timeout = random.chance(0.5) ? random.skewed(1, 3_000) : undefined
    const isIdempotent = random.chance(0.2)
    const isAborted = random.chance(0.3)
    const signal = isAborted ? this.abortable(random.skewed(0, 1_500)) : undefined
    const options = {
      ...(timeout === undefined ? {} : { timeout }),
      ...(isIdempotent ? { idempotent: true } : {}),
      ...(signal === undefined ? {} : { signal }),
    }
    if (timeout !== undefined) simulation.after(timeout, simulation.enter(subject, 'expiring'))
    return { view: redis.with(options), timeout: timeout ?? usual, isIdempotent, isAborted, signal }
  }

  /** Expects the reply to the command of `part`, decoded with `decode`. */
  own(part: Part, decode: (reply: Reply) => unknown): Expectation {
    return value => ownValue(value, part, decode)
  }

  /** Returns a signal that aborts after `ms`. */
  abortable(ms: number): AbortSignal {
    const { simulation, subject } = this
    const controller = new AbortController()
    simulation.witness.watch(controller.signal)
    simulation.after(ms, () => {
      const leave = simulation.enter(subject, 'aborting')
      simulation.note('user', () => `aborts (step ${this.step.id})`)
      simulation.witness.aborts(controller.signal)
      controller.abort(new Abort('The user aborted the call.'))
      simulation.after(20, leave)
    })
    return controller.signal
  }

  /** Calls a command that has no argument for a token: its value must be the reply to such a command during the call. */
  tokenless(
    words: readonly string[],
    make: (view: View) => Promise<unknown>,
    decode: (reply: Reply) => unknown = plain,
  ): Promise<Call> {
    const { simulation, subject } = this
    const { ledger } = simulation
    const way = this.way()
    const db = subject.options.db ?? 0
    const sent = words.map(word => Buffer.from(word).toString('latin1'))
    const expects = (value: unknown, call: Call) => {
      const replies = ledger
        .during(call)
        .filter(each => each.db === db && didRun(each) && each.args.length === words.length)
        .filter(({ args }) => sent.every((word, i) => args[i] === word))
        .map(({ reply }) => decode(reply))
      if (replies.some(each => isDeepStrictEqual(each, value))) return undefined
      return `It resolved with ${show(value)}; the server replied ${replies.map(show).join(' or ') || 'nothing'}.`
    }
    const traits = { what: words.join(' ').toLowerCase(), parts: [], timeout: way.timeout, lane: 'shared', expects }
    return simulation.within(
      subject,
      'calling',
      simulation.call(subject, traits, () => make(way.view)),
    )
  }

  /** Calls a blocking command. A signal ends it if it would block for ever, and in some other cases. */
  blocking(
    what: string,
    part: Part,
    seconds: number,
    make: (view: View) => Promise<unknown>,
    decode: (reply: Reply) => unknown = plain,
    more: Partial<CallTraits> = {},
  ): Promise<Call> {
    const { random, simulation, subject } = this
    const way = this.way()
    const signal = seconds === 0 || random.chance(0.3) ? { signal: this.abortable(random.skewed(1, 4_000)) } : undefined
    const view = signal === undefined ? way.view : way.view.with(signal)
    const traits = {
      what: `${what} ${seconds} ${part.token}`,
      parts: [part],
      expects: (value: unknown) => (value === null ? undefined : ownValue(value, part, decode)),
      isBlocking: true,
      blocksFor: seconds * 1_000,
      isEmpty: (value: unknown) => value === null,
      isIdempotent: way.isIdempotent,
      ...more,
    }
    return simulation.within(
      subject,
      'blocking',
      simulation.call(subject, traits, () => make(view)),
    )
  }

  /** Calls one command on the client's shared connection. */
  one(
    what: string,
    way: Way,
    part: Part,
    make: (view: View) => Promise<unknown>,
    expects?: Expectation,
  ): Promise<Call> {
    const { simulation, subject } = this
    return simulation.within(
      subject,
      'calling',
      simulation.call(
        subject,
        {
          what: `${what} ${part.token}`,
          parts: [part],
          timeout: way.timeout,
          lane: 'shared',
          isIdempotent: way.isIdempotent,
          signal: way.signal,
          expects: expects ?? (value => ownValue(value, part)),
        },
        () => make(way.view),
      ),
    )
  }
}

export function usualTimeout({
  commandTimeout = DEFAULT_TIMEOUT,
}: Pick<RedisOptions, 'commandTimeout'>): number | undefined {
  return commandTimeout === 0 || commandTimeout === Number.POSITIVE_INFINITY ? undefined : commandTimeout
}

export function databaseOf({ options }: Subject): number {
  return ('db' in options && options.db) || 0
}
