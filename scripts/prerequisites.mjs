/**
 * What a command of this repository stands on: Node, the packages of the lock file, dist, a Redis. What is missing is made;
 * where all is there, this takes some milliseconds. Plain Node, because it runs first.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { build, isStale } from './build.mjs'
import { npm, root, run } from './child.mjs'
import { findRedis, installRedis } from './find-redis.mjs'

/** Makes sure of everything; resolves with the Redis to use, unless none is asked for. */
export async function prerequisites({ log = console.log, redis = true } = {}) {
  checkNode()
  if (!packagesInstalled()) {
    log('installing packages: npm ci')
    await run([npm, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
  }
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
  throw new Error(`Node ${wanted} or newer is needed; this is ${process.version} (${process.execPath}).`)
}

/** npm notes in node_modules what it put there. Packages for other platforms are missing from it, rightly. */
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
  return redis.kind === 'url' ? 'the given URL' : `${redis.path} ${redis.version}`
}
