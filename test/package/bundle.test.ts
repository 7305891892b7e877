import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Consumer, installConsumer } from './consumer.js'
import { root } from './sources.js'

interface Esbuild {
  buildSync(options: Readonly<Record<string, unknown>>): { metafile: { outputs: Record<string, Output> } }
}
interface Output {
  readonly bytes: number
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>
}
/** Its types are not imported, so that the sources can be checked where it is not installed. */
const esbuild: Esbuild = createRequire(path.join(root, 'package.json'))('esbuild')

let consumer: Consumer
beforeAll(async () => {
  consumer = await installConsumer()
})
afterAll(() => consumer?.remove())

const GET_ONLY = `
import { Redis } from '@respire/redis'
const redis = new Redis({ port: 1, reconnect: false })
await redis.get('key').catch(error => console.log(error.name))
redis.destroy()`

/** Bundles `code` as an ES module for Node; the size of the bundle, and the files of which it holds code. */
function bundle(name: string, code: string): { file: string; bytes: number; inputs: string[] } {
  const { folder } = consumer
  const file = `${name}.out.mjs`
  writeFileSync(path.join(folder, `${name}.mjs`), code)
  const { metafile } = esbuild.buildSync({
    absWorkingDir: folder,
    entryPoints: [`${name}.mjs`],
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    metafile: true,
    logLevel: 'silent',
  })
  const { bytes, inputs } = metafile.outputs[file]!
  const used = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return { file, bytes, inputs: used.map(([input]) => input) }
}

describe('bundles of esbuild', () => {
  it('an ES module bundle of a program that calls GET runs, and contains no code of the cluster', () => {
    const { file, bytes, inputs } = bundle('get', GET_ONLY)
    expect(consumer.node(file)).toBe('ConnectionError\n')
    expect(inputs.filter(input => /redis-cluster|cluster-engine|topology|cluster-key-slot/.test(input))).toEqual([])
    expect(inputs.filter(input => /redis\.mjs$/.test(input))).toHaveLength(1)
    // It was 277 kB on 2026-11-28, and 423 kB when bundlers got CommonJS.
    expect(bytes).toBeLessThan(320_000)
  })

  it('an ES module bundle of a program that uses a cluster runs', () => {
    const code = `
      import { RedisCluster } from '@respire/redis'
      const cluster = new RedisCluster({ host: '127.0.0.1', port: 1 }, { commandTimeout: 200 })
      cluster.on('error', () => {})
      await cluster.get('key').catch(error => console.log(error.outcome))
      cluster.destroy()`
    const { file } = bundle('cluster', code)
    expect(consumer.node(file)).toBe('not sent\n')
  })

  it('an ES module bundle can lease connections, although generic-pool is CommonJS', () => {
    const code = `
      import { Redis } from '@respire/redis'
      const redis = new Redis({ port: 1, reconnect: false })
      await redis.session(session => session.get('key')).catch(error => console.log(error.name))
      redis.destroy()`
    const { file } = bundle('session', code)
    expect(consumer.node(file)).toBe('ConnectionError\n')
  })

  it('an ES module bundle knows the same commands as the package in Node', () => {
    const code = `
      import { commandSpecs } from '@respire/redis/internal'
      console.log(JSON.stringify([...commandSpecs().keys()].sort()))`
    const { file } = bundle('specs', code)
    const inNode: string[] = JSON.parse(consumer.node('--input-type=module', '--eval', code))
    expect(JSON.parse(consumer.node(file))).toEqual(inNode)
    expect(inNode).toEqual(expect.arrayContaining(['GET', 'SUBSCRIBE', 'WATCH', 'JSON.GET', 'FT.SEARCH']))
  })
})

describe('the ES modules for bundlers', () => {
  it('the ES modules of the package contain neither require nor createRequire', () => {
    const folder = path.join(consumer.folder, 'node_modules/@respire/redis/dist/esm')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.mjs'))
    const offending = files.filter(file =>
      /\brequire\(|createRequire|node:module/.test(readFileSync(path.join(folder, file), 'utf8')),
    )
    expect(files.length).toBeGreaterThan(100)
    expect(offending).toEqual([])
  })

  it('the condition "module" comes first in the exports of the package', () => {
    const { exports, module } = JSON.parse(
      readFileSync(path.join(consumer.folder, 'node_modules/@respire/redis/package.json'), 'utf8'),
    )
    for (const door of ['.', './internal', './otel']) {
      // A bundler takes the first condition that it knows.
      expect(Object.keys(exports[door])).toEqual(['module', 'import', 'require'])
      expect(existsSync(path.join(consumer.folder, 'node_modules/@respire/redis', exports[door].module))).toBe(true)
    }
    expect(module).toBe(exports['.'].module)
  })
})
