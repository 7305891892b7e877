import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { root, run, tool } from './child.mjs'

/** Some times what all tests take on two busy cores. */
const LIMIT = 20 * 60_000

/** Runs tests on this Redis; resolves with what `reporter.mjs` counted, also when tests fail. */
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
    // vitest fails for other reasons too: no test file found, a configuration that cannot be read
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

/** Hands the found Redis on, so that no test process looks for one again. */
function environment(redis) {
  if (redis.kind === 'url') return { REDIS_TEST_SERVER: redis.url }
  if (redis.kind === 'binary') return { REDIS_TEST_SERVER: redis.path }
  // Containers are stopped by the tests that start them; the one that would watch over them must be pulled, so it stays away.
  return { REDIS_TEST_SERVER: 'docker', REDIS_TEST_IMAGE: redis.image, TESTCONTAINERS_RYUK_DISABLED: 'true' }
}
