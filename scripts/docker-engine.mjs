import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { capture, root } from './child.mjs'
import { findEngine, findRedis } from './find-redis.mjs'

/**
 * Runs `use(redis)` with a Redis in Docker: on the engine that answers, or else on an engine started for this process, if
 * dockerd is installed and we are root. Resolves with the result of `use`, or with `{ reason }` if there is no engine or no
 * image.
 */
export async function withDocker(use, log) {
  const reason = (await findEngine()) ? undefined : await startEngine()
  if (reason) return { reason }
  process.env.REDIS_TEST_SERVER = 'docker'
  const redis = await findRedis(log).catch(() => undefined)
  return redis ? use(redis) : { reason: 'a Docker engine answers, but it has no Redis image and cannot pull one' }
}

/** Starts an engine that ends with this process. If that fails, resolves with the reason. */
async function startEngine() {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  if (!folders.some(folder => existsSync(path.join(folder, 'dockerd')))) {
    return 'no Docker engine answers, and dockerd is not installed'
  }
  const env = { RESPIRE_DOCKER_DIR: mkdtempSync(path.join(os.tmpdir(), 'respire-docker-')) }
  const script = path.join(root, 'scripts/docker-local.sh')
  process.once('exit', () => spawnSync('bash', [script, 'stop'], { env: { ...process.env, ...env } }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  const { code, output } = await capture(['bash', script, 'start'], { env })
  if (code !== 0) return `no Docker engine answers, and starting one failed: ${output.trim()}`
  process.env.DOCKER_HOST = /DOCKER_HOST=(.*)/.exec(output)[1]
  // The engine runs on this machine, even if the machine is a container itself.
  process.env.TESTCONTAINERS_HOST_OVERRIDE = '127.0.0.1'
  return undefined
}
