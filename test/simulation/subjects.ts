/** The clients under test. */
import type { Redis, RedisCluster, RedisClusterOptions, RedisOptions } from '../../src/index.js'
import type { Simulation, Subject } from './simulation.js'
import { show } from './values.js'
import { Random } from './world/random.js'
import { keepAliveOf } from './world/socket.js'

/** A user of the servers, and the password: no error shows it. */
export const USER = 'application'
export const SECRET = 's3cret'

type Sometimes = <T extends object>(probability: number, options: () => T) => T | object

export function addClient(simulation: Simulation, index: number): void {
  const random = new Random(simulation.plan.seed, `client ${index}`)
  const sometimes: Sometimes = (probability, options) => (random.chance(probability) ? options() : {})
  const { cluster } = simulation
  if (cluster === undefined) {
    const host = random.chance(0.5) ? `redis-${index}` : `10.0.${index}.1`
    const options = {
      host,
      ...optionsOf(simulation, random, sometimes),
      ...sometimes(0.2, () => ({ db: random.int(1, 3) })),
      ...sometimes(0.25, () => ({ username: USER, password: SECRET })),
    }
    add(simulation, index, options, more => new simulation.client.Redis({ ...options, ...more }))
    return
  }
  const seeds = cluster.seedsFor(random)
  const options: RedisClusterOptions = {
    ...optionsOf(simulation, random, sometimes),
    ...sometimes(0.5, () => ({ readFrom: random.pick(['primary', 'replica', 'nearest']) })),
    ...sometimes(0.5, () => ({ refreshInterval: random.pick([0, 300, 2_000]) })),
    ...sometimes(0.2, () => ({ allowRedirect: () => true })),
    ...cluster.mapFor(random),
  }
  add(simulation, index, options, more => new simulation.client.RedisCluster(seeds, { ...options, ...more }), seeds)
}

/** The options that both kinds of clients have. */
function optionsOf(simulation: Simulation, random: Random, sometimes: Sometimes): RedisOptions {
  const { jitter, latency } = simulation.network.traits
  const trip = 2 * latency + jitter
  const isAimedAt = (state: string) => simulation.plan.strikes.some(({ when }) => when?.state === state)
  return {
    ...sometimes(0.3, () => ({ protocol: random.pick([2, 3]) })),
    ...sometimes(0.4, () => ({ commandTimeout: random.pick([300, 1_000, 20_000, 0]) })),
    ...sometimes(0.5, () => ({ connectTimeout: Math.max(random.pick([50, 500, 3_000]), 20 * trip) })),
    ...sometimes(0.6, () => ({ healthCheckInterval: random.pick([200, 1_000, 5_000]) })),
    ...sometimes(0.3, () => ({
      reconnect: random.pick([false, { min: 1, max: 20 }, { attempts: 3 }, { min: 200, max: 4_000 }]),
    })),
    ...sometimes(0.2, () => ({ queue: random.pick([{ maxCommands: 5 }, { maxBytes: 4_000 }, { offline: false }]) })),
    ...sometimes(isAimedAt('in line for the pool') ? 1 : 0.3, () => ({
      pool: random.pick([{ max: 1 }, { max: 2, acquireTimeout: 500 }, { min: 2, idleTimeout: 300 }]),
    })),
    ...sometimes(0.1, () => ({ clientName: 'simulated' })),
  }
}

function add(
  simulation: Simulation,
  index: number,
  options: RedisOptions | RedisClusterOptions,
  create: (more: { readonly keepAlive: number }) => Redis | RedisCluster,
  seeds?: unknown,
): void {
  const make = (generation: number) => create({ keepAlive: keepAliveOf(index, generation) })
  const subject: Subject = {
    name: `client ${index}`,
    generation: 0,
    options,
    make,
    redis: make(0),
    states: new Map(),
  }
  simulation.subjects.push(subject)
  simulation.note('world', () => `${subject.name}: ${seeds === undefined ? '' : show(seeds)} ${show(options)}`)
  watch(simulation, subject)
}

/** Replaces a client that is being closed or destroyed by a new one with the same options. */
export function replaceClient(simulation: Simulation, subject: Subject): void {
  subject.generation++
  subject.redis = subject.make(subject.generation)
  watch(simulation, subject)
}

/** Follows the state of the client's connections by its events. */
function watch(simulation: Simulation, subject: Subject): void {
  const { redis } = subject
  simulation.witness.follow(subject, simulation.plan.isCluster)
  let leave = () => {}
  const into = (state: string) => {
    leave()
    leave = simulation.enter(subject, state)
  }
  const onError = (error: Error) => {
    simulation.clientErrors.push({ name: subject.name, error: error.message, at: simulation.loop.now })
    simulation.note('client', () => `${subject.name} emits error: ${show(error)}`)
  }
  if (redis instanceof simulation.client.Redis) {
    redis.on('connect', () => into('handshaking'))
    redis.on('ready', () => into('ready'))
    redis.on('reconnecting', () => into('down'))
    redis.on('close', () => leave())
    redis.on('error', onError)
    return
  }
  /** A state that passes: nothing shows its end. */
  const during = (state: string, ms: number) => {
    simulation.after(ms, simulation.enter(subject, state))
  }
  redis.on('ready', () => into('ready'))
  redis.on('reconnecting', ({ delay }) => during('down', delay))
  redis.on('redirect', ({ kind, slot, from, to }) => {
    simulation.note('client', () => `${subject.name} follows ${kind} ${slot} from ${from} to ${to}`)
    during('redirected', 5)
  })
  redis.on('close', () => leave())
  redis.on('error', onError)
}
