/** The clients under test. */
import type { RedisOptions } from '../../src/index.js'
import type { Simulation, Subject } from './simulation.js'
import { show } from './values.js'
import { Random } from './world/random.js'

export function addClient(simulation: Simulation, index: number): void {
  const random = new Random(simulation.plan.seed, `client ${index}`)
  const sometimes = <T extends object>(probability: number, options: () => T): T | object =>
    random.chance(probability) ? options() : {}
  const { jitter, latency } = simulation.network.traits
  const trip = 2 * latency + jitter
  const options: RedisOptions = {
    host: random.chance(0.5) ? `redis-${index}` : `10.0.${index}.1`,
    ...sometimes(0.3, () => ({ protocol: random.pick([2, 3]) })),
    ...sometimes(0.4, () => ({ commandTimeout: random.pick([300, 1_000, 20_000, 0]) })),
    ...sometimes(0.5, () => ({ connectTimeout: Math.max(random.pick([50, 500, 3_000]), 20 * trip) })),
    ...sometimes(0.6, () => ({ healthCheckInterval: random.pick([200, 1_000, 5_000]) })),
    ...sometimes(0.3, () => ({
      reconnect: random.pick([false, { min: 1, max: 20 }, { attempts: 3 }, { min: 200, max: 4_000 }]),
    })),
    ...sometimes(0.2, () => ({ queue: random.pick([{ maxCommands: 5 }, { maxBytes: 4_000 }, { offline: false }]) })),
    ...sometimes(0.3, () => ({
      pool: random.pick([{ max: 1 }, { max: 2, acquireTimeout: 500 }, { min: 2, idleTimeout: 300 }]),
    })),
    ...sometimes(0.1, () => ({ clientName: 'simulated' })),
    ...sometimes(0.2, () => ({ db: random.int(1, 3) })),
  }
  const subject: Subject = {
    name: `client ${index}`,
    generation: 0,
    options,
    redis: new simulation.client.Redis(options),
    states: new Map(),
  }
  simulation.subjects.push(subject)
  simulation.note('world', () => `${subject.name}: ${show(options)}`)
  watch(simulation, subject)
}

/** Replaces a client that is being closed or destroyed by a new one with the same options. */
export function replaceClient(simulation: Simulation, subject: Subject): void {
  subject.generation++
  subject.redis = new simulation.client.Redis(subject.options)
  watch(simulation, subject)
}

/** Follows the state of the client's connection by its events. */
function watch(simulation: Simulation, subject: Subject): void {
  const { redis } = subject
  let leave = () => {}
  const into = (state: string) => {
    leave()
    leave = simulation.enter(subject, state)
  }
  redis.on('connect', () => into('handshaking'))
  redis.on('ready', () => into('ready'))
  redis.on('reconnecting', () => into('down'))
  redis.on('close', () => leave())
  redis.on('error', error => simulation.note('client', () => `${subject.name} emits error: ${show(error)}`))
}
