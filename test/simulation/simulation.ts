/** The state of one run of one seed: the world, its clients, the ledger of calls and executions, and the story for the reader. */
import type { Redis, RedisCluster, RedisClusterOptions, RedisOptions } from '../../src/index.js'
import type { RunningCluster } from './cluster.js'
import { type Call, type CallTraits, type Execution, Ledger } from './ledger.js'
import { DIALECTS, type Dialect } from './model/dialect.js'
import { type ModelOptions, type ModelRecord, ModelServer } from './model/server.js'
import { pairName } from './pairs.js'
import type { Plan, Strike } from './plan.js'
import { ShownStates } from './states.js'
import type { Listening } from './users/subscriptions.js'
import { show } from './values.js'
import { Witness } from './witness.js'
import { Digest } from './world/digest.js'
import type { ClientModule } from './world/environment.js'
import { EPOCH, Host } from './world/host.js'
import { Loop, type Timer } from './world/loop.js'
import { Network } from './world/network.js'
import { Random } from './world/random.js'

/** A client under test, and its current states. */
export interface Subject {
  readonly name: string
  readonly options: RedisOptions | RedisClusterOptions
  redis: Redis | RedisCluster
  /** Returns another client with the same options. */
  readonly make: (generation: number) => Redis | RedisCluster
  readonly states: Map<string, number>
  /** The number of clients that were closed or destroyed before this one. */
  generation: number
}

export interface Fault {
  readonly name: string
  readonly weight: number
  readonly isSingleOnly?: boolean
  readonly isClusterOnly?: boolean
  /** Strikes. Returns a function that ends the fault, unless the fault has no duration. */
  strike(simulation: Simulation, random: Random): (() => void) | undefined
}

export class Simulation {
  readonly plan: Plan
  readonly client: ClientModule
  readonly random: Random
  /** The kind and version of all servers of this run. */
  readonly dialect: Dialect
  readonly loop: Loop
  readonly network: Network
  readonly ledger: Ledger = new Ledger()
  readonly witness: Witness
  readonly #shown: ShownStates = new ShownStates(this)
  readonly hosts: Host[] = []
  /** Set if the servers are a cluster. */
  cluster: RunningCluster | undefined
  readonly subjects: Subject[] = []
  /** The failures found so far, each as `rule: description`. */
  readonly failures: string[] = []
  readonly pairs: Map<string, number> = new Map()
  readonly story: string[] = []
  keepsStory = false
  /** Total duration of the standstills so far, ms. */
  stoodStill = 0
  /** Private data of the kinds of users. */
  readonly notes: Record<string, unknown> = {}
  readonly listenings: Listening[] = []
  /** The time at which `close()` was called, by client. */
  readonly closings: Map<string, number> = new Map()
  /** Clients that a user destroyed. */
  readonly destroyed: Set<string> = new Set()
  /** The errors that the clients emitted. */
  readonly clientErrors: { readonly name: string; readonly error: string; readonly at: number }[] = []
  /** The faults that happened. */
  readonly struck: { readonly fault: string; readonly at: number }[] = []
  readonly spells: { readonly name: string; readonly from: number; to: number }[] = []
  readonly heals: (() => void)[] = []
  /** The standstills so far, each with the time of its end. */
  readonly standstills: { readonly at: number; readonly ms: number }[] = []
  readonly #digest = new Digest()
  #entered = new Map<string, number>()
  #triggers: { readonly strike: Strike; left: number }[] = []
  #isHealed = false

