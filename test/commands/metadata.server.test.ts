import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Command, keyIndexes } from '../../src/commands/core/command.js'
import { allSpecs, type Spec } from '../../src/commands/core/spec.js'
import '../../src/commands/commands.js'
import '../../src/commands/client-internal.js'
import type { KeySpec } from '../../src/commands/core/key-specs.js'
import * as joins from '../../src/commands/core/response-policies.js'
import type { RawReply } from '../servers/servers.mjs'
import { useServer } from '../servers/vitest.js'

/** Commands that have no spec or another one than the server says, each with the reason. At most twenty. */
const EXCEPTIONS: Record<string, string> = {
  DEBUG: 'for those who work on the server: call() runs it',
  PFDEBUG: 'internal',
  PFSELFTEST: 'internal',
  'RESTORE-ASKING': 'internal: what MIGRATE sends',
  'CLUSTER SYNCSLOTS': 'internal: what nodes say to each other',
  SENTINEL: 'of another kind of server',
  WAIT: 'not flagged blocking, but belongs to a session, which it blocks',
  WAITAOF: 'not flagged blocking, but belongs to a session, which it blocks',
  MSETNX: 'tipped multi_shard, but a split would not be atomic',
  MSETEX: 'tipped multi_shard, but a split would not be atomic',
  RANDOMKEY: 'tipped all_shards: one random primary answers, as any key will do',
  SORT: 'the server does not know its other keys before it runs',
  SORT_RO: 'the server does not know its other keys before it runs',
  SUNSUBSCRIBE: 'the server gives it a key; it goes where the subscription is',
  SSUBSCRIBE: 'its keys are channels; it goes where the subscription is',
  'FUNCTION STATS': 'tipped special: the functions of all shards are merged here',
}

interface Told {
  name: string
  flags: string[]
  tips: string[]
  keySpecs: KeySpec[]
  container: boolean
}

const server = useServer()

describe('the specs', () => {
  test('agree with the server', async () => {
    expect(Object.keys(EXCEPTIONS).length).toBeLessThanOrEqual(20)
    const told = (await server().command('COMMAND')) as RawReply[][]
    const all = told.flatMap(tell)
    const differences: string[] = []
    const missing: string[] = []
    for (const each of all) {
      if (each.container || each.name in EXCEPTIONS) continue
      const spec = allSpecs().get(each.name)
      if (spec === undefined) missing.push(each.name)
      else differences.push(...compare(spec, each))
    }
    const known = new Set(all.map(({ name }) => name))
    const newer = [...allSpecs().keys()].filter(name => !known.has(name))
    console.log(
      `${server().flavour} ${server().version.join('.')}: ${all.length} commands and subcommands; not known there: ${newer.join(', ')}`,
    )
    expect(missing).toEqual([])
    expect(differences).toEqual([])
  })

  test('are documented with the version that the server tells', async () => {
    const since = sinceWhen((await server().command('COMMAND', 'DOCS')) as RawReply[])
    const wrong: string[] = []
    for (const [name, docs] of documented()) {
      const told = since.get(name)?.replace(/\.0$/, '')
      // What came with 1.0 needs no word; 2.9.50 is a candidate of 3.0.
      if (told === undefined || told === '1.0' || told === '2.9.50') continue
      const versions = [...docs.matchAll(/since (?:Redis |Valkey )?(\d[\d.]*\d)/gi)].map(([, version]) => version)
      if (!versions.includes(told)) wrong.push(`${name}: ${told}, not ${versions.join(', ')}`)
    }
    expect(wrong).toEqual([])
  })

  test('find the keys that the server finds', async () => {
    const raw = await server().connect()
    // Behind its name, as the server finds them; what it cannot tell it answers with an error.
    const samples: string[][] = [
      ['GET', 'k'],
      ['MSET', 'a', '1', 'b', '2'],
      ['MGET', 'a', 'b', 'c'],
      ['BLPOP', 'a', 'b', '0'],
      ['LMPOP', '2', 'a', 'b', 'LEFT'],
      ['BLMPOP', '0', '2', 'a', 'b', 'LEFT'],
      ['ZUNIONSTORE', 'd', '2', 'a', 'b'],
      ['ZDIFF', '2', 'a', 'b'],
      ['EVAL', 'return 1', '2', 'a', 'b', 'arg'],
      ['EVALSHA', 'abc', '0', 'arg'],
      ['FCALL', 'f', '1', 'a', 'arg'],
      ['XREAD', 'COUNT', '1', 'STREAMS', 'a', 'b', '0', '0'],
      ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'a', '>'],
      ['BITOP', 'AND', 'd', 'a', 'b'],
      ['OBJECT', 'ENCODING', 'a'],
      ['GEORADIUS', 'a', '1', '1', '1', 'km', 'STORE', 'd'],
      ['SINTERCARD', '2', 'a', 'b', 'LIMIT', '1'],
      ['MEMORY', 'USAGE', 'a'],
      ['MIGRATE', 'h', '1', '', '0', '10', 'KEYS', 'a', 'b'],
      ['COPY', 'a', 'b'],
      ['XGROUP', 'CREATE', 'a', 'g', '$'],
      ['ZADD', 'a', '1', 'm'],
      ['PFMERGE', 'a', 'b', 'c'],
    ]
    for (const words of samples) {
      const reply = (await raw.command('COMMAND', 'GETKEYS', ...words).catch(() => [])) as string[]
      const spec = allSpecs().get(`${words[0]} ${words[1]}`) ?? (allSpecs().get(words[0] ?? '') as Spec)
      const command = new Command(spec, words.slice(spec.words))
      const found = keyIndexes(command).map(index => String(command.args[index]))
      expect(
        found.filter(key => key !== ''),
        words.join(' '),
      ).toEqual(reply)
    }
    raw.close()
  })
})

