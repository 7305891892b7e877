import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectRaw } from './raw.mjs'

/**
 * @typedef {import('./local.mjs').LocalPlace | import('./docker.mjs').DockerPlace} Place
 * @typedef {import('./servers.mjs').ServerOptions} ServerOptions
 */

const POLL = 5
/** A start takes 50 ms on a free machine. */
const START_LIMIT = 20_000

/** Another process has bound the port first: start again with other ports. */
export class PortInUseError extends Error {}

/** The user of the tests themselves, because an access list may disable the default user. */
const RIG_USER = 'rig'
const RIG_PASSWORD = 'rig-password'

/** The configuration files of servers with these options, by name. @param {ServerOptions} options @param {import('./servers.mjs').Certificates} certificates */
export function filesFor(options, certificates) {
  /** @type {Record<string, string>} */
  const files = {}
  if (options.acl) {
    /** @type {Record<string, string>} */
    const users = { [RIG_USER]: `on >${RIG_PASSWORD} ~* &* +@all`, ...options.acl }
    if (options.password !== undefined) users.default ??= `on >${options.password} ~* &* +@all`
    const lines = Object.entries(users).map(([name, rules]) => `user ${name} ${rules}\n`)
    files['users.acl'] = lines.join('')
  }
  if (options.tls) {
    const { certificate = 'good' } = options.tls === true ? {} : options.tls
    files['ca.crt'] = certificates.ca
    files['server.crt'] = certificates[certificate].cert
    files['server.key'] = certificates[certificate].key
  }
  return files
}

/** The credentials that the tests themselves use. @param {ServerOptions} options @returns {{ username?: string, password?: string }} */
function accessFor({ acl, password }) {
  if (acl) return { username: RIG_USER, password: RIG_PASSWORD }
  return password === undefined ? {} : { password }
}

/** The methods of every server, whether the tests started it or not. */
export class Reachable {
  host = '127.0.0.1'
  port = 0
  /** @type {{ username?: string, password?: string }} */
  access = {}

  /** @returns {readonly number[]} */
  get version() {
    return []
  }

  /** @param {number[]} wanted */
  atLeast(...wanted) {
    for (const [index, part] of wanted.entries()) {
      const ours = this.version[index] ?? 0
      if (ours !== part) return ours > part
    }
    return true
  }

  /** @param {string} name */
  async hasCommand(name) {
    const [found] = await this.command('COMMAND', 'INFO', name)
    return found !== null
  }

  connect() {
    return connectRaw({ host: this.host, port: this.port, ...this.access })
  }

  /** @param {(string | number | Uint8Array)[]} args */
  async command(...args) {
    const raw = await this.connect()
    try {
      return await raw.command(...args)
    } finally {
      raw.close()
    }
  }
}

/** A server process in a place. */
export class PlacedServer extends Reachable {
  #tlsPort = 0
  #place
  #name
  #options
  #certificates
  #extra
  /** @type {Awaited<ReturnType<Place['spawn']>> | undefined} */
  #process
  #paused = false

  /**
   * @param {Place} place
   * @param {string} name of its folder there
   * @param {ServerOptions} options
   * @param {import('./servers.mjs').Certificates} certificates
   * @param {readonly string[]} extra arguments of the test servers themselves, before those of the options
   */
  constructor(place, name, options, certificates, extra = []) {
    super()
    this.access = accessFor(options)
    this.#place = place
    this.#name = name
    this.#options = options
    this.#certificates = certificates
    this.#extra = extra
  }

  get kind() {
    return this.#place.kind
  }

  get flavour() {
    return this.#place.build.flavour
  }

  /** @override @returns {readonly number[]} */
  get version() {
    return this.#place.build.version
  }

  get pid() {
    return this.#process?.pid ?? 0
  }

  get alive() {
    return this.#process !== undefined && !this.#process.ended
  }

  get paused() {
    return this.#paused
  }

  get url() {
    return `redis://${this.host}:${this.port}`
  }

  get socketPath() {
    return this.#options.unixSocket ? path.posix.join(this.#place.folder, this.#name, 'redis.sock') : undefined
  }

  get tls() {
    if (!this.#options.tls) return undefined
    const { ca, client } = this.#certificates
    const url = `rediss://localhost:${this.#tlsPort}`
    return { host: 'localhost', port: this.#tlsPort, url, ca, cert: client.cert, key: client.key }
  }

  /** Starts the process without waiting for it. */
  async spawn() {
    if (this.port === 0) await this.#takePorts()
    this.#paused = false
    this.#process = await this.#place.spawn(this.#name, this.#args())
  }

  /** Resolves when the server answers. Compares its pid, because another process may have bound the port first. */
  async answering() {
    const limit = performance.now() + START_LIMIT
    for (;;) {
      if (!this.alive) throw await this.#obituary()
      const info = await this.command('INFO', 'server').catch(String)
      if (info.includes(`process_id:${this.pid}\r\n`)) return
      if (performance.now() > limit) throw new Error(`${this.url} does not answer: ${info}\n${await this.#log()}`)
      await sleep(POLL)
    }
  }

  async start() {
    await this.spawn()
    await this.answering()
  }

  /** @param {{ anotherPort?: boolean }} options */
  async restart({ anotherPort = false } = {}) {
    await this.kill()
    if (anotherPort) await this.#takePorts()
    await this.start()
  }

  async kill() {
    await this.#process?.signal('SIGKILL')
  }

  async pause() {
    this.#paused = true
    await this.#process?.signal('SIGSTOP')
  }

  async resume() {
    this.#paused = false
    await this.#process?.signal('SIGCONT')
  }

  async stop() {
    await this.kill()
    await this.#place.close()
  }

  async #takePorts() {
    this.port = await this.#place.takePort()
    if (this.#options.tls) this.#tlsPort = await this.#place.takePort()
  }

  async #obituary() {
    const log = await this.#log()
    const lost = /Address already in use|Failed listening on port/i.test(log)
    return new (lost ? PortInUseError : Error)(`the server on port ${this.port} did not start:\n${log}`)
  }

  async #log() {
    return (await this.#process?.log().catch(String)) ?? ''
  }

  #args() {
    const { acl, config = [], password, tls, unixSocket } = this.#options
    const args = ['--port', `${this.port}`, '--bind', this.#place.bind, '--protected-mode', 'no']
    args.push('--save', '', '--appendonly', 'no', '--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0')
    if (this.atLeast(7)) args.push('--enable-debug-command', 'yes')
    if (unixSocket) args.push('--unixsocket', 'redis.sock', '--unixsocketperm', '700')
    if (acl) args.push('--aclfile', '../users.acl', '--masteruser', RIG_USER, '--masterauth', RIG_PASSWORD)
    else if (password !== undefined) args.push('--requirepass', password, '--masterauth', password)
    if (tls) {
      const { clients = 'no' } = tls === true ? {} : tls
      args.push('--tls-port', `${this.#tlsPort}`, '--tls-auth-clients', clients)
      args.push(
        '--tls-ca-cert-file',
        '../ca.crt',
        '--tls-cert-file',
        '../server.crt',
        '--tls-key-file',
        '../server.key',
      )
    }
    return [...args, ...this.#extra, ...config]
  }
}
