/** Child processes and the programs of installed packages. Plain Node: usable before `npm ci` has run. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs a program with our own output; rejects unless it ends with 0. */
export async function run(command, options) {
  const { code } = await started(command, { stdio: ['ignore', 'inherit', 'inherit'], ...options })
  if (code !== 0) throw new Error(`${command.join(' ')}: exit ${code}`)
}

/** Runs a program and collects all it says. */
export function capture(command, options) {
  return started(command, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
}

function started([program, ...args], { env, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env }, ...options })
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

/** The command line of a program that an installed package brings: the same on every system, and quicker than npx. */
export function tool(name, from = name) {
  const folder = path.join(root, 'node_modules', from)
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  return [process.execPath, path.join(folder, typeof bin === 'string' ? bin : bin[name])]
}

export const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
