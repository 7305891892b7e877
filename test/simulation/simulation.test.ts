import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

/** Seeds that once failed, each with its error. */
const FIXED = [
  136, // A SELECT on a silent connection never settled.
  1064, // Commands called after an expired SELECT ran in the wrong database.
]

async function simulate(...args: string[]): Promise<string> {
  const script = ['scripts/simulate.mjs', ...args]
  const { stdout } = await run(process.execPath, script, { timeout: 240_000 }).catch(
    (error: { stdout?: string; message: string }) => ({ stdout: `${error.stdout}\n${error.message}` }),
  )
  return stdout
}

test('the client violates no invariant in simulated runs with lost connections, delays and standstills', {
  timeout: 250_000,
}, async () => {
  const said = await simulate('--minutes', '0.3', '--workers', '1', '--fixed', FIXED.join())
  expect(said).toMatch(/^\d+ seeds, 0 failed;/m)
})
