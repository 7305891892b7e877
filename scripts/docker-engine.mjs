import { existsSync } from 'node:fs'
import path from 'node:path'
import { capture, root } from './child.mjs'
import { findEngine, findRedis } from './find-redis.mjs'

const LOCAL = ['bash', path.join(root, 'scripts/docker-local.sh')]

/**
 * Runs `use(redis)` with a Redis in Docker: on the engine that answers, else on one started for this alone where dockerd is
 * installed and we are root. Resolves with what `use` gives, or with `{ reason }` if there can be no engine or no image.
 */
export async function withDocker(use, log) {
  if (await findEngine()) return onEngine(use, log)
  if (!(process.env.PATH ?? '').split(path.delimiter).some(folder => existsSync(path.join(folder, 'dockerd')))) {
    return { reason: 'no Docker engine answers, and dockerd is not installed' }
  }
  const { code, output } = await capture([...LOCAL, 'start'])
  if (code !== 0) return { reason: `no Docker engine answers, and none can be started: ${output.trim()}` }
  process.env.DOCKER_HOST = /DOCKER_HOST=(.*)/.exec(output)[1]
  // The engine is on this machine, even where the machine is a container itself.
  process.env.TESTCONTAINERS_HOST_OVERRIDE = '127.0.0.1'
  try {
    return await onEngine(use, log)
  } finally {
    await capture([...LOCAL, 'stop'])
  }
}

async function onEngine(use, log) {
  process.env.REDIS_TEST_SERVER = 'docker'
  try {
    const redis = await findRedis(log).catch(() => undefined)
    return redis ? await use(redis) : { reason: 'a Docker engine answers, but has no Redis image and can pull none' }
  } finally {
    delete process.env.REDIS_TEST_SERVER
  }
}
