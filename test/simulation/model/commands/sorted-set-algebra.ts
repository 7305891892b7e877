/** Unions, intersections and differences of sorted sets and sets. */
import { type Call, type CommandSpec, command, counted, integer } from '../command.js'
import type { Database } from '../database.js'
import { Failure, type Reply, SYNTAX, WRONG_TYPE } from '../reply.js'
import { compare, double, lower } from '../text.js'
import type { Scored } from '../values.js'
import { storeMembers } from './sorted-set-ranges.js'
import { withScores } from './sorted-sets.js'

type Operation = 'union' | 'inter' | 'diff'

export const SORTED_SET_ALGEBRA: readonly CommandSpec[] = [
  command('zunion', -3, 'read', counted(1), call => reply(call, 'union')),
  command('zinter', -3, 'read', counted(1), call => reply(call, 'inter')),
  command('zdiff', -3, 'read', counted(1), call => reply(call, 'diff')),
  command('zunionstore', -4, 'write denyoom', counted(2, 1), call => store(call, 'union')),
  command('zinterstore', -4, 'write denyoom', counted(2, 1), call => store(call, 'inter')),
  command('zdiffstore', -4, 'write denyoom', counted(2, 1), call => store(call, 'diff')),
  command('zintercard', -3, 'read', counted(1), intercard),
]

interface Source {
  readonly scores: ReadonlyMap<string, number>
  weight: number
}

function sourceOf(db: Database, key: string, forWrite: boolean): Source {
  const value = forWrite ? db.find(key) : db.read(key)
  if (value === undefined) return { scores: new Map(), weight: 1 }
  if (value.type === 'zset') return { scores: new Map(value.ordered), weight: 1 }
  if (value.type !== 'set') throw WRONG_TYPE
  return { scores: new Map([...value.members].map(member => [member, 1])), weight: 1 }
}

interface Query {
  readonly sources: readonly Source[]
  readonly aggregate: string
  readonly scored: boolean
}

function queryOf(call: Call, operation: Operation, at: number, stores: boolean): Query {
  const { args, db, spec } = call
  const count = integer(args[at]!)
  if (count < 1) throw new Failure(`ERR at least 1 input key is needed for '${spec.name}' command`)
  if (count > args.length - at - 1) throw SYNTAX
  const sources = args.slice(at + 1, at + 1 + count).map(key => sourceOf(db, key, stores))
  let aggregate = 'sum'
  let scored = false
  for (let i = at + 1 + count; i < args.length; i++) {
    const word = lower(args[i]!)
    const left = args.length - i
    if (word === 'weights' && operation !== 'diff' && left >= count + 1) {
      for (const source of sources) {
        const weight = double(args[++i]!)
        if (weight === undefined) throw new Failure('ERR weight value is not a float')
        source.weight = weight
      }
    } else if (word === 'aggregate' && operation !== 'diff' && left >= 2) {
      aggregate = lower(args[++i]!)
      if (!['sum', 'min', 'max'].includes(aggregate)) throw SYNTAX
    } else if (word === 'withscores' && !stores) scored = true
    else throw SYNTAX
  }
  return { sources, aggregate, scored }
}

function weighted({ scores, weight }: Source, member: string): number | undefined {
  const score = scores.get(member)
  return score === undefined ? undefined : score * weight || 0
}

function joined(a: number, b: number, aggregate: string): number {
  if (aggregate === 'min') return Math.min(a, b)
  // The sum of inf and -inf is 0.
  return aggregate === 'max' ? Math.max(a, b) : a + b || 0
}

function compute({ sources, aggregate }: Query, operation: Operation): Scored[] {
  const result = new Map<string, number>()
  if (operation === 'diff') {
    const [first, ...others] = sources
    for (const [member, score] of first!.scores) {
      if (!others.some(({ scores }) => scores.has(member))) result.set(member, score)
    }
  } else {
    const bySize = [...sources].sort((a, b) => a.scores.size - b.scores.size)
    const candidates =
      operation === 'union' ? bySize.flatMap(({ scores }) => [...scores.keys()]) : bySize[0]!.scores.keys()
    for (const member of candidates) {
      const scores = bySize.map(source => weighted(source, member)).filter(score => score !== undefined)
      if (operation === 'inter' && scores.length < sources.length) continue
      result.set(
        member,
        scores.reduce((a, b) => joined(a, b, aggregate)),
      )
    }
  }
  return [...result].sort((a, b) => a[1] - b[1] || compare(a[0], b[0]))
}

function reply(call: Call, operation: Operation): Reply {
  const query = queryOf(call, operation, 1, false)
  const members = compute(query, operation)
  return query.scored ? withScores(call, members) : members.map(([member]) => member)
}

function store(call: Call, operation: Operation): Reply {
  const members = compute(queryOf(call, operation, 2, true), operation)
  return storeMembers(call, call.text(1), members, call.spec.name)
}

function intercard({ db, args }: Call): Reply {
  const count = integer(args[1]!)
  if (count < 1) return new Failure("ERR at least 1 input key is needed for 'zintercard' command")
  if (count > args.length - 2) return SYNTAX
  const sources = args.slice(2, 2 + count).map(key => sourceOf(db, key, false))
  let limit = 0
  for (let i = 2 + count; i < args.length; i += 2) {
    if (lower(args[i]!) !== 'limit' || i + 1 >= args.length) return SYNTAX
    const negative = new Failure("ERR LIMIT can't be negative")
    limit = integer(args[i + 1]!, negative)
    if (limit < 0) return negative
  }
  const { length } = compute({ sources, aggregate: 'sum', scored: false }, 'inter')
  return limit > 0 ? Math.min(limit, length) : length
}