  constructor(plan: Plan, client: ClientModule, start: number, onTrigger: (strike: Strike) => void) {
    this.plan = plan
    this.client = client
    this.random = new Random(plan.seed, 'world')
    this.dialect = new Random(plan.seed, 'dialect').pick(DIALECTS)
    this.loop = new Loop(start)
    const { random } = this
    // Much that is sent is written in pieces if the network holds little.
    const isNarrow = plan.strikes.some(({ when }) => when?.state === 'half written')
    this.network = new Network(this.loop, new Random(plan.seed, 'network'), {
      latency: random.pick([2 ** -4, 2 ** -2, 1, 5, 30]),
      jitter: random.pick([0, 0, 1, 10, 50]),
      segment: random.pick([1, 7, 64, 1460, 65_536, 65_536]),
      room: random.pick(isNarrow ? [512, 512, 16_384, 16_384] : [512, 16_384, 262_144, 4_194_304]),
    })
    this.witness = new Witness(this.loop)
    this.network.onWritten = chunk => this.witness.written(chunk)
    this.network.onHungUp = wire => {
      if (this.#shown.resubscriberOf(wire) !== undefined) this.#trigger('resubscribing')
    }
    const cost = random.pick([2 ** -8, 2 ** -6, 2 ** -6, 2 ** -2])
    this.loop.calm(cost, random.pick([2 ** -12, 2 ** -10, 2 ** -10, 2 ** -3]))
    this.#onTrigger = onTrigger
  }

  readonly #onTrigger: (strike: Strike) => void

  /** Adds a host that runs a server of its own, without a cluster. */
  addServer(address: string): Host {
    const [host, port] = address.split(':') as [string, string]
    const server = new ModelServer({
      ...this.modelOptions(() => added),
      label: address,
      address: { host, port: Number(port) },
    })
    const added: Host = this.addHost(address, server)
    return added
  }

  addHost(address: string, server: ModelServer): Host {
    const host = new Host(address, this.loop, this.network, server)
    this.hosts.push(host)
    return host
  }

  /** The options of model servers: time, randomness, and the record of executions. */
  modelOptions(hostOf: (record: ModelRecord) => Host): Omit<ModelOptions, 'label' | 'address'> {
    return {
      now: () => EPOCH + this.loop.elapsed,
      random: () => this.random.float(),
      dialect: this.dialect,
      history: record => {
        const { args, connection, phase, reply, server } = record
        const wire = hostOf(record).wires.get(connection)
        this.ledger.ran(record, record.at - EPOCH + this.loop.start, wire)
        this.#shown.replied(record, wire)
        if (phase === 'queued') return
        this.#fact('server').string(server).string(phase).number(connection).value(args).value(reply)
        if (this.keepsStory)
          this.#tell('server', `${server} ${phase} [${connection}] ${args.map(clip).join(' ')} → ${show(reply)}`)
      },
    }
  }

  /** Arms a fault that strikes when a client enters a state. */
  arm(strike: Strike): void {
    this.#triggers.push({ strike, left: strike.when?.count ?? 1 })
  }

  // Actions of the users

  /** Makes a call and records its result. The returned promise never rejects: the ledger keeps the error. */
  call<T>(subject: Subject, traits: CallTraits, make: () => Promise<T>): Promise<Call> {
    const call = this.ledger.open(`${subject.name}.${subject.generation}`, traits, this.loop.now, this.stoodStill)
    this.#fact('calls').number(call.id).string(call.client).string(traits.what)
    if (this.keepsStory) this.#tell('user', `calls ${call.name}`)
    const counted = this.witness.counting(subject, call)
    let promise: Promise<T>
    try {
      promise = make()
    } catch (error) {
      promise = Promise.reject(error)
      this.fail('settled', `${call.name} threw instead of rejecting: ${show(error)}`)
    }
    counted()
    for (const state of this.#shown.afterCall(subject)) this.#trigger(state)
    return promise.then(
      value => this.#settle(call, 'resolved', value, undefined),
      error => this.#settle(call, 'rejected', undefined, error),
    )
  }

  #settle(call: Call, fate: 'resolved' | 'rejected', value: unknown, error: unknown): Call {
    call.fate = fate
    this.ledger.unsettled--
    call.settledAt = this.loop.now
    call.value = value
    call.error = error
    this.#fact(fate)
      .number(call.id)
      .value(fate === 'resolved' ? value : error)
    if (this.keepsStory) this.#tell('user', `${call.name} ${fate}: ${show(fate === 'resolved' ? value : error)}`)
    return call
  }

  /** Sets a timer of the user, in the time of the process. */
  after(ms: number, run: () => void): Timer {
    return this.loop.setTimer(run, ms, false)
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  // States and pairs

  /** Enters a state of `subject`. Returns a function that leaves the state; further calls of that function do nothing. */
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

  /** Keeps `subject` in `state` until `promise` has settled. */
  async within<T>(subject: Subject, state: string, promise: Promise<T>): Promise<T> {
    const leave = this.enter(subject, state)
    try {
      return await promise
    } finally {
      leave()
    }
  }

  #trigger(state: string): void {
    // Much that is sent is written in pieces.
    if (state === 'sending much') this.#trigger('half written')
    // A client with a password sends it in the handshake.
    if (state === 'handshaking') this.#trigger('authenticating')
    this.#entered.set(state, (this.#entered.get(state) ?? 0) + 1)
    for (const trigger of this.#triggers) {
      const { when, at } = trigger.strike
      if (when?.state !== state || this.loop.elapsed < at || this.#isHealed) continue
      if (--trigger.left === 0) this.#onTrigger(trigger.strike)
    }
  }

  /** Counts the pairs of `event` with all current states of the clients. */
  happened(event: string): void {
    this.struck.push({ fault: event, at: this.loop.now })
    for (const subject of this.subjects) {
      const link = stateOf(subject.redis.status)
      if (link !== undefined) this.#pair(link, event)
      const { stats } = subject.redis
      if (stats.inflight + stats.queued === 0) this.#pair('idle', event)
      for (const [state, count] of subject.states) if (count > 0) this.#pair(state, event)
      for (const state of this.#shown.of(subject)) this.#pair(state, event)
    }
  }

  #pair(state: string, event: string): void {
    const name = pairName(state, event)
    this.pairs.set(name, (this.pairs.get(name) ?? 0) + 1)
  }

  // Actions of the world

  standStill(ms: number): void {
    this.note('world', () => `the process stands still for ${ms} ms`)
    this.stoodStill += ms
    this.loop.standStill(ms)
    this.standstills.push({ at: this.loop.now, ms })
  }

  /** Returns the total duration of the standstills until `time`, ms. */
  readonly stoodStillAt = (time: number): number => {
    let sum = 0
    for (const { at, ms } of this.standstills) if (at <= time) sum += ms
    return sum
  }

  heal(): void {
    this.#isHealed = true
    for (const heal of this.heals.splice(0)) heal()
  }

  get isHealed(): boolean {
    return this.#isHealed
  }

  /** Begins a period in which a server may reject or delay commands. Returns a function that ends it. */
  spell(name: string): () => void {
    const spell = { name, from: this.loop.now, to: Number.POSITIVE_INFINITY }
    this.spells.push(spell)
    return () => {
      spell.to = Math.min(spell.to, this.loop.now)
    }
  }

  /** Returns true if the reply to `execution` may be lost: a fault hit its connection or its server, or its client was destroyed. */
  isExcused({ at, wire }: Execution): boolean {
    if (wire === undefined || wire.isHurt) return true
    if (this.destroyed.has(wire.client)) return true
    return this.spells.some(({ from, to }) => from - 10_000 <= at && at <= to + 10_000)
  }

  // Reports

  /** Records a failure. `rule` is the name of the invariant that does not hold. */
  fail(rule: string, what: string): void {
    const failure = `${rule}: ${what}`
    if (this.failures.length < 20) this.failures.push(failure)
    // Without the stack, whose frames depend on what was compiled before.
    this.#fact('oracle').string(failure.split('\n', 1)[0] as string)
    this.#tell('oracle', failure)
  }

  /** Adds an event to the story and to the digest. Calls and executions are too many for it: they add their facts, not a text. */
  note(who: string, what: () => string): void {
    const text = what()
    this.#fact(who).string(text)
    this.#tell(who, text)
  }

  /** Begins an event in the digest. */
  #fact(what: string): Digest {
    return this.#digest.string(what).number(this.loop.elapsed)
  }

  #tell(who: string, what: string): void {
    if (this.keepsStory) this.story.push(`${this.loop.elapsed.toFixed(3).padStart(10)}  ${who.padEnd(6)}  ${what}`)
  }

  get digest(): string {
    return this.#digest.text
  }
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/** Returns the name of a connection state in the pair table. */
function stateOf(status: string): string | undefined {
  if (status === 'connecting') return 'dialling'
  return status === 'ready' || status === 'down' ? status : undefined
}
