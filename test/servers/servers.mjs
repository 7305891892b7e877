/**
 * The entry point: real servers for tests, demo and benchmarks. Plain JavaScript, because the demo and the benchmarks run on
 * Node without a compiler; the types are in servers.d.mts.
 */
import { findRedis } from '../../scripts/find-redis.mjs'
import { getCertificates } from './certificates.mjs'
import { PlacedCluster } from './cluster.mjs'
import { DockerPlace } from './docker.mjs'
import { LocalPlace } from './local.mjs'
import { filesFor, PlacedServer, PortInUseError } from './server.mjs'
import { ClusterNode } from './topology.mjs'
import { GivenServer } from './url.mjs'

export { getCertificates } from './certificates.mjs'
export { keep } from './keeper.mjs'
export { givePortBack, takePort } from './ports.mjs'
export { connectRaw, decode, encode } from './raw.mjs'
export { slotOf, tagOf } from './slots.mjs'

/** @type {ReturnType<typeof findRedis> | undefined} */
let choice

/** Resolves with the Redis of this run, which is chosen once. */
export async function chooseRedis() {
  choice ??= findRedis()
  const found = await choice
  if (!found) throw new Error('no Redis was found for the tests; run `npm test`, which finds or installs one')
  return found
}

/** @param {import('./servers.mjs').ServerOptions} options */
export async function startSingle(options = {}) {
  const place = await chosenPlace(options)
  if (place.kind === 'url') return startGiven(place.url, options)
  return withFreePorts(async () => {
    const at = await openPlace(place, options, ['server'])
    const server = new PlacedServer(at, 'server', options, getCertificates())
    return started(server)
  })
}

/** @param {import('./servers.mjs').ClusterOptions} options */
export async function startCluster({ primaries = 3, replicasEach = 1, nodeTimeout = 1000, ...options } = {}) {
  const place = await chosenPlace(options)
  if (place.kind === 'url') throw new Error('REDIS_TEST_SERVER is the URL of one server, so no cluster can be started')
  const names = Array.from({ length: primaries * (replicasEach + 1) }, (_, index) => `node-${index}`)
  const extra = ['--cluster-enabled', 'yes', '--cluster-node-timeout', `${nodeTimeout}`]
  extra.push('--cluster-announce-ip', '127.0.0.1', '--cluster-replica-validity-factor', '0')
  if (options.tls) extra.push('--tls-cluster', 'yes', '--tls-replication', 'yes')
  return withFreePorts(async () => {
    const at = await openPlace(place, options, names)
    const nodes = names.map(name => new ClusterNode(at, name, options, getCertificates(), extra))
    return started(new PlacedCluster(at, nodes, { replicasEach }))
  })
}

/** @param {import('./servers.mjs').ServerOptions} options */
function chosenPlace({ program }) {
  return program === undefined ? chooseRedis() : { kind: /** @type {const} */ ('binary'), path: program }
}

/**
 * @param {{ kind: 'docker', image: string } | { kind: 'binary', path: string }} chosen
 * @param {import('./servers.mjs').ServerOptions} options
 * @param {readonly string[]} names of the servers to come
 */
function openPlace(chosen, options, names) {
  const files = filesFor(options, getCertificates())
  if (chosen.kind === 'binary') return new LocalPlace(chosen.path, files)
  if (options.unixSocket)
    throw new Error('a unix socket cannot be used outside of the container: this needs a redis-server on PATH')
  // Each server may be restarted on another port.
  const ports = names.length * 2 * (options.tls ? 2 : 1)
  return DockerPlace.open(chosen.image, files, names, ports)
}

/** @template {{ start(): Promise<void>, stop(): Promise<void> }} T @param {T} startable */
async function started(startable) {
  try {
    await startable.start()
    return startable
  } catch (error) {
    await startable.stop()
    throw error
  }
}

/** @template T @param {() => Promise<T>} start @returns {Promise<T>} */
async function withFreePorts(start) {
  for (let tries = 1; ; tries++) {
    try {
      return await start()
    } catch (error) {
      const lost = error instanceof PortInUseError || /already (allocated|in use)/.test(String(error))
      if (!lost || tries === 10) throw error
    }
  }
}

/** @param {string} url @param {import('./servers.mjs').ServerOptions} options */
async function startGiven(url, options) {
  if (Object.keys(options).length > 0)
    throw new Error('REDIS_TEST_SERVER is the URL of a server, whose options cannot be changed')
  const server = new GivenServer(url)
  await server.start()
  return server
}
