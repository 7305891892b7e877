/** SORT. */
import { slotOf } from '../cluster/slots.js'
import { type Call, type CommandSpec, command, FIRST, integer, type Keys } from '../command.js'
import { Failure, type Reply, SYNTAX, WRONG_TYPE } from '../reply.js'
import { compare, looseDouble, lower } from '../text.js'

const keysOf: Keys = args => {
  const at = args.findLastIndex((arg, i) => i > 1 && lower(arg) === 'store')
  return at < 0 || at + 1 >= args.length ? [args[1]!] : [args[1]!, args[at + 1]!]
}

export const SORTING: readonly CommandSpec[] = [
  command('sort', -2, 'write denyoom', keysOf, call => sort(call, false)),
  command('sort_ro', -2, 'read', FIRST, call => sort(call, true)),
]

interface SortOptions {
  by: string | undefined
  gets: string[]
  descending: boolean
  alpha: boolean
  start: number
  count: number
  target: string | undefined
}

function optionsOf(call: Call, readOnly: boolean): SortOptions {
  const { args } = call
  const options: SortOptions = {
    by: undefined,
    gets: [],
    descending: false,
    alpha: false,
    start: 0,
    count: -1,
    target: undefined,
  }
  for (let i = 2; i < args.length; i++) {
    const word = lower(args[i]!)
    const left = args.length - i - 1
    if (word === 'asc') options.descending = false
    else if (word === 'desc') options.descending = true
    else if (word === 'alpha') options.alpha = true
    else if (word === 'limit' && left >= 2) {
      options.start = integer(args[++i]!)
      options.count = integer(args[++i]!)
    } else if (word === 'store' && !readOnly && left >= 1) options.target = args[++i]!
    else if (word === 'by' && left >= 1) {
      options.by = args[++i]!
      if (options.by.includes('*')) checkPattern(call, options.by, 'BY')
    } else if (word === 'get' && left >= 1) {
      checkPattern(call, args[++i]!, 'GET')
      options.gets.push(args[i]!)
    } else throw SYNTAX
  }
  return options
}

/** A node of a cluster follows patterns only within the slot of the key, and before 8.0 none at all. */
function checkPattern({ server, connection, key }: Call, pattern: string, option: 'BY' | 'GET'): void {
  if (server.cluster !== undefined) {
    const isNewer = server.dialect.has({ redis: [7, 4], valkey: [8, 0] })
    const tag = /\{([^}]+)\}/.exec(pattern)?.[1]
    const fits = tag !== undefined && !tag.includes('*') && slotOf(pattern) === slotOf(key)
    const why = isNewer ? ' when keys formed by the pattern may be in different slots.' : '.'
    if (!isNewer || (!fits && pattern !== '#'))
      throw new Failure(`ERR ${option} option of SORT denied in Cluster mode${why}`)
  }
  if (connection.user?.mayReadEveryKey !== true) {
    throw new Failure(`ERR ${option} option of SORT denied due to insufficient ACL permissions.`)
  }
}

/** Returns the value of the key that a pattern names for an element; `#` is the element itself. */
function lookUp({ db }: Call, pattern: string, element: string): string | null {
  if (pattern === '#') return element
  const star = pattern.indexOf('*')
  if (star < 0) return null
  const arrow = pattern.indexOf('->', star + 1)
  const hasField = arrow >= 0 && arrow + 2 < pattern.length
  const end = hasField ? arrow : pattern.length
  const value = db.read(pattern.slice(0, star) + element + pattern.slice(star + 1, end))
  if (hasField) return (value?.type === 'hash' ? value.fields.get(pattern.slice(arrow + 2)) : undefined) ?? null
  return value?.type === 'string' ? value.text : null
}

function sort(call: Call, readOnly: boolean): Reply {
  const { db, key } = call
  const options = optionsOf(call, readOnly)
  const value = db.read(key)
  if (value !== undefined && value.type !== 'list' && value.type !== 'set' && value.type !== 'zset') return WRONG_TYPE
  if (value?.type === 'zset') value.isSkipList = true
  const elements =
    value === undefined
      ? []
      : value.type === 'list'
        ? [...value.items]
        : value.type === 'set'
          ? [...value.members]
          : value.ordered.map(([member]) => member)
  const keepsOrder = options.by !== undefined && !options.by.includes('*')
  if (!keepsOrder) order(call, elements, options)
  // The result of SORT … STORE must not depend on the order of a set.
  else if (value?.type === 'set' && options.target !== undefined) elements.sort(compare)
  else if (options.descending && value?.type !== 'set') elements.reverse()
  const from = Math.max(0, options.start)
  const chosen = elements.slice(from, options.count < 0 ? undefined : from + options.count)
  const found =
    options.gets.length === 0 ? chosen : chosen.flatMap(each => options.gets.map(get => lookUp(call, get, each)))
  if (options.target === undefined) return found
  return store(
    call,
    options.target,
    found.map(each => each ?? ''),
  )
}

function order(call: Call, elements: string[], { by, alpha, descending, target }: SortOptions): void {
  const weights = new Map<string, string | null>(
    elements.map(each => [each, by === undefined ? each : lookUp(call, by, each)]),
  )
  const sign = descending ? -1 : 1
  if (alpha) {
    const cut = (text: string) =>
      target === undefined && text.includes('\0') ? text.slice(0, text.indexOf('\0')) : text
    elements.sort((a, b) => {
      const [x, y] = [weights.get(a)!, weights.get(b)!]
      if (x === null || y === null) return x === y ? 0 : sign * (x === null ? -1 : 1)
      return sign * compare(cut(x), cut(y))
    })
    return
  }
  const needsDigits = call.server.dialect.has({ valkey: [9, 0] })
  const isPlain = call.server.dialect.has({ redis: [8, 0], valkey: [9, 0] })
  const scores = new Map<string, number>()
  for (const [element, weight] of weights) {
    const score = weight === null ? 0 : looseDouble(weight, isPlain)
    if (score === undefined || (weight === '' && needsDigits))
      throw new Failure("ERR One or more scores can't be converted into double")
    scores.set(element, score)
  }
  elements.sort((a, b) => sign * (scores.get(a)! - scores.get(b)! || compare(a, b)))
}

function store({ db }: Call, target: string, items: string[]): Reply {
  if (items.length > 0) {
    db.put(target, { type: 'list', items })
    db.event('l', 'sortstore', target)
  } else if (db.find(target) !== undefined) {
    db.delete(target)
    db.touch(target)
    db.event('g', 'del', target)
  }
  return items.length
}
