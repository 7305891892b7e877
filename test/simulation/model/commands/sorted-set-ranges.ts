/** Ranges of sorted sets: by rank, by score or by member. */
import { type Call, type CommandSpec, command, FIRST, integer, TWO } from '../command.js'
import { Failure, type Reply, SYNTAX } from '../reply.js'
import { compare, looseDouble, lower } from '../text.js'
import { type Scored, SortedSet } from '../values.js'
import { range } from './lists.js'
import { withScores } from './sorted-sets.js'

type By = 'rank' | 'score' | 'lex'

interface Query {
  by: By | undefined
  reversed: boolean | undefined
  /** The position of the key; min and max follow it. */
  at: number
  stores?: boolean
}

export const SORTED_SET_RANGES: readonly CommandSpec[] = [
  command('zrange', -4, 'read', FIRST, call => reply(call, { by: undefined, reversed: undefined, at: 1 })),
  command('zrevrange', -4, 'read', FIRST, call => reply(call, { by: 'rank', reversed: true, at: 1 })),
  command('zrangebyscore', -4, 'read', FIRST, call => reply(call, { by: 'score', reversed: false, at: 1 })),
  command('zrevrangebyscore', -4, 'read', FIRST, call => reply(call, { by: 'score', reversed: true, at: 1 })),
  command('zrangebylex', -4, 'read', FIRST, call => reply(call, { by: 'lex', reversed: false, at: 1 })),
  command('zrevrangebylex', -4, 'read', FIRST, call => reply(call, { by: 'lex', reversed: true, at: 1 })),
  command('zrangestore', -5, 'write denyoom', TWO, call => {
    const { members } = select(call, { by: undefined, reversed: undefined, at: 2, stores: true })
    return storeMembers(call, call.text(1), members, 'zrangestore')
  }),
  command('zcount', 4, 'read', FIRST, call => {
    const within = scoreRange(call, call.text(2), call.text(3))
    return read(call).filter(([, score]) => within(score)).length
  }),
  command('zlexcount', 4, 'read', FIRST, call => {
    const within = lexRange(call.text(2), call.text(3))
    return read(call).filter(([member]) => within(member)).length
  }),
  command('zremrangebyrank', 4, 'write', FIRST, call => {
    const [start, stop] = [call.int(2), call.int(3)]
    return remove(call, members => members.slice(...range(members.length, start, stop)))
  }),
  command('zremrangebyscore', 4, 'write', FIRST, call => {
    const within = scoreRange(call, call.text(2), call.text(3))
    return remove(call, members => members.filter(([, score]) => within(score)))
  }),
  command('zremrangebylex', 4, 'write', FIRST, call => {
    const within = lexRange(call.text(2), call.text(3))
    return remove(call, members => members.filter(([member]) => within(member)))
  }),
]

function read({ db, key }: Call): readonly Scored[] {
  return db.readTyped(key, 'zset')?.ordered ?? []
}

function scoreRange({ server }: Call, min: string, max: string): (score: number) => boolean {
  const plain = server.dialect.has({ redis: [8, 0], valkey: [9, 0] })
  const end = (text: string): [number, boolean] => {
    const open = text.startsWith('(')
    const value = looseDouble(open ? text.slice(1) : text, plain)
    if (value === undefined) throw new Failure('ERR min or max is not a float')
    return [value, open]
  }
  const [low, lowOpen] = end(min)
  const [high, highOpen] = end(max)
  return score => (lowOpen ? score > low : score >= low) && (highOpen ? score < high : score <= high)
}

function lexRange(min: string, max: string): (member: string) => boolean {
  const isEnd = (text: string) => text === '-' || text === '+' || text.startsWith('(') || text.startsWith('[')
  if (!isEnd(min) || !isEnd(max)) throw new Failure('ERR min or max not valid string range item')
  const side = (member: string, end: string): number =>
    end === '-' ? 1 : end === '+' ? -1 : compare(member, end.slice(1))
  return member => {
    const [above, below] = [side(member, min), side(member, max)]
    return (min.startsWith('(') ? above > 0 : above >= 0) && (max.startsWith('(') ? below < 0 : below <= 0)
  }
}

interface Selected {
  readonly members: readonly Scored[]
  readonly scored: boolean
}

function select(call: Call, query: Query): Selected {
  const { db, args } = call
  const { at } = query
  let { by, reversed } = query
  let scored = false
  let offset = 0
  let limit = -1
  for (let i = at + 3; i < args.length; i++) {
    const word = lower(args[i]!)
    if (word === 'withscores' && query.stores !== true) scored = true
    else if (word === 'limit' && i + 2 < args.length) {
      offset = integer(args[++i]!)
      limit = integer(args[++i]!)
    } else if (word === 'rev' && query.reversed === undefined) reversed = true
    else if ((word === 'bylex' || word === 'byscore') && query.by === undefined) by = word === 'bylex' ? 'lex' : 'score'
    else throw SYNTAX
  }
  by ??= 'rank'
  if (limit !== -1 && by === 'rank') {
    throw new Failure('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  }
  if (scored && by === 'lex') {
    throw new Failure('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  }
  const [first, second] = [args[at + 1]!, args[at + 2]!]
  const [min, max] = reversed === true && by !== 'rank' ? [second, first] : [first, second]
  const chosen = chooser(call, by, min, max)
  const value = db.readTyped(args[at]!, 'zset')
  const all = [...(value?.ordered ?? [])]
  if (reversed === true) all.reverse()
  const members = chosen(all)
  if (by === 'rank') return { members, scored }
  if (offset < 0) {
    const isOdd = value?.isSkipList === true && call.server.dialect.has({ redis: [7, 4], valkey: [8, 1] })
    // The server finds the first member by its rank in the range: a negative offset counts from the end.
    const start = isOdd ? members.length + offset : members.length
    return { members: start < 0 ? [] : members.slice(start, limit < 0 ? undefined : start + limit), scored }
  }
  return { members: limit < 0 ? members.slice(offset) : members.slice(offset, offset + limit), scored }
}

function chooser(call: Call, by: By, min: string, max: string): (all: readonly Scored[]) => readonly Scored[] {
  if (by === 'rank') {
    const [start, stop] = [integer(min), integer(max)]
    return all => all.slice(...range(all.length, start, stop))
  }
  if (by === 'score') {
    const within = scoreRange(call, min, max)
    return all => all.filter(([, score]) => within(score))
  }
  const within = lexRange(min, max)
  return all => all.filter(([member]) => within(member))
}

function reply(call: Call, query: Query): Reply {
  const { members, scored } = select(call, query)
  return scored ? withScores(call, members) : members.map(([member]) => member)
}

/** Replaces the value of the key by the members. An empty result deletes the key. */
export function storeMembers({ db }: Call, key: string, members: readonly Scored[], event: string): Reply {
  if (members.length > 0) {
    const zset = new SortedSet()
    for (const [member, score] of members) zset.set(member, score)
    db.put(key, zset)
    db.event('z', event, key)
  } else if (db.find(key) !== undefined) {
    db.delete(key)
    db.touch(key)
    db.event('g', 'del', key)
  }
  return members.length
}

function remove(call: Call, choose: (all: readonly Scored[]) => readonly Scored[]): Reply {
  const { db, key } = call
  const zset = db.findTyped(key, 'zset')
  if (zset === undefined) return 0
  const chosen = choose(zset.ordered)
  for (const [member] of [...chosen]) zset.delete(member)
  if (chosen.length > 0) {
    db.touch(key)
    db.event('z', call.spec.name, key)
    db.deleteIfEmpty(key, zset)
  }
  return chosen.length
}
