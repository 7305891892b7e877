/**
 * Prepares everything that a command of this repository needs: Node, the packages of the lock file, dist, a Redis. Missing
 * parts are installed or built; if none is missing, this takes a few milliseconds. Plain Node, because it runs first.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { npm, root, run } from './child.mjs'
import { findRedis, installRedis } from './find-redis.mjs'

/** Prepares everything; resolves with the Redis to use, or with undefined if `redis` is false. */
export async function prerequisites({ log = console.log, redis = true } = {}) {
  checkNode()
  if (!packagesInstalled()) {
    log('installing packages: npm ci')
    await run([npm, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  }
  // The build imports packages, which are only there now.
  const { build, isStale } = await import('./build.mjs')
  if (isStale()) {
    log('building dist')
    await build()
  }
  if (!redis) return undefined
  const found = (await findRedis(log)) ?? (await installRedis(log))
  log(`Redis: ${describe(found)}`)
  return found
}

function checkNode() {
  const wanted = read('package.json').engines.node.replace('>=', '')
  const [major, minor] = wanted.split('.').map(Number)
  const [ourMajor, ourMinor] = process.versions.node.split('.').map(Number)
  if (ourMajor > major || (ourMajor === major && ourMinor >= minor)) return
  throw new Error(`Node ${wanted} or newer is required, but this is ${process.version} (${process.execPath}).`)
}

/** Compares the lock file with npm's list of installed packages. Optional packages for other platforms are not installed. */
function packagesInstalled() {
  const installed = read('node_modules/.package-lock.json')?.packages
  const locked = Object.entries(read('package-lock.json').packages).filter(([folder]) => folder !== '')
  return (
    !!installed && locked.every(([folder, { version, optional }]) => optional || installed[folder]?.version === version)
  )
}

function read(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function describe(redis) {
  if (redis.kind === 'docker') return `Docker image ${redis.image}`
  return redis.kind === 'url' ? 'the URL in REDIS_TEST_SERVER' : `${redis.path} ${redis.version}`
}
