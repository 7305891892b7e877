/** Runs child processes and the programs of installed packages. Plain Node, so that it works before `npm ci`. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs a program with the output of this process; rejects unless its exit code is 0. With a `limit` (ms) the program and all
 * its children are killed when the limit is over, or when this process ends.
 */
export async function run(command, { limit, ...options } = {}) {
  const bounded = limit === undefined ? {} : { detached: true, onSpawn: child => killAfter(limit, child) }
  const { code } = await started(command, { stdio: ['ignore', 'inherit', 'inherit'], ...bounded, ...options })
  if (code !== 0) throw new Error(`${command.join(' ')}: exit ${code}`)
}

/** A detached child leads a process group. The whole group is killed, because a worker in an endless loop ignores other signals. */
function killAfter(limit, child) {
  const kill = () => process.kill(-child.pid, 'SIGKILL')
  const timer = setTimeout(() => {
    console.error(`killed: not finished after ${limit / 60_000} minutes`)
    kill()
  }, limit)
  const exit = () => process.exit(1)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  process.once('exit', kill)
  for (const signal of signals) process.once(signal, exit)
  child.on('exit', () => {
    clearTimeout(timer)
    process.off('exit', kill)
    for (const signal of signals) process.off(signal, exit)
  })
}

/** Runs a program; resolves with its exit code and its output. */
export function capture(command, options) {
  return started(command, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
}

function started([program, ...args], { env, onSpawn, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env }, ...options })
    child.on('spawn', () => onSpawn?.(child))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', chunk => {
        output += chunk
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output }))
  })
}

/** The command line of a program of an installed package: the same on every system, and faster than npx. */
export function tool(name, from = name) {
  const folder = path.join(root, 'node_modules', from)
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  return [process.execPath, path.join(folder, typeof bin === 'string' ? bin : bin[name])]
}

export const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
