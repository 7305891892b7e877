import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { root, run, tool } from './child.mjs'

/** Several times the duration of all tests on two busy cores. */
const LIMIT = 20 * 60_000

/** Runs tests on this Redis. Resolves with the counts of `reporter.mjs`, also when tests fail. */
export async function runVitest(redis, args) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'respire-counts-'))
  const counts = path.join(folder, 'counts.json')
  const reporters = ['--reporter=default', `--reporter=${path.join(root, 'scripts/reporter.mjs')}`]
  try {
    const failure = await run([...tool('vitest'), 'run', ...reporters, ...args], {
      env: { ...environment(redis), RESPIRE_COUNTS: counts },
      limit: LIMIT,
    }).catch(error => error)
    const { passed, failed, skipped } = readCounts(counts)
    // vitest also fails for other reasons: no test file was found, or the configuration cannot be read.
    return { passed, failed: failed === 0 && failure ? 1 : failed, skipped }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: [] }
  }
}

/** Passes the Redis on, so that test processes do not search for one again. */
function environment(redis) {
  if (redis.kind === 'url') return { REDIS_TEST_SERVER: redis.url }
  if (redis.kind === 'binary') return { REDIS_TEST_SERVER: redis.path }
  // Ryuk would stop leftover containers, but its image must be pulled. The tests stop the containers that they start.
  return { REDIS_TEST_SERVER: 'docker', REDIS_TEST_IMAGE: redis.image, TESTCONTAINERS_RYUK_DISABLED: 'true' }
}
