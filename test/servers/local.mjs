/** A place for servers: child processes on this machine. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { keep, scratchFolder } from './keeper.mjs'
import { givePortBack, takePort } from './ports.mjs'

/** @typedef {{ flavour: 'redis' | 'valkey', version: readonly number[] }} Build */

/** `Redis server v=7.0.15 sha=…` @param {string} text @returns {Build} */
export function readBuild(text) {
  const [, name = '', version = ''] = /(\w+) server v=([\d.]+)/.exec(text) ?? []
  return { flavour: name === 'Valkey' ? 'valkey' : 'redis', version: version.split('.').map(Number) }
}

/** @type {Map<string, Build>} */
const builds = new Map()

/** @param {string} program */
function buildOf(program) {
  const build = builds.get(program) ?? readBuild(execFileSync(program, ['--version'], { encoding: 'utf8' }))
  builds.set(program, build)
  return build
}

export class LocalPlace {
  kind = /** @type {const} */ ('binary')
  bind = '127.0.0.1'
  folder = scratchFolder()
  build
  #program
  /** @type {Set<number>} */
  #ports = new Set()

  /** @param {string} program @param {Readonly<Record<string, string>>} files */
  constructor(program, files) {
    this.#program = program
    this.build = buildOf(program)
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(this.folder, name), content)
  }

  async takePort() {
    const port = await takePort()
    this.#ports.add(port)
    return port
  }

  /** Starts a server whose working folder is `name`. @param {string} name @param {readonly string[]} args */
  async spawn(name, args) {
    const cwd = path.join(this.folder, name)
    mkdirSync(cwd, { recursive: true })
    const logFile = path.join(cwd, 'log')
    const output = openSync(logFile, 'w')
    const child = spawn(this.#program, args, { cwd, stdio: ['ignore', output, output] })
    closeSync(output)
    child.on('error', () => {})
    child.unref()
    keep(child)
    return new LocalProcess(child, logFile)
  }

  async close() {
    for (const port of this.#ports) givePortBack(port)
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

class LocalProcess {
  #child
  #logFile

  /** @param {import('node:child_process').ChildProcess} child @param {string} logFile */
  constructor(child, logFile) {
    this.#child = child
    this.#logFile = logFile
  }

  get pid() {
    return this.#child.pid ?? 0
  }

  get ended() {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Sends a signal. For SIGKILL it resolves when the process has ended. @param {'SIGKILL' | 'SIGSTOP' | 'SIGCONT'} name */
  async signal(name) {
    if (this.ended) return
    this.#child.kill(name)
    if (name !== 'SIGKILL') return
    this.#child.ref()
    await once(this.#child, 'exit')
  }

  async log() {
    return readFileSync(this.#logFile, 'utf8')
  }
}
