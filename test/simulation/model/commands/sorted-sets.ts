/** Commands on single members or keys of sorted sets. */
import { type Call, type CommandSpec, command, FIRST, IN_72, integer, since, wrongArity } from '../command.js'
import { Double, Failure, NOT_FLOAT, NULL_ARRAY, type Reply, SYNTAX } from '../reply.js'
import { cursorOf, fits, NOTHING_FOUND, page, scanOptions } from '../scans.js'
import { double, fewestDigits, lower, seventeenDigits } from '../text.js'
import { type Scored, SortedSet } from '../values.js'
import { sample } from './hashes.js'

export const SORTED_SETS: readonly CommandSpec[] = [
  command('zadd', -4, 'write denyoom', FIRST, call => add(call, 'zadd')),
  command('zincrby', 4, 'write denyoom', FIRST, call => add(call, 'zincrby')),
  command('zrem', -3, 'write', FIRST, call => {
    const { db, key } = call
    const zset = db.findTyped(key, 'zset')
    if (zset === undefined) return 0
    const removed = call.args.slice(2).filter(member => zset.delete(member)).length
    if (removed > 0) {
      db.event('z', 'zrem', key)
      db.deleteIfEmpty(key, zset)
      db.touch(key)
    }
    return removed
  }),
  command('zcard', 2, 'read', FIRST, call => read(call)?.size ?? 0),
  command('zscore', 3, 'read', FIRST, call => scoreOf(read(call), call.text(2))),
  command('zmscore', -3, 'read', FIRST, call => {
    const zset = read(call)
    return call.args.slice(2).map(member => scoreOf(zset, member))
  }),
  command('zrank', 3, 'read', FIRST, call => rank(call, false)),
  command('zrevrank', 3, 'read', FIRST, call => rank(call, true)),
  ...since(
    IN_72,
    command('zrank', -3, 'read', FIRST, call => rank(call, false)),
    command('zrevrank', -3, 'read', FIRST, call => rank(call, true)),
  ),
  command('zrandmember', -2, 'read', FIRST, randomMembers),
  command('zscan', -3, 'read', FIRST, call => {
    cursorOf(call, 2)
    const zset = read(call)
    if (zset === undefined) return NOTHING_FOUND
    const { cursor, count, match } = scanOptions(call, 2, false)
    const isWhole = !zset.isSkipList
    const [next, found] = page(zset.ordered, isWhole ? 0 : cursor, isWhole ? Infinity : count, ([member]) => member)
    const wanted = found.filter(([member]) => match === undefined || fits(match, member))
    return [
      next,
      wanted.flatMap(([member, score]) => [
        member,
        call.server.dialect.is72 ? fewestDigits(score) : seventeenDigits(score),
      ]),
    ]
  }),
]

function read({ db, key }: Call): SortedSet | undefined {
  return db.readTyped(key, 'zset')
}

function scoreOf(zset: SortedSet | undefined, member: string): Reply {
  const score = zset?.score(member)
  return score === undefined ? null : new Double(score)
}

function rank(call: Call, reversed: boolean): Reply {
  const { args } = call
  if (args.length > 4) return wrongArity(call.spec.name)
  const scored = args.length > 3
  if (scored && lower(args[3]!) !== 'withscore') return SYNTAX
  const zset = read(call)
  const found = zset?.rank(call.text(2))
  if (zset === undefined || found === undefined) return scored ? NULL_ARRAY : null
  const shown = reversed ? zset.size - 1 - found : found
  return scored ? [shown, scoreOf(zset, call.text(2))] : shown
}

/** Returns members with scores: pairs under RESP3, a flat list under RESP2. */
export function withScores({ connection }: Call, members: readonly Scored[]): Reply {
  const pairs = members.map(([member, score]): [Reply, Reply] => [member, new Double(score)])
  return connection.protocol === 3 ? pairs : pairs.flat()
}

/** ZADD and ZINCRBY. */
function add(call: Call, name: 'zadd' | 'zincrby'): Reply {
  const { db, key, args } = call
  const words = new Set<string>(name === 'zincrby' ? ['incr'] : [])
  let start = 2
  if (name === 'zadd') {
    for (; start < args.length; start++) {
      const word = lower(args[start]!)
      if (!['nx', 'xx', 'gt', 'lt', 'ch', 'incr'].includes(word)) break
      words.add(word)
    }
  }
  const elements = args.slice(start)
  if (elements.length % 2 !== 0 || elements.length === 0) return SYNTAX
  const [nx, xx, gt, lt] = ['nx', 'xx', 'gt', 'lt'].map(word => words.has(word))
  if (nx && xx) return new Failure('ERR XX and NX options at the same time are not compatible')
  if ((gt && nx) || (lt && nx) || (gt && lt)) {
    return new Failure('ERR GT, LT, and/or NX options at the same time are not compatible')
  }
  const increments = words.has('incr')
  if (increments && elements.length > 2) {
    return new Failure('ERR INCR option supports a single increment-element pair')
  }
  const pairs: [number, string][] = []
  for (let i = 0; i < elements.length; i += 2) {
    const score = double(elements[i]!, call.server.dialect.has({ valkey: [9, 0] }))
    // A number that is too large for a double is not a score, but `inf` is.
    if (score === undefined || (Math.abs(score) === Infinity && !/inf/i.test(elements[i]!))) return NOT_FLOAT
    pairs.push([score, elements[i + 1]!])
  }
  const existing = db.findTyped(key, 'zset')
  if (existing === undefined && xx) return increments ? null : 0
  const zset = existing ?? new SortedSet()
  if (existing === undefined) db.add(key, zset)
  let added = 0
  let updated = 0
  let result: number | undefined
  for (const [given, member] of pairs) {
    const old = zset.score(member)
    if (old === undefined ? xx : nx) continue
    const score = increments && old !== undefined ? old + given : given
    if (Number.isNaN(score)) return new Failure('ERR resulting score is not a number (NaN)')
    if (old !== undefined && ((lt && score >= old) || (gt && score <= old))) continue
    result = score
    if (old === score) continue
    zset.set(member, score)
    if (old === undefined) added++
    else updated++
  }
  if (added + updated > 0) {
    db.touch(key)
    db.event('z', increments ? 'zincr' : 'zadd', key)
  }
  if (increments) return result === undefined ? null : new Double(result)
  return words.has('ch') ? added + updated : added
}

function randomMembers(call: Call): Reply {
  const { server, args } = call
  const count = args.length > 2 ? integer(args[2]!) : undefined
  if (args.length > 4 || (args.length === 4 && lower(args[3]!) !== 'withscores')) return SYNTAX
  const members = read(call)?.ordered ?? []
  if (count === undefined) return members[server.random(members.length)]?.[0] ?? null
  const chosen = sample(members, count, below => server.random(below))
  return args.length === 4 ? withScores(call, chosen) : chosen.map(([member]) => member)
}
