/** Sets. */
import { ALL, type Call, type CommandSpec, command, counted, FIRST, integer, TWO } from '../command.js'
import { Failure, type Reply, SetReply, SYNTAX } from '../reply.js'
import { cursorOf, fits, NOTHING_FOUND, page, scanOptions } from '../scans.js'
import { lower } from '../text.js'
import type { Members } from '../values.js'
import { sample } from './hashes.js'

export const SETS: readonly CommandSpec[] = [
  command('sadd', -3, 'write denyoom', FIRST, call => {
    const { db, key } = call
    const set = db.findTyped(key, 'set')
    const members = set?.members ?? new Set<string>()
    const before = members.size
    for (const member of call.args.slice(2)) members.add(member)
    if (set === undefined) db.add(key, { type: 'set', members })
    if (members.size > before) {
      db.touch(key)
      db.event('s', 'sadd', key)
    }
    return members.size - before
  }),
  command('srem', -3, 'write', FIRST, call => {
    const set = call.db.findTyped(call.key, 'set')
    return set === undefined ? 0 : remove(call, set, call.args.slice(2), 'srem')
  }),
  command('sismember', 3, 'read', FIRST, call => (read(call)?.members.has(call.text(2)) === true ? 1 : 0)),
  command('smismember', -3, 'read', FIRST, call => {
    const set = read(call)
    return call.args.slice(2).map(member => (set?.members.has(member) === true ? 1 : 0))
  }),
  command('smembers', 2, 'read', FIRST, call => new SetReply([...(read(call)?.members ?? [])])),
  command('scard', 2, 'read', FIRST, call => read(call)?.members.size ?? 0),
  command('smove', 4, 'write', TWO, move),
  command('spop', -2, 'write', FIRST, pop),
  command('srandmember', -2, 'read', FIRST, call => {
    const { server, args } = call
    if (args.length > 3) return SYNTAX
    const count = args.length === 3 ? integer(args[2]!) : undefined
    const members = [...(read(call)?.members ?? [])]
    if (count === undefined) return members[server.random(members.length)] ?? null
    return sample(members, count, below => server.random(below))
  }),
  command('sinter', -2, 'read', ALL, call => new SetReply([...intersection(call, call.args.slice(1), false)])),
  command('sunion', -2, 'read', ALL, call => new SetReply([...union(call, call.args.slice(1), false)])),
  command('sdiff', -2, 'read', ALL, call => new SetReply([...difference(call, call.args.slice(1), false)])),
  command('sinterstore', -3, 'write denyoom', ALL, call => store(call, intersection(call, call.args.slice(2), true))),
  command('sunionstore', -3, 'write denyoom', ALL, call => store(call, union(call, call.args.slice(2), true))),
  command('sdiffstore', -3, 'write denyoom', ALL, call => store(call, difference(call, call.args.slice(2), true))),
  command('sintercard', -3, 'read', counted(1), intercard),
  command('sscan', -3, 'read', FIRST, call => {
    cursorOf(call, 2)
    const set = read(call)
    if (set === undefined) return NOTHING_FOUND
    const { cursor, count, match } = scanOptions(call, 2, false)
    const members = [...set.members]
    const [next, found] = page(members, cursor, count, member => member)
    return [next, found.filter(member => match === undefined || fits(match, member))]
  }),
]

function read({ db, key }: Call): Members | undefined {
  return db.readTyped(key, 'set')
}

function remove({ db, key }: Call, set: Members, members: readonly string[], event: string): number {
  const removed = members.filter(member => set.members.delete(member)).length
  if (removed > 0) {
    db.touch(key)
    db.event('s', event, key)
    db.deleteIfEmpty(key, set)
  }
  return removed
}

function move(call: Call): Reply {
  const { db } = call
  const [from, to, member] = [call.text(1), call.text(2), call.text(3)]
  const source = db.find(from)
  if (source === undefined) return 0
  const target = db.findTyped(to, 'set')
  const set = db.findTyped(from, 'set')!
  if (set === target) return set.members.has(member) ? 1 : 0
  if (!set.members.delete(member)) return 0
  db.event('s', 'srem', from)
  db.deleteIfEmpty(from, set)
  db.touch(from)
  if (target === undefined) db.add(to, { type: 'set', members: new Set([member]) })
  if (target?.members.has(member) === true) return 1
  target?.members.add(member)
  db.touch(to)
  db.event('s', 'sadd', to)
  return 1
}

function pop(call: Call): Reply {
  const { db, key, server, args } = call
  if (args.length > 3) return SYNTAX
  const failure = new Failure('ERR value is out of range, must be positive')
  const count = args.length === 3 ? integer(args[2]!, failure) : undefined
  if (count !== undefined && count < 0) return failure
  const set = db.findTyped(key, 'set')
  if (set === undefined) return count === undefined ? null : new SetReply([])
  const chosen = sample([...set.members], count ?? 1, below => server.random(below))
  remove(call, set, chosen, 'spop')
  return count === undefined ? chosen[0]! : new SetReply(chosen)
}

/** Returns the sets of the keys. The types of all keys are checked first. */
function setsOf({ db }: Call, keys: readonly string[], toStore: boolean): ReadonlySet<string>[] {
  return keys.map(key => (toStore ? db.findTyped(key, 'set') : db.readTyped(key, 'set'))?.members ?? new Set())
}

function intersection(call: Call, keys: readonly string[], toStore: boolean): Set<string> {
  const [first = new Set<string>(), ...others] = setsOf(call, keys, toStore)
  return new Set([...first].filter(member => others.every(other => other.has(member))))
}

function union(call: Call, keys: readonly string[], toStore: boolean): Set<string> {
  return new Set(setsOf(call, keys, toStore).flatMap(set => [...set]))
}

function difference(call: Call, keys: readonly string[], toStore: boolean): Set<string> {
  const [first = new Set<string>(), ...others] = setsOf(call, keys, toStore)
  return new Set([...first].filter(member => !others.some(other => other.has(member))))
}

function store({ db, key, spec }: Call, members: Set<string>): Reply {
  if (members.size > 0) {
    db.put(key, { type: 'set', members })
    db.event('s', spec.name, key)
  } else if (db.find(key) !== undefined) {
    db.delete(key)
    db.touch(key)
    db.event('g', 'del', key)
  }
  return members.size
}

function intercard(call: Call): Reply {
  const { args } = call
  const tooFew = new Failure('ERR numkeys should be greater than 0')
  const count = integer(args[1]!, tooFew)
  if (count <= 0) return tooFew
  if (count > args.length - 2) return new Failure("ERR Number of keys can't be greater than number of args")
  let limit = 0
  for (let i = 2 + count; i < args.length; i += 2) {
    if (lower(args[i]!) !== 'limit' || i + 1 >= args.length) return SYNTAX
    const negative = new Failure("ERR LIMIT can't be negative")
    limit = integer(args[i + 1]!, negative)
    if (limit < 0) return negative
  }
  const { size } = intersection(call, args.slice(2, 2 + count), false)
  return limit > 0 ? Math.min(limit, size) : size
}
