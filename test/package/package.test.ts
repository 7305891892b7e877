import { cpSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Consumer, installConsumer } from './consumer.js'

let consumer: Consumer
beforeAll(async () => {
  consumer = await installConsumer()
})
afterAll(() => consumer?.remove())

const run = (code: string, ...flags: string[]): string => consumer.node(...flags, '--input-type=module', '--eval', code)

const ENTRIES = ['@respire/redis', '@respire/redis/internal', '@respire/redis/otel']

describe('the packed package', () => {
  it.each(ENTRIES)('import and require of %s give the same objects, name by name', entry => {
    const code = `
      import { createRequire } from 'node:module'
      import * as imported from '${entry}'
      const required = createRequire(import.meta.url)('${entry}')
      const names = Object.keys(required)
      console.log(JSON.stringify({
        names,
        imported: Object.keys(imported),
        different: names.filter(name => required[name] !== imported[name]),
      }))`
    // Jest cannot require ES modules, so this Node may not either.
    const { names, imported, different } = JSON.parse(run(code, '--no-experimental-require-module'))
    expect(names.length).toBeGreaterThan(0)
    expect(imported.sort()).toEqual(names.sort())
    expect(different).toEqual([])
  })

  it('each exported class of the packed package has the name under which it is exported', () => {
    const code = `
      import * as all from '@respire/redis'
      const isClass = value => typeof value === 'function' && /^class\\b/.test(value)
      console.log(JSON.stringify(Object.entries(all).filter(([, value]) => isClass(value)).map(([name, value]) => [name, value.name])))`
    const classes: [string, string][] = JSON.parse(run(code))
    expect(classes.length).toBeGreaterThan(30)
    expect(classes.filter(([exported, own]) => exported !== own)).toEqual([])
  })

  it('the inner entry point finds the spec of a command and its keys, with the classes of the public one', () => {
    const code = `
      import { Command } from '@respire/redis'
      import * as inner from '@respire/redis/internal'
      const command = new inner.Command(inner.specOf(['MSET']), ['a', '1', 'b', '2'])
      console.log(JSON.stringify({ same: inner.Command === Command, keys: inner.keyIndexes(command), json: inner.commandSpecs().get('JSON.GET').readonly }))`
    expect(JSON.parse(run(code))).toEqual({ same: true, keys: [0, 2], json: true })
  })

  it('the packed package loads the pool, TLS, locks, clusters and modules only when they are used', () => {
    const code = `
      import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      const loaded = () => Object.keys(require.cache).map(file => file.replace(/.*node_modules./, '').replaceAll('\\\\', '/'))
      const { Redis } = require('@respire/redis')
      const redis = new Redis({ port: 1 })
      const before = loaded()
      redis.lock('name', { ttl: 1000 })
      redis.destroy()
      console.log(JSON.stringify({ before, after: loaded(), tls: process.moduleLoadList.includes('NativeModule tls') }))`
    const { before, after, tls } = JSON.parse(run(code))
    expect(before).toContain('@respire/redis/dist/index.js')
    expect(before.filter((file: string) => /generic-pool|cluster-key-slot|[/]late[/]/.test(file))).toEqual([])
    expect(after.filter((file: string) => !before.includes(file))).toEqual(['@respire/redis/dist/late/lock.js'])
    expect(tls).toBe(false)
  })

  it('a stack trace through the packed package names files of src with --enable-source-maps', () => {
    const code = `
      const { Redis } = require('@respire/redis')
      const redis = new Redis({ port: 1 })
      redis.on('reconnecting', () => { throw new Error('of the handler') })
      redis.once('error', error => { console.log(error.stack); redis.destroy() })
      redis.connect().catch(() => {})`
    const frames = consumer.node('--enable-source-maps', '--eval', code).match(/@respire.redis.*/g) ?? []
    expect(frames.length).toBeGreaterThan(1)
    expect(frames.filter(frame => !/^@respire.redis.src\S*\.ts:\d+:\d+/.test(frame))).toEqual([])
  })

  it('the source maps of the packed package are flat and name files that it contains', () => {
    const code = `
      import { existsSync, readdirSync, readFileSync } from 'node:fs'
      import path from 'node:path'
      const folder = 'node_modules/@respire/redis/'
      const maps = readdirSync(folder + 'dist', { recursive: true }).filter(file => /\\.m?js\\.map$/.test(file)).map(file => {
        const { sections, sources, mappings, sourcesContent } = JSON.parse(readFileSync(folder + 'dist/' + file, 'utf8'))
        const missing = sources?.filter(source => !existsSync(path.join(folder, 'dist', path.dirname(file), source)))
        return { file, flat: sections === undefined && typeof mappings === 'string', missing, copies: sourcesContent?.some(Boolean) ?? false }
      })
      console.log(JSON.stringify({ files: readdirSync(folder).sort(), dist: readdirSync(folder + 'dist').sort(), maps }))`
    const { files, dist, maps } = JSON.parse(run(code))
    expect(files).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json', 'src'])
    const doors = ['index', 'internal', 'otel'].flatMap(door =>
      ['.d.mts', '.d.ts', '.js', '.mjs'].map(ending => door + ending),
    )
    expect(dist.filter((file: string) => !file.endsWith('.map'))).toEqual(
      [...doors, 'core.js', 'esm', 'late', 'rolldown-runtime.js', 'types'].sort(),
    )
    expect(maps.length).toBeGreaterThan(100)
    expect(maps.filter((map: { flat: boolean }) => !map.flat)).toEqual([])
    expect(maps.filter((map: { missing: string[] }) => map.missing.length > 0)).toEqual([])
    expect(maps.filter((map: { copies: boolean }) => map.copies)).toEqual([])
  })
})

