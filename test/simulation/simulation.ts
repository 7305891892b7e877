/** One run of one seed: the world, its clients, the book of what happened, and the story that is told of it. */
import type { Redis, RedisOptions } from '../../src/index.js'
import { type Call, type CallTraits, type Execution, Ledger } from './ledger.js'
import { pairName } from './pairs.js'
import type { Plan, Strike } from './plan.js'
import type { Listening } from './users/subscriptions.js'
import { show } from './values.js'
import type { ClientModule } from './world/doors.js'
import { EPOCH, Host } from './world/host.js'
import { Loop, type Timer } from './world/loop.js'
import { Network } from './world/network.js'
import { hash, Random } from './world/random.js'

/** A client under test, and what it is in the middle of. */
export interface Subject {
  readonly name: string
  readonly options: RedisOptions
  redis: Redis
  readonly states: Map<string, number>
  /** How many clients were closed or destroyed before it. */
  generation: number
}

export interface Fault {
  readonly name: string
  readonly weight: number
  readonly isSingleOnly?: boolean
  readonly isClusterOnly?: boolean
  /** Strikes; returns how it passes, unless it passes by itself. */
  strike(simulation: Simulation, random: Random): (() => void) | undefined
}

export class Simulation {
  readonly plan: Plan
  readonly client: ClientModule
  readonly random: Random
  readonly loop: Loop
  readonly network: Network
  readonly ledger: Ledger = new Ledger()
  readonly hosts: Host[] = []
  readonly subjects: Subject[] = []
  /** What is wrong, as it is found. */
  readonly failures: string[] = []
  readonly pairs: Map<string, number> = new Map()
  readonly story: string[] = []
  isTold = false
  /** Ms for which the process stood still so far. */
  stoodStill = 0
  /** What kinds of users keep for themselves. */
  readonly notes: Record<string, unknown> = {}
  readonly listenings: Listening[] = []
  /** When clients began to be closed. */
  readonly closings: Map<string, number> = new Map()
  /** Clients that a user destroyed. */
  readonly destroyed: Set<string> = new Set()
  readonly spells: { readonly name: string; readonly from: number; to: number }[] = []
  readonly heals: (() => void)[] = []
  readonly #standstills: { readonly at: number; readonly ms: number }[] = []
  #digest = 0x811c9dc5
  #entered = new Map<string, number>()
  #triggers: { readonly strike: Strike; left: number }[] = []
  #isHealed = false

  constructor(plan: Plan, client: ClientModule, start: number, onTrigger: (strike: Strike) => void) {
    this.plan = plan
    this.client = client
    this.random = new Random(plan.seed, 'world')
    this.loop = new Loop(start)
    const { random } = this
    this.network = new Network(this.loop, new Random(plan.seed, 'network'), {
      latency: random.pick([2 ** -4, 2 ** -2, 1, 5, 30]),
      jitter: random.pick([0, 0, 1, 10, 50]),
      segment: random.pick([1, 7, 64, 1460, 65_536, 65_536]),
      room: random.pick([512, 16_384, 262_144, 4_194_304]),
    })
    const cost = random.pick([2 ** -8, 2 ** -6, 2 ** -6, 2 ** -2])
    this.loop.calm(cost, random.pick([2 ** -12, 2 ** -10, 2 ** -10, 2 ** -3]))
    this.#onTrigger = onTrigger
  }

  readonly #onTrigger: (strike: Strike) => void

  addHost(address: string): Host {
    const host: Host = new Host(address, this.loop, this.network, {
      random: () => this.random.float(),
      label: address,
      history: record => {
        const { reply } = this.ledger.ran(
          { ...record, at: record.at - EPOCH + this.loop.start },
          host.wires.get(record.connection),
        )
        if (record.phase === 'queued') return
        this.note(
          'server',
          () =>
            `${record.server} ${record.phase} [${record.connection}] ${record.args.map(clip).join(' ')} → ${show(reply)}`,
        )
      },
    })
    this.hosts.push(host)
    return host
  }

  /** Triggers of the plan: a fault strikes when a client comes into a state. */
  arm(strike: Strike): void {
    this.#triggers.push({ strike, left: strike.when?.count ?? 1 })
  }

  // What users do

  /** Books a call and its end; what it rejects with is the book's, and nobody else's. */
  call<T>(subject: Subject, traits: CallTraits, make: () => Promise<T>): Promise<Call> {
    const call = this.ledger.open(`${subject.name}.${subject.generation}`, traits, this.loop.now, this.stoodStill)
    this.note('user', () => `calls ${call.name}`)
    let promise: Promise<T>
    try {
      promise = make()
    } catch (error) {
      promise = Promise.reject(error)
      this.fail(`${call.name} threw instead of rejecting: ${show(error)}`)
    }
    return promise.then(
      value => this.#settle(call, 'resolved', value, undefined),
      error => this.#settle(call, 'rejected', undefined, error),
    )
  }

