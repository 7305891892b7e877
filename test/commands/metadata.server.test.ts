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

/** Commands without a spec, or with a spec that differs from the server's, each with the reason. At most twenty. */
const EXCEPTIONS: Record<string, string> = {
  DEBUG: 'for developers of the server: call() runs it',
  PFDEBUG: 'internal',
  PFSELFTEST: 'internal',
  'RESTORE-ASKING': 'internal: sent by MIGRATE',
  'CLUSTER SYNCSLOTS': 'internal: sent between nodes',
  SENTINEL: 'a command of Sentinel servers',
  WAIT: 'the server does not flag it as blocking, but it blocks its connection, so it belongs to a session',
  WAITAOF: 'the server does not flag it as blocking, but it blocks its connection, so it belongs to a session',
  MSETNX: 'the server says multi_shard, but a split would not be atomic',
  MSETEX: 'the server says multi_shard, but a split would not be atomic',
  RANDOMKEY: 'the server says all_shards, but one random primary is enough for any key',
  SORT: 'the server knows its other keys only when it runs',
  SORT_RO: 'the server knows its other keys only when it runs',
  SUNSUBSCRIBE: 'the server gives it a key; it is sent to the node of the subscription',
  SSUBSCRIBE: 'its keys are channels; it is sent to the node of the subscription',
  'FUNCTION STATS': 'the server says special; the client merges the replies of all shards',
}

interface ServerCommand {
  name: string
  flags: string[]
  tips: string[]
  keySpecs: KeySpec[]
  container: boolean
}

const server = useServer()

describe('specs compared with the server', () => {
  test("specs agree with the server's COMMAND", async () => {
    expect(Object.keys(EXCEPTIONS).length).toBeLessThanOrEqual(20)
    const reply = (await server().command('COMMAND')) as RawReply[][]
    const all = reply.flatMap(documentedCommands)
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
      `${server().flavour} ${server().version.join('.')}: ${all.length} commands and subcommands; unknown to the server: ${newer.join(', ')}`,
    )
    expect(missing).toEqual([])
    expect(differences).toEqual([])
  })

  test('docstrings name the version in which the server introduced the command', async () => {
    const since = sinceWhen((await server().command('COMMAND', 'DOCS')) as RawReply[])
    const wrong: string[] = []
    for (const [name, docs] of documented()) {
      const version = since.get(name)?.replace(/\.0$/, '')
      // Commands of 1.0 need no version; 2.9.50 is a release candidate of 3.0.
      if (version === undefined || version === '1.0' || version === '2.9.50') continue
      const versions = [...docs.matchAll(/since (?:Redis |Valkey )?(\d[\d.]*\d)/gi)].map(([, each]) => each)
      if (!versions.includes(version)) wrong.push(`${name}: ${version}, not ${versions.join(', ')}`)
    }
    expect(wrong).toEqual([])
  })

  test('specs find the same keys as the server', async () => {
    const raw = await server().connect()
    // Positions after the command's name. The server replies with an error if it cannot determine the keys.
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

/** A command of COMMAND with its subcommands. */
function documentedCommands(reply: RawReply[]): ServerCommand[] {
  const [name, , flags, , , , , tips, keySpecs, subcommands] = reply as [string, ...RawReply[]]
  const subs = ((subcommands ?? []) as RawReply[][]).flatMap(documentedCommands)
  const theirs: ServerCommand = {
    name: name.replace('|', ' ').toUpperCase(),
    flags: flags as string[],
    tips: (tips ?? []) as string[],
    keySpecs: ((keySpecs ?? []) as RawReply[][]).map(each => keySpecOf(each, name.includes('|') ? 2 : 1)),
    container: subs.length > 0 && name.toUpperCase() !== 'COMMAND',
  }
  return [theirs, ...subs]
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

/** Some key specs of newer servers do not contain the kind of access: then only ours is known. */
function accessOf(flags: string[]): KeySpec['access'] {
  if (flags.includes('RO')) return 'read'
  return flags.some(flag => ['RW', 'OW', 'RM'].includes(flag)) ? 'write' : ('unknown' as KeySpec['access'])
}

/** These have policies since 7.2; older servers report none. */
const TIPPED_LATER = ['CLIENT SETNAME', 'CONFIG RESETSTAT', 'CONFIG REWRITE', 'ACL DELUSER', 'ACL SAVE', 'ACL SETUSER']

/** The version of each command by name, from COMMAND DOCS under RESP2. */
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

function nameOf(reply: RawReply | undefined): string {
  return String(reply).toUpperCase().replace('|', ' ')
}

/** The docs of methods, each with the command whose page it links. */
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

/** LATENCY RESET returns an integer, which all_succeeded cannot merge: some servers report this policy for it. */
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

function compare(spec: Spec, theirs: ServerCommand): string[] {
  const found: string[] = []
  const differ = (what: string, ours: unknown, theirs: unknown) => {
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
      found.push(
        `${spec.name}: ${what} is ${JSON.stringify(ours)} in the client and ${JSON.stringify(theirs)} in the server`,
      )
    }
  }
  differ('read-only', spec.readonly, theirs.flags.includes('readonly'))
  differ('blocking', spec.blocks !== undefined, theirs.flags.includes('blocking'))
  const keys = spec.keys.map((each, i) =>
    String(theirs.keySpecs[i]?.access) === 'unknown' ? { ...each, access: 'unknown' } : each,
  )
  differ('keys', keys, theirs.keySpecs)
  const policy = (kind: string) => theirs.tips.find(tip => tip.startsWith(`${kind}_policy:`))?.split(':')[1]
  const request = policy('request')
  const response = policy('response')
  // Only a person can merge these replies, so the client asks one node.
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
    found.push(`${spec.name}: no response policy`)
  return found
}
