/** Commands on lists that do not block. */
import { type Call, type CommandSpec, command, counted, FIRST, integer, TWO } from '../command.js'
import type { Database } from '../database.js'
import { Failure, NO_KEY, NULL_ARRAY, OK, OUT_OF_RANGE, type Reply, SYNTAX } from '../reply.js'
import { int64, lower } from '../text.js'

export type End = 'left' | 'right'

export const LISTS: readonly CommandSpec[] = [
  command('lpush', -3, 'write denyoom', FIRST, call => push(call, 'left', false)),
  command('rpush', -3, 'write denyoom', FIRST, call => push(call, 'right', false)),
  command('lpushx', -3, 'write denyoom', FIRST, call => push(call, 'left', true)),
  command('rpushx', -3, 'write denyoom', FIRST, call => push(call, 'right', true)),
  command('lpop', -2, 'write', FIRST, call => pop(call, 'left')),
  command('rpop', -2, 'write', FIRST, call => pop(call, 'right')),
  command('llen', 2, 'read', FIRST, call => call.db.readTyped(call.key, 'list')?.items.length ?? 0),
  command('lrange', 4, 'read', FIRST, call => {
    const [start, stop] = [call.int(2), call.int(3)]
    const items = call.db.readTyped(call.key, 'list')?.items ?? []
    return items.slice(...range(items.length, start, stop))
  }),
  command('lindex', 3, 'read', FIRST, call => {
    const list = call.db.readTyped(call.key, 'list')
    const index = list === undefined ? 0 : call.int(2)
    return list?.items.at(index) ?? null
  }),
  command('lset', 4, 'write denyoom', FIRST, call => {
    const { db, key } = call
    const list = db.findTyped(key, 'list')
    if (list === undefined) return NO_KEY
    const index = call.int(2)
    const place = index < 0 ? list.items.length + index : index
    if (place < 0 || place >= list.items.length) return OUT_OF_RANGE
    list.items[place] = call.text(3)
    db.touch(key)
    db.event('l', 'lset', key)
    return OK
  }),
  command('linsert', 5, 'write denyoom', FIRST, call => {
    const { db, key } = call
    const where = lower(call.text(2))
    if (where !== 'before' && where !== 'after') return SYNTAX
    const list = db.findTyped(key, 'list')
    if (list === undefined) return 0
    const pivot = list.items.indexOf(call.text(3))
    if (pivot < 0) return -1
    list.items.splice(where === 'before' ? pivot : pivot + 1, 0, call.text(4))
    db.touch(key)
    db.event('l', 'linsert', key)
    return list.items.length
  }),
  command('lrem', 4, 'write', FIRST, call => {
    const { db, key } = call
    const count = call.int(2)
    const list = db.findTyped(key, 'list')
    if (list === undefined) return 0
    const removed = removeEqual(list.items, call.text(3), count)
    if (removed > 0) {
      db.touch(key)
      db.event('l', 'lrem', key)
      db.deleteIfEmpty(key, list)
    }
    return removed
  }),
  command('ltrim', 4, 'write', FIRST, call => {
    const { db, key } = call
    const [start, stop] = [call.int(2), call.int(3)]
    const list = db.findTyped(key, 'list')
    if (list === undefined) return OK
    const { length } = list.items
    list.items = list.items.slice(...range(length, start, stop))
    db.event('l', 'ltrim', key)
    db.deleteIfEmpty(key, list)
    if (list.items.length < length || !call.server.dialect.has({ valkey: [9, 0] })) db.touch(key)
    return OK
  }),
  command('lpos', -3, 'read', FIRST, lpos),
  command('rpoplpush', 3, 'write denyoom', TWO, call => move(call, call.text(1), call.text(2), 'right', 'left')),
  command('lmove', 5, 'write denyoom', TWO, call => {
    const [from, to] = [endOf(call.text(3)), endOf(call.text(4))]
    return move(call, call.text(1), call.text(2), from, to)
  }),
  command('lmpop', -4, 'write', counted(1), call => {
    const { keys, end, count } = popOptions(call.args.slice(1))
    for (const key of keys) {
      const list = call.db.findTyped(key, 'list')
      if (list !== undefined) return [key, popFrom(call.db, key, end, count)]
    }
    return NULL_ARRAY
  }),
]

/** Returns the arguments of `slice` for a range with inclusive ends, which may count from the end. */
export function range(length: number, start: number, stop: number): [number, number] {
  const from = start < 0 ? Math.max(0, length + start) : start
  const to = stop < 0 ? length + stop : stop
  return from > to || from >= length ? [0, 0] : [from, to + 1]
}

export function endOf(word: string): End {
  const end = lower(word)
  if (end !== 'left' && end !== 'right') throw SYNTAX
  return end
}

