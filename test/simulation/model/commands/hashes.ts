/** Hashes. */
import { bigInteger, type Call, type CommandSpec, command, FIRST, integer, wrongArity } from '../command.js'
import { formatted, longDouble, sum } from '../long-double.js'
import { Failure, MapReply, OK, type Reply, SYNTAX } from '../reply.js'
import { cursorOf, fits, NOTHING_FOUND, page, scanOptions } from '../scans.js'
import { double, inInt64, int64, lower } from '../text.js'
import type { Hash } from '../values.js'

export const HASHES: readonly CommandSpec[] = [
  command('hset', -4, 'write denyoom', FIRST, call => store(call)),
  command('hmset', -4, 'write denyoom', FIRST, call => {
    store(call)
    return OK
  }),
  command('hsetnx', 4, 'write denyoom', FIRST, call => {
    const { db, key } = call
    const hash = db.findTyped(key, 'hash')
    if (hash?.fields.has(call.text(2)) === true) return 0
    fieldsFor(call, hash).set(call.text(2), call.text(3))
    db.touch(key)
    db.event('h', 'hset', key)
    return 1
  }),
  command('hget', 3, 'read', FIRST, call => read(call)?.fields.get(call.text(2)) ?? null),
  command('hmget', -3, 'read', FIRST, call => {
    const hash = read(call)
    return call.args.slice(2).map(field => hash?.fields.get(field) ?? null)
  }),
  command('hdel', -3, 'write', FIRST, call => {
    const { db, key } = call
    const hash = db.findTyped(key, 'hash')
    if (hash === undefined) return 0
    const removed = call.args.slice(2).filter(field => hash.fields.delete(field)).length
    if (removed > 0) {
      db.touch(key)
      db.event('h', 'hdel', key)
      db.deleteIfEmpty(key, hash)
    }
    return removed
  }),
  command('hlen', 2, 'read', FIRST, call => read(call)?.fields.size ?? 0),
  command('hstrlen', 3, 'read', FIRST, call => read(call)?.fields.get(call.text(2))?.length ?? 0),
  command('hexists', 3, 'read', FIRST, call => (read(call)?.fields.has(call.text(2)) === true ? 1 : 0)),
  command('hkeys', 2, 'read', FIRST, call => [...(read(call)?.fields.keys() ?? [])]),
  command('hvals', 2, 'read', FIRST, call => [...(read(call)?.fields.values() ?? [])]),
  command('hgetall', 2, 'read', FIRST, call => new MapReply([...(read(call)?.fields ?? [])])),
  command('hincrby', 4, 'write denyoom', FIRST, call => {
    const by = bigInteger(call.text(3))
    const hash = call.db.findTyped(call.key, 'hash')
    const old = int64(hash?.fields.get(call.text(2)) ?? '0')
    if (old === undefined) return new Failure('ERR hash value is not an integer')
    if (!inInt64(old + by)) return new Failure('ERR increment or decrement would overflow')
    change(call, hash, String(old + by), 'hincrby')
    return old + by
  }),
  command('hincrbyfloat', 4, 'write denyoom', FIRST, call => {
    const by = longDouble(call.text(3))
    if (by === undefined) {
      const isInfinite = Math.abs(double(call.text(3)) ?? 0) === Infinity
      return new Failure(isInfinite ? 'ERR value is NaN or Infinity' : 'ERR value is not a valid float')
    }
    const hash = call.db.findTyped(call.key, 'hash')
    const old = longDouble(hash?.fields.get(call.text(2)) ?? '0')
    if (old === undefined) return new Failure('ERR hash value is not a float')
    const text = formatted(sum(old, by))
    change(call, hash, text, 'hincrbyfloat')
    return text
  }),
  command('hrandfield', -2, 'read', FIRST, randomFields),
  command('hscan', -3, 'read', FIRST, call => {
    cursorOf(call, 2)
    const hash = read(call)
    if (hash === undefined) return NOTHING_FOUND
    const { cursor, count, match } = scanOptions(call, 2, false)
    const fields = [...hash.fields]
    const isSmall = fields.length <= 128 && fields.every(pair => pair.every(text => text.length <= 64))
    const [next, found] = page(fields, isSmall ? 0 : cursor, isSmall ? Infinity : count, ([field]) => field)
    return [next, found.filter(([field]) => match === undefined || fits(match, field)).flat()]
  }),
]

function read({ db, key }: Call): Hash | undefined {
  return db.readTyped(key, 'hash')
}

function fieldsFor({ db, key }: Call, hash: Hash | undefined): Map<string, string> {
  if (hash !== undefined) return hash.fields
  const fields = new Map<string, string>()
  db.add(key, { type: 'hash', fields })
  return fields
}

function store(call: Call): number {
  const { db, key, args } = call
  if (args.length % 2 !== 0) throw wrongArity(call.spec.name)
  const fields = fieldsFor(call, db.findTyped(key, 'hash'))
  const before = fields.size
  for (let i = 2; i < args.length; i += 2) fields.set(args[i]!, args[i + 1]!)
  db.touch(key)
  db.event('h', 'hset', key)
  return fields.size - before
}

function change(call: Call, hash: Hash | undefined, text: string, event: string): void {
  fieldsFor(call, hash).set(call.text(2), text)
  call.db.touch(call.key)
  call.db.event('h', event, call.key)
}

function randomFields(call: Call): Reply {
  const { server, connection, args } = call
  const withValues = args.length > 3
  const count = args.length > 2 ? integer(args[2]!) : undefined
  if (args.length > 4 || (withValues && lower(args[3]!) !== 'withvalues')) return SYNTAX
  const fields = [...(read(call)?.fields ?? [])]
  if (count === undefined) return fields[server.random(fields.length)]?.[0] ?? null
  const chosen = sample(fields, count, below => server.random(below))
  if (!withValues) return chosen.map(([field]) => field)
  return connection.protocol === 3 ? chosen : chosen.flat()
}

/** Returns `count` random elements: different ones for a positive count, possibly repeated ones for a negative count. */
export function sample<T>(all: readonly T[], count: number, random: (below: number) => number): T[] {
  if (all.length === 0) return []
  if (count < 0) return Array.from({ length: -count }, () => all[random(all.length)]!)
  const left = [...all]
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(random(left.length), 1)[0]!)
}
