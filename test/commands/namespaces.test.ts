import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Commands } from '../../src/commands/commands.js'
import type { Command } from '../../src/commands/core/command.js'
import type { Promised } from '../../src/commands/core/context.js'
import { applyPrefix } from '../../src/commands/core/prefix.js'
import { allSpecs } from '../../src/commands/core/spec.js'
import { Recorder } from './recorder.js'

const MODULES = /^(?:JSON|FT|TS|BF|CF|CMS|TOPK|TDIGEST)\./
const names = ['json', 'ft', 'ts', 'bf', 'cf', 'cms', 'topk', 'tdigest'] as const

it('a namespace runs its commands on the object that it belongs to', () => {
  const ran: { on: object; name: string }[] = []
  class Named extends Commands<Promised> {
    async run<R>(command: Command): Promise<R> {
      ran.push({ on: this, name: command.spec.name })
      return undefined as R
    }
  }
  const one = new Named()
  const other = new Named()
  void one.json.get('k')
  void other.json.get('k')
  const { ts } = one
  void ts.get('k')
  expect(ran).toEqual([
    { on: one, name: 'JSON.GET' },
    { on: other, name: 'JSON.GET' },
    { on: one, name: 'TS.GET' },
  ])
})

it('a namespace returns the result of its runner, so that pipelines can be chained', () => {
  const log: string[] = []
  interface Chained extends Promised {
    readonly outcome: never
  }
  class Chain extends Commands<Chained> {
    run(command: Command): never {
      log.push(command.spec.name)
      return this as never
    }
  }
  const chain = new Chain() as unknown as Record<string, Record<string, (key: string) => typeof chain>>
  chain.json?.get?.('a').bf?.card?.('b').ft?.suglen?.('c').topk?.list?.('d')
  expect(log).toEqual(['JSON.GET', 'BF.CARD', 'FT.SUGLEN', 'TOPK.LIST'])
})

it('the namespaces have a method for every spec of the modules', () => {
  const r = new Recorder()
  const specs = [...allSpecs().keys()].filter(name => MODULES.test(name))
  expect(specs.length).toBeGreaterThan(110)
  const missing = specs.filter(spec => {
    const [space = '', rest = ''] = spec.toLowerCase().split(/\.(.*)/)
    const method = rest.replace(/[ _](?=.)(?!list)(.)/g, (_, letter: string) => letter.toUpperCase())
    const methods = Object.getPrototypeOf(r[space as (typeof names)[number]]) as object
    return !(method in methods || `${method}Search` in methods)
  })
  expect(missing).toEqual([])
})

it('a prefix is added to keys, and to the names of keys in searches', () => {
  const r = new Recorder()
  const prefixed = (call: { command: Command }): string => {
    expect(applyPrefix(call.command, 'p:')).toBeUndefined()
    return call.command.args.join(' ')
  }
  expect(prefixed(r.json.mget(['a', 'b'], '$'))).toBe('p:a p:b $')
  expect(prefixed(r.ts.madd([{ key: 'a', timestamp: 1, value: 2 }]))).toBe('p:a 1 2')
  expect(prefixed(r.cms.merge('d', ['a'], { weights: [2] }))).toBe('p:d 1 p:a WEIGHTS 2')
  expect(prefixed(r.ft.create('i', { a: 'TEXT' }, { on: 'JSON', prefix: ['x:', 'y:'] }))).toBe(
    'i ON JSON PREFIX 2 p:x: p:y: SCHEMA a TEXT',
  )
  expect(prefixed(r.ft.search('i', 'INKEYS', { inkeys: ['a', 'b'] }))).toBe('i INKEYS INKEYS 2 p:a p:b')
  expect(prefixed(r.ft.search('i', '*'))).toBe('i *')
  expect(prefixed(r.ft.profileSearch('i', '*', { inkeys: ['a'] }))).toBe('i SEARCH QUERY * INKEYS 1 p:a')
  expect(prefixed(r.ft.profileSearch('i', '*', { limited: true, inkeys: ['a'] }))).toBe(
    'i SEARCH LIMITED QUERY * INKEYS 1 p:a',
  )
  expect(prefixed(r.ft.sugadd('s', 'x', 1))).toBe('p:s x 1')
})

it('the page of commands that are not run lists every command of the modules', () => {
  const page = readFileSync(`${__dirname}/../../docs/commands-not-run.md`, 'utf8')
  const listed = [...page.matchAll(/`((?:JSON|FT|TS|BF|CF|CMS|TOPK|TDIGEST)\.[^`]+)`/g)].map(([, name]) => name)
  expect(listed.sort()).toEqual([...allSpecs().keys()].filter(name => MODULES.test(name)).sort())
})
