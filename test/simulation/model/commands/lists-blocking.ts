/** Blocking commands on lists. */
import { type Call, type CommandSpec, command, counted, type Keys, TWO } from '../command.js'
import { Failure, NOTHING, NULL_ARRAY, type Reply } from '../reply.js'
import { double } from '../text.js'
import { type End, endOf, move, popFrom, popOptions } from './lists.js'

const ALL_BUT_LAST: Keys = [1, -2, 1]
const MOVES = 'write denyoom noscript blocking'

export const BLOCKING_LISTS: readonly CommandSpec[] = [
  command('blpop', -3, 'write noscript blocking', ALL_BUT_LAST, call => blockingPop(call, 'left')),
  command('brpop', -3, 'write noscript blocking', ALL_BUT_LAST, call => blockingPop(call, 'right')),
  command('brpoplpush', 4, MOVES, TWO, call => blockingMove(call, 'right', 'left', call.text(3))),
  command('blmove', 6, MOVES, TWO, call => {
    const [from, to] = [endOf(call.text(3)), endOf(call.text(4))]
    return blockingMove(call, from, to, call.text(5))
  }),
  command('blmpop', -5, 'write blocking', counted(2), call => {
    const { keys, end, count } = popOptions(call.args.slice(2))
    const deadline = deadlineOf(call, call.text(1))
    const take = (key: string): Reply => [key, popFrom(call.db, key, end, count)]
    return orBlock(call, keys, deadline, take, NULL_ARRAY)
  }),
]

/** Parses a timeout in seconds. Returns the end of the blocking call, ms. */
export function deadlineOf(call: Call, text: string): number {
  const seconds = double(text)
  if (seconds === undefined || Number.isNaN(seconds)) throw new Failure('ERR timeout is not a float or out of range')
  const ms = Math.ceil(seconds * 1000)
  // Before 7.2 a timeout that is too large overflows to a negative number.
  if (!(Math.abs(ms) < 2 ** 63)) {
    throw new Failure(`ERR timeout is ${call.server.dialect.is72 ? 'out of range' : 'negative'}`)
  }
  if (ms < 0) throw new Failure('ERR timeout is negative')
  if (ms + call.now >= 2 ** 63) throw new Failure('ERR timeout is out of range')
  return ms === 0 ? Infinity : call.now + ms
}

function blockingPop(call: Call, end: End): Reply {
  const deadline = deadlineOf(call, call.args.at(-1)!)
  const take = (key: string): Reply => [key, popFrom(call.db, key, end, 1)[0]!]
  return orBlock(call, call.args.slice(1, -1), deadline, take, NULL_ARRAY)
}

/** Serves the first key that exists, or blocks until one is added. */
function orBlock(
  call: Call,
  keys: readonly string[],
  deadline: number,
  take: (key: string) => Reply,
  none: Reply,
): Reply {
  const { db, server } = call
  const first = (): Reply | undefined => {
    const key = keys.find(each => db.findTyped(each, 'list') !== undefined)
    return key === undefined ? undefined : take(key)
  }
  const reply = first()
  if (reply !== undefined) return reply
  if (call.atOnce) return none
  server.blocking.block(call.connection, {
    db,
    keys,
    type: 'list',
    deadline,
    // Since 7.2 the whole command runs again after the wait.
    serve: server.dialect.is72 ? first : take,
    timedOut: () => none,
    args: call.args,
  })
  return NOTHING
}

function blockingMove(call: Call, from: End, to: End, timeout: string): Reply {
  const { db } = call
  const deadline = deadlineOf(call, timeout)
  const [source, target] = [call.text(1), call.text(2)]
  if (db.findTyped(source, 'list') !== undefined) return move(call, source, target, from, to)
  if (call.atOnce) return null
  call.server.blocking.block(call.connection, {
    db,
    keys: [source],
    type: 'list',
    deadline,
    // `move` checks the type of the target again: it may have changed during the wait.
    serve: () => move(call, source, target, from, to),
    timedOut: () => NULL_ARRAY,
    args: call.args,
  })
  return NOTHING
}
