import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

/** Seeds whose runs failed once, and what had been wrong. */
const FIXED = [
  136, // A SELECT on a silent connection never settled.
  1064, // What was called after an expired SELECT ran in the wrong database.
]

async function simulate(...args: string[]): Promise<string> {
  const script = ['scripts/simulate.mjs', ...args]
  const { stdout } = await run(process.execPath, script, { timeout: 240_000 }).catch(
    (error: { stdout?: string; message: string }) => ({ stdout: `${error.stdout}\n${error.message}` }),
  )
  return stdout
}

test('in a simulated world that cuts, stalls and stands still every promise of the client holds', {
  timeout: 250_000,
}, async () => {
  const said = await simulate('--minutes', '0.3', '--workers', '1', '--fixed', FIXED.join())
  expect(said).toMatch(/^\d+ seeds, 0 failed;/m)
})