  #settle(call: Call, fate: 'resolved' | 'rejected', value: unknown, error: unknown): Call {
    call.fate = fate
    call.settledAt = this.loop.now
    call.value = value
    call.error = error
    this.note('user', () => `${call.name} ${fate}: ${show(fate === 'resolved' ? value : error)}`)
    return call
  }

  /** Something of the user's own, in `ms` of the process's time. */
  after(ms: number, run: () => void): Timer {
    return this.loop.setTimer(run, ms, false)
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  // States and pairs

  /** `subject` comes into a state; returns how it leaves it, once. */
  enter(subject: Subject, state: string): () => void {
    subject.states.set(state, (subject.states.get(state) ?? 0) + 1)
    this.#trigger(state)
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      subject.states.set(state, (subject.states.get(state) ?? 1) - 1)
    }
  }

  /** In `state` for as long as `promise` is open. */
  async within<T>(subject: Subject, state: string, promise: Promise<T>): Promise<T> {
    const leave = this.enter(subject, state)
    try {
      return await promise
    } finally {
      leave()
    }
  }

  #trigger(state: string): void {
    this.#entered.set(state, (this.#entered.get(state) ?? 0) + 1)
    for (const trigger of this.#triggers) {
      const { when, at } = trigger.strike
      if (when?.state !== state || this.loop.elapsed < at || this.#isHealed) continue
      if (--trigger.left === 0) this.#onTrigger(trigger.strike)
    }
  }

  /** Something happened in the world: it is paired with whatever the clients are in the middle of. */
  happened(event: string): void {
    for (const subject of this.subjects) {
      const link = stateOf(subject.redis.status)
      if (link !== undefined) this.#pair(link, event)
      const { stats } = subject.redis
      if (stats.inflight + stats.queued === 0) this.#pair('idle', event)
      for (const [state, count] of subject.states) if (count > 0) this.#pair(state, event)
    }
  }

  #pair(state: string, event: string): void {
    const name = pairName(state, event)
    this.pairs.set(name, (this.pairs.get(name) ?? 0) + 1)
  }

  // What the world does

  standStill(ms: number): void {
    this.note('world', () => `the process stands still for ${ms} ms`)
    this.stoodStill += ms
    this.loop.standStill(ms)
    this.#standstills.push({ at: this.loop.now, ms })
  }

  /** Ms for which the process had stood still by `time`. */
  readonly stoodStillAt = (time: number): number => {
    let sum = 0
    for (const { at, ms } of this.#standstills) if (at <= time) sum += ms
    return sum
  }

  heal(): void {
    this.#isHealed = true
    for (const heal of this.heals.splice(0)) heal()
  }

  get isHealed(): boolean {
    return this.#isHealed
  }

  /** A time in which a server refuses or delays more than usual. */
  spell(name: string): () => void {
    const spell = { name, from: this.loop.now, to: Number.POSITIVE_INFINITY }
    this.spells.push(spell)
    return () => {
      spell.to = Math.min(spell.to, this.loop.now)
    }
  }

  /** Whether the reply to `execution` may be lost: its connection was hurt, its client destroyed, or the server was not well. */
  isExcused({ at, wire }: Execution): boolean {
    if (wire === undefined || wire.isHurt) return true
    const index = /\d+$/.exec(wire.dialled.replace(/\.1$/, ''))?.[0]
    if ([...this.destroyed].some(name => name.startsWith(`client ${index}.`))) return true
    return this.spells.some(({ from, to }) => from - 10_000 <= at && at <= to + 10_000)
  }

  // What is said of it

  fail(what: string): void {
    if (this.failures.length < 20) this.failures.push(what)
    this.note('oracle', () => what)
  }

  note(who: string, what: () => string): void {
    const line = `${this.loop.elapsed.toFixed(3).padStart(10)}  ${who.padEnd(6)}  ${what()}`
    this.#digest = (Math.imul(this.#digest, 0x01000193) ^ hash(line)) >>> 0
    if (this.isTold) this.story.push(line)
  }

  get digest(): string {
    return this.#digest.toString(16).padStart(8, '0')
  }
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/** The name that the pair table has for the state of a link. */
function stateOf(status: string): string | undefined {
  if (status === 'connecting') return 'dialling'
  return status === 'ready' || status === 'down' ? status : undefined
}