/** A command of COMMAND and its subcommands. */
function tell(reply: RawReply[]): Told[] {
  const [name, , flags, , , , , tips, keySpecs, subcommands] = reply as [string, ...RawReply[]]
  const subs = ((subcommands ?? []) as RawReply[][]).flatMap(tell)
  const told: Told = {
    name: name.replace('|', ' ').toUpperCase(),
    flags: flags as string[],
    tips: (tips ?? []) as string[],
    keySpecs: ((keySpecs ?? []) as RawReply[][]).map(each => keySpecOf(each, name.includes('|') ? 2 : 1)),
    container: subs.length > 0 && name.toUpperCase() !== 'COMMAND',
  }
  return [told, ...subs]
}

const fields = (flat: RawReply[]): Record<string, RawReply> =>
  Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, i) => [String(flat[2 * i]), flat[2 * i + 1] ?? null]))

function keySpecOf(reply: RawReply[], words: number): KeySpec {
  const { flags, begin_search, find_keys } = fields(reply) as Record<string, RawReply[]>
  const begin = fields(begin_search ?? [])
  const find = fields(find_keys ?? [])
  const from = fields(begin.spec as RawReply[])
  const how = fields(find.spec as RawReply[])
  return {
    begin:
      begin.type === 'index'
        ? Number(from.index) - words
        : {
            token: String(from.keyword),
            from: Number(from.startfrom) > 0 ? Number(from.startfrom) - words : Number(from.startfrom),
          },
    find:
      find.type === 'keynum'
        ? { count: Number(how.keynumidx), first: Number(how.firstkey), step: Number(how.keystep) }
        : { last: Number(how.lastkey), step: Number(how.keystep), limit: Number(how.limit) },
    access: accessOf(flags as unknown as string[]),
  }
}