function push(call: Call, end: End, onlyIfThere: boolean): Reply {
  const { db, key } = call
  const list = db.findTyped(key, 'list')
  if (list === undefined && onlyIfThere) return 0
  const items = list?.items ?? []
  for (const item of call.args.slice(2)) put(items, end, item)
  if (list === undefined) db.add(key, { type: 'list', items })
  db.touch(key)
  db.event('l', end === 'left' ? 'lpush' : 'rpush', key)
  return items.length
}

function put(items: string[], end: End, item: string): void {
  if (end === 'left') items.unshift(item)
  else items.push(item)
}

function pop(call: Call, end: End): Reply {
  const { db, key, args } = call
  if (args.length > 3) return new Failure(`ERR wrong number of arguments for '${call.spec.name}' command`)
  const count = args.length === 3 ? positive(call.text(2)) : undefined
  const list = db.findTyped(key, 'list')
  if (list === undefined) return count === undefined ? null : NULL_ARRAY
  if (count === 0) return []
  const items = popFrom(db, key, end, count ?? 1)
  return count === undefined ? items[0]! : items
}

function positive(text: string): number {
  const failure = new Failure('ERR value is out of range, must be positive')
  const count = integer(text, failure)
  if (count < 0) throw failure
  return count
}

/** Pops items of an existing list, with the keyspace events. */
export function popFrom(db: Database, key: string, end: End, count: number): string[] {
  const list = db.findTyped(key, 'list')!
  const taken = Math.min(count, list.items.length)
  const items = end === 'left' ? list.items.splice(0, taken) : list.items.splice(-taken).reverse()
  db.event('l', end === 'left' ? 'lpop' : 'rpop', key)
  db.deleteIfEmpty(key, list)
  db.touch(key)
  return items
}

/** LMOVE: replies null if the source is empty. */
export function move({ db }: Call, from: string, to: string, taken: End, given: End): Reply {
  const source = db.findTyped(from, 'list')
  if (source === undefined) return null
  const target = db.findTyped(to, 'list')
  const item = taken === 'left' ? source.items.shift()! : source.items.pop()!
  if (target === undefined) db.add(to, { type: 'list', items: [item] })
  else put(target.items, given, item)
  db.touch(to)
  db.event('l', given === 'left' ? 'lpush' : 'rpush', to)
  db.event('l', taken === 'left' ? 'lpop' : 'rpop', from)
  db.deleteIfEmpty(from, source)
  db.touch(from)
  return item
}

/** Parses the arguments of LMPOP and BLMPOP from the count of keys on. */
export function popOptions(args: readonly string[]): { keys: readonly string[]; end: End; count: number } {
  const tooFew = new Failure('ERR numkeys should be greater than 0')
  const keyCount = integer(args[0]!, tooFew)
  if (keyCount <= 0) throw tooFew
  const word = args[1 + keyCount]
  if (word === undefined) throw SYNTAX
  const end = endOf(word)
  let count: number | undefined
  for (let i = 2 + keyCount; i < args.length; i += 2) {
    if (lower(args[i]!) !== 'count' || count !== undefined || i + 1 >= args.length) throw SYNTAX
    const failure = new Failure('ERR count should be greater than 0')
    count = integer(args[i + 1]!, failure)
    if (count <= 0) throw failure
  }
  return { keys: args.slice(1, 1 + keyCount), end, count: count ?? 1 }
}

function removeEqual(items: string[], item: string, count: number): number {
  const fromEnd = count < 0
  const most = count === 0 ? Infinity : Math.abs(count)
  let removed = 0
  for (let i = fromEnd ? items.length - 1 : 0; i >= 0 && i < items.length && removed < most; ) {
    if (items[i] === item) {
      items.splice(i, 1)
      removed++
      if (fromEnd) i--
    } else i += fromEnd ? -1 : 1
  }
  return removed
}

function lpos(call: Call): Reply {
  let rank = 1
  let count: number | undefined
  let most = 0
  for (let i = 3; i < call.args.length; i += 2) {
    const word = lower(call.text(i))
    if (i + 1 >= call.args.length || !['rank', 'count', 'maxlen'].includes(word)) return SYNTAX
    const text = call.text(i + 1)
    if (word === 'rank') {
      const failure =
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"
      rank = integer(text)
      if (rank === 0) return new Failure(failure)
    } else {
      const failure = new Failure(`ERR ${word === 'count' ? 'COUNT' : 'MAXLEN'} can't be negative`)
      const value = int64(text)
      if (value === undefined || value < 0n) return failure
      if (word === 'count') count = Number(value)
      else most = Number(value)
    }
  }
  const items = call.db.readTyped(call.key, 'list')?.items ?? []
  const order = [...items.keys()]
  if (rank < 0) order.reverse()
  const found = (most === 0 ? order : order.slice(0, most)).filter(i => items[i] === call.text(2))
  const ranked = found.slice(Math.abs(rank) - 1)
  if (count === undefined) return ranked[0] ?? null
  return count === 0 ? ranked : ranked.slice(0, count)
}
