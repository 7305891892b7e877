import { Reachable } from './server.mjs'

/** A server that the tests did not start (REDIS_TEST_SERVER=redis://…): they can use it, but not stop it. */
export class GivenServer extends Reachable {
  kind = /** @type {const} */ ('url')
  alive = true
  paused = false
  pid = 0
  socketPath = undefined
  tls = undefined
  flavour = /** @type {'redis' | 'valkey'} */ ('redis')
  /** @type {readonly number[]} */
  #version = []

  /** @param {string} url */
  constructor(url) {
    super()
    const { hostname, port, username, password } = new URL(url)
    this.url = url
    this.host = hostname
    this.port = Number(port || 6379)
    if (username) this.access.username = decodeURIComponent(username)
    if (password) this.access.password = decodeURIComponent(password)
  }

  /** @override @returns {readonly number[]} */
  get version() {
    return this.#version
  }

  async start() {
    const info = String(await this.command('INFO', 'server'))
    const valkey = /^valkey_version:([\d.]+)/m.exec(info)
    const [, version = ''] = valkey ?? /^redis_version:([\d.]+)/m.exec(info) ?? []
    this.flavour = valkey ? 'valkey' : 'redis'
    this.#version = version.split('.').map(Number)
  }

  kill() {
    return this.#cannot('kill')
  }

  restart() {
    return this.#cannot('restart')
  }

  pause() {
    return this.#cannot('pause')
  }

  resume() {
    return this.#cannot('resume')
  }

  async stop() {}

  /** @param {string} what @returns {Promise<never>} */
  async #cannot(what) {
    throw new Error(
      `cannot ${what} ${this.host}:${this.port}: REDIS_TEST_SERVER names it, so the tests did not start it`,
    )
  }
}
