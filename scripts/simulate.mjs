/** `npm run simulate`: compiles the simulated world and the client beside it, then runs seeds (test/simulation/runner/main.ts). */
import { rmSync } from 'node:fs'
import path from 'node:path'
import { root, run, tool } from './child.mjs'

const compiled = path.join(root, '.cache/simulation')
const main = path.join(compiled, 'test/simulation/runner/main.js')

rmSync(compiled, { recursive: true, force: true })
try {
  await run([...tool('tsc', 'typescript'), '-p', 'test/simulation', '--noCheck'])
  await run([process.execPath, main, ...process.argv.slice(2)])
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