describe('a project in TypeScript', () => {
  const SYSTEMS = { node16: 'node16', nodenext: 'nodenext', preserve: 'bundler' }

  it.each(Object.entries(SYSTEMS))(
    'a project with module %s compiles, as ES modules and as CommonJS',
    (module, moduleResolution) => {
      const options = { module, moduleResolution, skipLibCheck: true }
      expect(consumer.compile(['imports.mts', 'former.mts', 'requires.cts'], options)).toBe('')
    },
  )

  it('declarations can be emitted for the result of every method: each type in a signature is exported', () => {
    const list = `
      import { Redis, RedisCluster } from '@respire/redis'
      const redis = new Redis(), cluster = new RedisCluster('redis://h')
      const namesOf = on => {
        const names = new Set()
        for (let p = on; p !== Object.prototype; p = Object.getPrototypeOf(p)) for (const n of Object.getOwnPropertyNames(p)) names.add(n)
        return [...names].filter(name => /^[a-z]\\w*$/.test(name) && name !== 'constructor')
      }
      const shown = { redis, cluster, pipeline: redis.pipeline(), multi: redis.multi(), lock: redis.lock('l', { ttl: 1 }) }
      for (const name of ['json', 'ft', 'ts', 'bf', 'cf', 'cms', 'topk', 'tdigest']) shown['redis.' + name] = redis[name]
      console.log(JSON.stringify(Object.entries(shown).flatMap(([name, on]) => namesOf(on).map(method => name + '.' + method))))`
    const members: string[] = JSON.parse(run(list))
    expect(members.length).toBeGreaterThan(900)
    const code = [
      "import { Redis, RedisCluster } from '@respire/redis'",
      "const redis = new Redis(), cluster = new RedisCluster('redis://h'), pipeline = redis.pipeline(), multi = redis.multi()",
      "const lock = redis.lock('l', { ttl: 1 })",
      "export const news = async () => [await redis.subscribe('a'), await redis.bytes.psubscribe('a'), await redis.keyspace()]",
      'export const leased = () => redis.session(async session => session)',
      ...members.map((member, index) => `export const m${index} = () => ${member}`),
    ]
    writeFileSync(path.join(consumer.folder, 'declared.mts'), code.join('\n'))
    const options = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      outDir: 'declared',
      skipLibCheck: true,
    }
    expect(consumer.compile(['declared.mts'], { module: 'node20', ...options })).toBe('')
  })

  it('a client can be passed to a library that has its own copy of the package', () => {
    const other = path.join(consumer.folder, 'library/node_modules/@respire/redis')
    cpSync(path.join(consumer.folder, 'node_modules/@respire/redis'), other, { recursive: true })
    const library = `
      import { type RedisCommands, Script } from '@respire/redis'
      export const read = (on: RedisCommands): Promise<string | null> => on.get('key')
      export const script = new Script<number>({ lua: 'return 1' })`
    const user = `
      import { Redis, RedisCluster } from '@respire/redis'
      import { read, script } from './library/index.mjs'
      const redis = new Redis(), cluster = new RedisCluster('redis://h')
      export const all = [read(redis), read(cluster), read(redis.with({ timeout: 1 })), redis.session(read)]
      export const one: Promise<number> = script.run(cluster)`
    writeFileSync(path.join(consumer.folder, 'library/index.mts'), library)
    writeFileSync(path.join(consumer.folder, 'two-copies.mts'), user)
    expect(consumer.compile(['two-copies.mts'], { module: 'node20', skipLibCheck: true })).toBe('')
  })

  it('importing a name that the package does not export is a type error', () => {
    expect(consumer.compile(['wrong.mts'], { module: 'node16', skipLibCheck: true })).toContain("'Rediss'")
  })
})

/** For a file of ten lines with a pipeline in a loop. The sizes of the types decide, so watch for a factor of two. */
describe('the budget of the types', () => {
  const BUDGETS = [
    { skipLibCheck: true, seconds: 0.1, megabytes: 60 },
    // All declarations of the package are checked: on a busy or slow machine that takes twice as long as on a quiet one.
    { skipLibCheck: false, seconds: 4, megabytes: 300 },
  ]

  it.each(BUDGETS)(
    'a small program with skipLibCheck $skipLibCheck is checked in $seconds s and $megabytes MB',
    ({ skipLibCheck, seconds, megabytes }) => {
      // The best of ten at most, because other processes may keep the machine busy.
      const best = { seconds: Number.POSITIVE_INFINITY, megabytes: Number.POSITIVE_INFINITY }
      for (let i = 0; i < 10 && (best.seconds > seconds || best.megabytes > megabytes); i++) {
        const run = measure(skipLibCheck)
        best.seconds = Math.min(best.seconds, run.seconds)
        best.megabytes = Math.min(best.megabytes, run.megabytes)
      }
      expect(best.seconds).toBeLessThanOrEqual(seconds)
      expect(best.megabytes).toBeLessThanOrEqual(megabytes)
    },
  )

  function measure(skipLibCheck: boolean): { seconds: number; megabytes: number } {
    const output = consumer.compile(['budget.mts'], { module: 'node20', skipLibCheck }, '--extendedDiagnostics')
    const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(output)?.[1])
    expect(output).not.toContain('error TS')
    return { seconds: figure('Check time'), megabytes: figure('Memory used') / 1024 }
  }
})