/** Some specs of newer servers do not say what is done to the key: then ours stands. */
function accessOf(flags: string[]): KeySpec['access'] {
  if (flags.includes('RO')) return 'read'
  return flags.some(flag => ['RW', 'OW', 'RM'].includes(flag)) ? 'write' : ('untold' as KeySpec['access'])
}

/** Tipped since 7.2: older servers say nothing. */
const TIPPED_LATER = ['CLIENT SETNAME', 'CONFIG RESETSTAT', 'CONFIG REWRITE', 'ACL DELUSER', 'ACL SAVE', 'ACL SETUSER']

/** Its reply is an integer: servers since 7.2 say that it is added up. */
/** Since when each command is there, by its name, of COMMAND DOCS under RESP2. */
function sinceWhen(docs: RawReply[], since = new Map<string, string>()): Map<string, string> {
  for (let i = 0; i + 1 < docs.length; i += 2) {
    const fields = docs[i + 1] as RawReply[]
    for (let j = 0; j + 1 < fields.length; j += 2) {
      if (String(fields[j]) === 'since') since.set(nameOf(docs[i]), String(fields[j + 1]))
      if (String(fields[j]) === 'subcommands') sinceWhen(fields[j + 1] as RawReply[], since)
    }
  }
  return since
}

function nameOf(told: RawReply | undefined): string {
  return String(told).toUpperCase().replace('|', ' ')
}

/** The docs of methods, with the command whose page they link. */
function documented(): [name: string, docs: string][] {
  const folder = `${__dirname}/../../src/commands/`
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  const texts = files.map(file => readFileSync(folder + file, 'utf8'))
  return texts.flatMap(text => {
    const docs = [...text.matchAll(/^ {2}\/\*\*((?:(?!\*\/).)*)\*\//gms)].map(([, found = '']) =>
      found.replace(/\n\s*\*/g, ' '),
    )
    return docs.flatMap((each): [string, string][] => {
      const name = /\[([A-Z][A-Z0-9 _-]*)\]\(https:/.exec(each)?.[1]
      return name === undefined ? [] : [[name, each]]
    })
  })
}

function isTippedWrongly(spec: Spec, response: string): boolean {
  return spec.name === 'LATENCY RESET' && response === 'all_succeeded'
}

const JOINS: Record<string, unknown> = {
  agg_sum: joins.sum,
  agg_min: joins.min,
  agg_max: joins.max,
  agg_logical_and: joins.and,
  agg_logical_or: joins.or,
  all_succeeded: joins.first,
  one_succeeded: joins.one,
}

function compare(spec: Spec, told: Told): string[] {
  const found: string[] = []
  const differ = (what: string, ours: unknown, theirs: unknown) => {
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
      found.push(`${spec.name}: ${what} is ${JSON.stringify(ours)} here and ${JSON.stringify(theirs)} there`)
    }
  }
  differ('read-only', spec.readonly, told.flags.includes('readonly'))
  differ('blocking', spec.blocks !== undefined, told.flags.includes('blocking'))
  const keys = spec.keys.map((each, i) =>
    String(told.keySpecs[i]?.access) === 'untold' ? { ...each, access: 'untold' } : each,
  )
  differ('keys', keys, told.keySpecs)
  const policy = (kind: string) => told.tips.find(tip => tip.startsWith(`${kind}_policy:`))?.split(':')[1]
  const request = policy('request')
  const response = policy('response')
  // A reply that only a person can put together is asked of one node.
  const expected = response === 'special' ? 'special' : request
  if (request !== undefined || !TIPPED_LATER.includes(spec.name)) differ('request policy', spec.requestPolicy, expected)
  if (
    response !== undefined &&
    response in JOINS &&
    spec.responsePolicy !== JOINS[response] &&
    !isTippedWrongly(spec, response)
  )
    found.push(`${spec.name}: response policy ${response}`)
  if (expected !== undefined && expected !== 'special' && spec.responsePolicy === undefined)
    found.push(`${spec.name}: no join`)
  return found
}
