/** States of a client that no user enters: its counters, its sockets and the replies of the servers show them. */
import { Failure } from './model/reply.js'
import type { ModelRecord } from './model/server.js'
import type { Simulation, Subject } from './simulation.js'
import type { Wire } from './world/wire.js'

/** How long a client counts as retiring its connection after READONLY, or as retrying after LOADING and its kin, ms. */
const RETIRING = 300
const RETRYING = 100

export class ShownStates {
  readonly #simulation: Simulation
  /** The last connection of each client on which a subscription was confirmed. */
  readonly #subscribers = new Map<string, Wire>()

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  /** The states of `subject` now. */
  *of(subject: Subject): Iterable<string> {
    yield* this.afterCall(subject)
    const { generation, name, options, states } = subject
    const client = `${name}.${generation}`
    if ('username' in options && isIn(states, 'handshaking')) yield 'authenticating'
    if (isIn(states, 'subscribed') && this.#subscribers.get(client)?.isHurt === true) yield 'resubscribing'
    for (const { wire, writableLength } of this.#simulation.network.sockets)
      if (writableLength > 0 && wire?.client === client) yield 'half written'
  }

  /** A call of `subject` was made. Returns the states that it shows. */
  *afterCall({ redis }: Subject): Iterable<string> {
    const { pool, queued } = redis.stats
    if (queued > 0 && redis.status !== 'ready') yield 'queued while down'
    if (pool.waiting > 0) yield 'in line for the pool'
  }

  /** A server replied to a command on `wire`. */
  replied({ args, phase, reply }: ModelRecord, wire: Wire | undefined): void {
    if (wire === undefined) return
    if (/^[PS]?SUBSCRIBE$/.test(args[0] as string) && phase === 'ran') this.#subscribers.set(wire.client, wire)
    if (!(reply instanceof Failure) || phase === 'script') return
    const { text } = reply
    if (text.includes('READONLY')) this.#during(wire, 'retiring', RETIRING)
    else if (/LOADING|CLUSTERDOWN|TRYAGAIN/.test(text)) this.#during(wire, 'retrying', RETRYING)
  }

  /** The client has closed its end of `wire`. Returns its client if it must subscribe again. */
  resubscriberOf(wire: Wire): Subject | undefined {
    const subject = this.#subjectOf(wire)
    return subject !== undefined && wire.isHurt && this.#subscribers.get(wire.client) === wire ? subject : undefined
  }

  #subjectOf({ client }: Wire): Subject | undefined {
    return this.#simulation.subjects.find(({ generation, name }) => client === `${name}.${generation}`)
  }

  #during(wire: Wire, state: string, ms: number): void {
    const subject = this.#subjectOf(wire)
    if (subject !== undefined) this.#simulation.loop.later(ms, this.#simulation.enter(subject, state))
  }
}

function isIn(states: ReadonlyMap<string, number>, state: string): boolean {
  return (states.get(state) ?? 0) > 0
}
