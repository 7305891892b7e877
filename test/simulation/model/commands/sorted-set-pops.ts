/** ZPOPMIN, ZPOPMAX and their blocking forms. */
import { type Call, type CommandSpec, command, counted, FIRST, integer, type Keys } from '../command.js'
import type { Database } from '../database.js'
import { Double, Failure, NOTHING, NULL_ARRAY, type Reply, SYNTAX } from '../reply.js'
import { lower } from '../text.js'
import type { Scored } from '../values.js'
import { deadlineOf } from './lists-blocking.js'
import { withScores } from './sorted-sets.js'

type Side = 'min' | 'max'

const ALL_BUT_LAST: Keys = [1, -2, 1]

export const SORTED_SET_POPS: readonly CommandSpec[] = [
  command('zpopmin', -2, 'write', FIRST, call => pop(call, 'min')),
  command('zpopmax', -2, 'write', FIRST, call => pop(call, 'max')),
  command('zmpop', -4, 'write', counted(1), call => {
    const { keys, side, count } = optionsOf(call.args.slice(1))
    for (const key of keys) {
      if (call.db.findTyped(key, 'zset') !== undefined) return [key, pairs(take(call.db, key, side, count))]
    }
    return NULL_ARRAY
  }),
  command('bzpopmin', -3, 'write noscript blocking', ALL_BUT_LAST, call => blockingPop(call, 'min')),
  command('bzpopmax', -3, 'write noscript blocking', ALL_BUT_LAST, call => blockingPop(call, 'max')),
  command('bzmpop', -5, 'write blocking', counted(2), call => {
    const { keys, side, count } = optionsOf(call.args.slice(2))
    const deadline = deadlineOf(call, call.text(1))
    return orBlock(call, keys, deadline, key => [key, pairs(take(call.db, key, side, count))])
  }),
]

function pairs(members: readonly Scored[]): Reply {
  return members.map(([member, score]) => [member, new Double(score)])
}

/** Pops members of an existing sorted set, with the keyspace events. */
function take(db: Database, key: string, side: Side, count: number): Scored[] {
  const zset = db.findTyped(key, 'zset')!
  const ordered = side === 'min' ? zset.ordered : [...zset.ordered].reverse()
  const taken = ordered.slice(0, count)
  for (const [member] of taken) zset.delete(member)
  if (taken.length === 0) return []
  db.event('z', side === 'min' ? 'zpopmin' : 'zpopmax', key)
  db.deleteIfEmpty(key, zset)
  db.touch(key)
  return taken
}

function pop(call: Call, side: Side): Reply {
  const { db, key, args, connection } = call
  if (args.length > 3) return SYNTAX
  const failure = new Failure('ERR value is out of range, must be positive')
  const count = args.length === 3 ? integer(args[2]!, failure) : undefined
  if (count !== undefined && count < 0) return failure
  if (db.findTyped(key, 'zset') === undefined) return []
  const taken = take(db, key, side, count ?? 1)
  if (count === undefined && connection.protocol === 3) {
    return taken.flatMap(([member, score]) => [member, new Double(score)])
  }
  return withScores(call, taken)
}

function blockingPop(call: Call, side: Side): Reply {
  const deadline = deadlineOf(call, call.args.at(-1)!)
  return orBlock(call, call.args.slice(1, -1), deadline, key => {
    const [[member, score] = ['', 0]] = take(call.db, key, side, 1)
    return [key, member, new Double(score)]
  })
}

function orBlock(call: Call, keys: readonly string[], deadline: number, serve: (key: string) => Reply): Reply {
  const { db, server } = call
  const first = (): Reply | undefined => {
    const key = keys.find(each => db.findTyped(each, 'zset') !== undefined)
    return key === undefined ? undefined : serve(key)
  }
  const reply = first()
  if (reply !== undefined) return reply
  if (call.atOnce) return NULL_ARRAY
  server.blocking.block(call.connection, {
    db,
    keys,
    type: 'zset',
    deadline,
    // Since 7.2 the whole command runs again after the wait.
    serve: server.dialect.is72 ? first : serve,
    timedOut: () => NULL_ARRAY,
    args: call.args,
  })
  return NOTHING
}

/** Parses the arguments of ZMPOP and BZMPOP from the count of keys on. */
function optionsOf(args: readonly string[]): { keys: readonly string[]; side: Side; count: number } {
  const tooFew = new Failure('ERR numkeys should be greater than 0')
  const keyCount = integer(args[0]!, tooFew)
  if (keyCount <= 0) throw tooFew
  const side = lower(args[1 + keyCount] ?? '')
  if (side !== 'min' && side !== 'max') throw SYNTAX
  let count: number | undefined
  for (let i = 2 + keyCount; i < args.length; i += 2) {
    if (lower(args[i]!) !== 'count' || count !== undefined || i + 1 >= args.length) throw SYNTAX
    const failure = new Failure('ERR count should be greater than 0')
    count = integer(args[i + 1]!, failure)
    if (count <= 0) throw failure
  }
  return { keys: args.slice(1, 1 + keyCount), side, count: count ?? 1 }
}
