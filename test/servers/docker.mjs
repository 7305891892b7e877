/**
 * A place for servers: one idle container, in which servers are started, paused and killed like local processes. Ports are the
 * same inside and outside, so that the addresses that a cluster announces are valid on both sides. testcontainers is imported
 * only here, and only when this place is chosen, because loading it takes 0.6 s.
 */
import { readBuild } from './local.mjs'
import { givePortBack, takePort } from './ports.mjs'

const FOLDER = '/tmp/respire'
const SERVER = '"$(command -v redis-server || command -v valkey-server)"'

/** @param {string} text */
const quoted = text => `'${text.replaceAll("'", "'\\''")}'`

export class DockerPlace {
  kind = /** @type {const} */ ('docker')
  bind = '0.0.0.0'
  folder = FOLDER
  build
  #container
  #ports
  #unused

  /**
   * @param {import('testcontainers').StartedTestContainer} container
   * @param {import('./local.mjs').Build} build
   * @param {number[]} ports
   */
  constructor(container, build, ports) {
    this.#container = container
    this.build = build
    this.#ports = ports
    this.#unused = [...ports]
  }

  /**
   * @param {string} image
   * @param {Readonly<Record<string, string>>} files
   * @param {readonly string[]} names of the servers to come
   * @param {number} ports the greatest number of ports that can be taken
   */
  static async open(image, files, names, ports) {
    const { GenericContainer, Wait } = await import('testcontainers')
    const taken = await Promise.all(Array.from({ length: ports }, takePort))
    // A small image may lack mkdir: copying a file creates its folder.
    const contents = { ...files, ...Object.fromEntries(names.map(name => [`${name}/log`, ''])) }
    try {
      const container = await new GenericContainer(image)
        .withEntrypoint(['sh', '-c', 'echo standing; sleep 1000000000'])
        .withExposedPorts(...taken.map(port => ({ container: port, host: port })))
        .withCopyContentToContainer(
          Object.entries(contents).map(([name, content]) => ({ content, target: `${FOLDER}/${name}`, mode: 0o644 })),
        )
        // The default strategy, which waits for a port, needs tools that small images lack.
        .withWaitStrategy(Wait.forLogMessage('standing'))
        .start()
      const version = await run(container, `${SERVER} --version`)
      return new DockerPlace(container, readBuild(version), taken)
    } catch (error) {
      for (const port of taken) givePortBack(port)
      throw error
    }
  }

  async takePort() {
    const port = this.#unused.shift()
    if (port === undefined) throw new Error('all ports of the container are taken')
    return port
  }

  /** Starts a server whose working folder is `name`. @param {string} name @param {readonly string[]} args */
  async spawn(name, args) {
    const folder = `${FOLDER}/${name}`
    const command = `exec ${SERVER} ${args.map(quoted).join(' ')}`
    const pid = await run(this.#container, `cd ${folder}; (${command}) >log 2>&1 & echo $!`)
    return new ContainedProcess(this.#container, Number(pid), `${folder}/log`)
  }

  async close() {
    await this.#container.stop({ timeout: 0 })
    for (const port of this.#ports) givePortBack(port)
  }
}

class ContainedProcess {
  ended = false
  pid
  #container
  #logFile

  /** @param {import('testcontainers').StartedTestContainer} container @param {number} pid @param {string} logFile */
  constructor(container, pid, logFile) {
    this.#container = container
    this.pid = pid
    this.#logFile = logFile
  }

  /** Sends a signal. For SIGKILL it resolves when the process has ended. @param {'SIGKILL' | 'SIGSTOP' | 'SIGCONT'} name */
  async signal(name) {
    if (this.ended) return
    const kill = `kill -${name.slice(3)} ${this.pid}`
    if (name !== 'SIGKILL') return void (await run(this.#container, kill))
    this.ended = true
    // No parent reaps it, so a dead process has state Z, the third word of its stat file.
    const alive = `read -r _ _ state _ </proc/${this.pid}/stat && [ "$state" != Z ]`
    await run(this.#container, `${kill}; while { ${alive}; } 2>/dev/null; do sleep 0.01; done`)
  }

  log() {
    return run(this.#container, `cat ${this.#logFile}`)
  }
}

/** @param {import('testcontainers').StartedTestContainer} container @param {string} script */
async function run(container, script) {
  const { output } = await container.exec(['sh', '-c', script])
  return output
}
