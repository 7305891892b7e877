/**
 * Finds the Redis for tests, demo and benchmarks. Plain Node without packages, because it runs before `npm ci`.
 *
 *   REDIS_TEST_SERVER, if set:  docker | binary | path of a redis-server or valkey-server | redis://… — this one, or an error
 *   else  a Docker engine that answers and has the image or can pull it   (REDIS_TEST_IMAGE names another image)
 *   else  redis-server or valkey-server on PATH, 6.2 or newer
 *   else  none; `installRedis` may help
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Pulled if the engine has none of the images below. */
const PULLED_IMAGE = 'redis:8-alpine'
/** Used if the engine has them; the first is made by `scripts/docker-local.sh image`. */
const LOCAL_IMAGES = ['respire-redis:local', PULLED_IMAGE, 'redis:8', 'redis:7-alpine', 'redis:7']

const OLDEST = [6, 2]

const WAYS = `No Redis was found for the tests. Provide one of these:
  - a running Docker engine (image ${PULLED_IMAGE}, or REDIS_TEST_IMAGE=name)
  - redis-server or valkey-server, ${OLDEST.join('.')} or newer, on PATH
  - Debian or Ubuntu, as root or with passwordless sudo: it is installed automatically
  - REDIS_TEST_SERVER=/path/to/redis-server, or REDIS_TEST_SERVER=redis://host:port`

/** Resolves with the Redis to use, or null if there is none. Rejects if the one that REDIS_TEST_SERVER names cannot be used. */
export async function findRedis(log = () => {}) {
  const wanted = process.env.REDIS_TEST_SERVER
  if (!wanted) return (await findDocker(log)) ?? (await findBinary())
  const found = await forced(wanted, log)
  if (!found)
    throw new Error(
      `REDIS_TEST_SERVER=${wanted} cannot be used: it was not found, or is older than ${OLDEST.join('.')}.\n${WAYS}`,
    )
  return found
}

function forced(wanted, log) {
  if (/^(rediss?|valkeys?|unix):\/\//.test(wanted)) return { kind: 'url', url: wanted }
  if (wanted === 'docker') return findDocker(log)
  if (wanted === 'binary') return findBinary()
  return binary(path.resolve(wanted))
}

/** Installs redis-server with apt-get, as root or with passwordless sudo. If that is impossible, rejects with the alternatives. */
export async function installRedis(log = () => {}) {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const able = onPath('apt-get') && (asRoot.length === 0 || (await succeeds('sudo', ['-n', 'true'])))
  if (!able) throw new Error(WAYS)
  log('no Redis found: apt-get install redis-server')
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq']
  await loud([...apt, 'update'])
  // The package may start a service on port 6379. Tests never use that port.
  await loud([...apt, 'install', '-y', '--no-install-recommends', 'redis-server'])
  const found = await findBinary()
  if (!found) throw new Error(`apt-get installed redis-server, but it cannot be used.\n${WAYS}`)
  return found
}

// ---- binaries

async function findBinary() {
  for (const name of ['redis-server', 'valkey-server']) {
    const file = onPath(name)
    const found = file && (await binary(file))
    if (found) return found
  }
  return null
}

async function binary(file) {
  const { stdout = '' } = await execute(file, ['--version']).catch(() => ({}))
  const version = /\bv=([\d.]+)/.exec(stdout)?.[1]
  if (!version || older(version)) return null
  return { kind: 'binary', path: file, version }
}

function older(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  return folders.map(folder => path.join(folder, name)).find(existsSync)
}

function succeeds(command, args) {
  return execute(command, args).then(
    () => true,
    () => false,
  )
}

function loud([command, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')}: exit ${code}`))))
  })
}

// ---- Docker, over its socket: without a client or a package, and with a time limit of a second

async function findDocker(log) {
  const engine = await findEngine()
  if (!engine) return null
  const wanted = process.env.REDIS_TEST_IMAGE
  for (const image of wanted ? [wanted] : LOCAL_IMAGES) {
    const { status } = await ask(engine, 'GET', `/images/${encodeURIComponent(image)}/json`, 5_000)
    if (status === 200) return { kind: 'docker', image }
  }
  const image = wanted ?? PULLED_IMAGE
  log(`pulling ${image}`)
  return (await pull(engine, image)) ? { kind: 'docker', image } : null
}

/** Resolves with the address of the first Docker engine that answers, as options of `http.request`, or null. */
export async function findEngine() {
  for (const engine of engines()) {
    const { status } = await ask(engine, 'GET', '/_ping', 1_000)
    if (status === 200) return engine
  }
  return null
}

function engines() {
  const host = process.env.DOCKER_HOST
  if (host?.startsWith('unix://')) return [{ socketPath: host.slice('unix://'.length) }]
  if (host?.startsWith('tcp://')) {
    const { hostname, port } = new URL(host)
    return [{ host: hostname, port: port || 2375 }]
  }
  if (host) return []
  const home = os.homedir()
  const sockets = [
    '/var/run/docker.sock',
    process.env.XDG_RUNTIME_DIR && path.join(process.env.XDG_RUNTIME_DIR, 'docker.sock'),
    path.join(home, '.docker/run/docker.sock'),
    path.join(home, '.docker/desktop/docker.sock'),
  ]
  return sockets.filter(socket => socket && existsSync(socket)).map(socketPath => ({ socketPath }))
}

async function pull(engine, image) {
  const { status, body } = await ask(engine, 'POST', `/images/create?fromImage=${encodeURIComponent(image)}`, 180_000)
  return status === 200 && !body.includes('"error"')
}

function ask(engine, method, target, limit) {
  return new Promise(resolve => {
    const nobody = () => resolve({ status: 0, body: '' })
    const signal = AbortSignal.timeout(limit)
    const request = http.request({ ...engine, method, path: target, signal, agent: false }, response => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode, body }))
      response.on('error', nobody)
    })
    request.on('error', nobody)
    request.end()
  })
}
