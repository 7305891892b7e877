/** Strings. */
import { bigInteger, type Call, type CommandSpec, command, FIRST, integer, type Keys, wrongArity } from '../command.js'
import { formatted, longDouble, sum } from '../long-double.js'
import { Failure, MapReply, NOT_FLOAT, OK, type Reply, SYNTAX } from '../reply.js'
import { double, inInt64, lower } from '../text.js'
import { expireNow, expiryAt } from './expiry.js'

const ODD: Keys = [1, -1, 2]
const ALL: Keys = [1, -1, 1]
const MAX_BYTES = 512 * 1024 * 1024
const TOO_LONG = new Failure('ERR string exceeds maximum allowed size (proto-max-bulk-len)')

export const STRINGS: readonly CommandSpec[] = [
  command('get', 2, 'read', FIRST, call => get(call)),
  command('set', -3, 'write denyoom', FIRST, set),
  command('setnx', 3, 'write denyoom', FIRST, call => {
    if (call.db.find(call.key) !== undefined) return 0
    store(call, call.text(2))
    return 1
  }),
  command('setex', 4, 'write denyoom', FIRST, call => setWithExpiry(call, 'ex')),
  command('psetex', 4, 'write denyoom', FIRST, call => setWithExpiry(call, 'px')),
  command('getset', 3, 'write denyoom', FIRST, call => {
    const old = get(call, true)
    store(call, call.text(2))
    return old
  }),
  command('getdel', 2, 'write', FIRST, call => {
    const old = get(call, true)
    if (old !== null) {
      call.db.delete(call.key)
      call.db.touch(call.key)
      call.db.event('g', 'del', call.key)
    }
    return old
  }),
  command('getex', -2, 'write', FIRST, getex),
  command('append', 3, 'write denyoom', FIRST, call => {
    const value = call.db.findTyped(call.key, 'string')
    const text = call.text(2)
    if (value === undefined) call.db.add(call.key, { type: 'string', text })
    else value.text += text
    call.db.touch(call.key)
    call.db.event('$', 'append', call.key)
    return (value?.text ?? text).length
  }),
  command('strlen', 2, 'read', FIRST, call => call.db.readTyped(call.key, 'string')?.text.length ?? 0),
  command('setrange', 4, 'write denyoom', FIRST, setrange),
  command('getrange', 4, 'read', FIRST, getrange),
  command('substr', 4, 'read', FIRST, getrange),
  command('mget', -2, 'read', ALL, call =>
    call.args.slice(1).map(key => {
      const value = call.db.read(key)
      return value?.type === 'string' ? value.text : null
    }),
  ),
  command('mset', -3, 'write denyoom', ODD, call => {
    if (call.args.length % 2 === 0) return wrongArity('mset')
    storeAll(call)
    return OK
  }),
  command('msetnx', -3, 'write denyoom', ODD, call => {
    if (call.args.length % 2 === 0) return wrongArity('msetnx')
    for (let i = 1; i < call.args.length; i += 2) if (call.db.find(call.text(i)) !== undefined) return 0
    storeAll(call)
    return 1
  }),
  command('incr', 2, 'write denyoom', FIRST, call => increment(call, 1n)),
  command('decr', 2, 'write denyoom', FIRST, call => increment(call, -1n)),
  command('incrby', 3, 'write denyoom', FIRST, call => increment(call, bigInteger(call.text(2)))),
  command('decrby', 3, 'write denyoom', FIRST, call => {
    const by = bigInteger(call.text(2))
    if (!inInt64(-by)) return new Failure('ERR decrement would overflow')
    return increment(call, -by)
  }),
  command('incrbyfloat', 3, 'write denyoom', FIRST, call => {
    const { db, key } = call
    const value = db.findTyped(key, 'string')
    const old = longDouble(value?.text ?? '0')
    const by = longDouble(call.text(2))
    if (old !== undefined && by === undefined && Math.abs(double(call.text(2)) ?? 0) === Infinity) {
      return new Failure('ERR increment would produce NaN or Infinity')
    }
    if (old === undefined || by === undefined) return NOT_FLOAT
    const text = formatted(sum(old, by))
    if (value === undefined) db.add(key, { type: 'string', text })
    else value.text = text
    db.touch(key)
    db.event('$', 'incrbyfloat', key)
    return text
  }),
  command('lcs', -3, 'read', [1, 2, 1], lcs),
]

/** Returns the text of the key, or null if the key is missing. Throws if the value has another type. */
function get({ db, key }: Call, forWrite = false): string | null {
  const value = forWrite ? db.findTyped(key, 'string') : db.readTyped(key, 'string')
  return value?.text ?? null
}

function store({ db, key }: Call, text: string, keepExpiry = false): void {
  db.put(key, { type: 'string', text }, keepExpiry)
  db.event('$', 'set', key)
}

function storeAll({ db, args }: Call): void {
  for (let i = 1; i < args.length; i += 2) {
    db.put(args[i]!, { type: 'string', text: args[i + 1]! })
    db.event('$', 'set', args[i]!)
  }
}

const TIMES = ['ex', 'px', 'exat', 'pxat']

interface SetOptions {
  readonly words: ReadonlySet<string>
  readonly unit: string | undefined
  readonly time: string
}

/** Parses the options of SET. Options that exclude each other are a syntax error. */
function optionsOf(args: readonly string[], allowed: readonly string[]): SetOptions {
  const words = new Set<string>()
  let unit: string | undefined
  let time = ''
  for (let i = 0; i < args.length; i++) {
    const word = lower(args[i]!)
    if (!allowed.includes(word)) throw SYNTAX
    if (TIMES.includes(word)) {
      if (unit !== undefined || words.has('keepttl') || words.has('persist') || i + 1 >= args.length) throw SYNTAX
      unit = word
      time = args[++i]!
    } else {
      const excluded = word === 'nx' ? 'xx' : word === 'xx' ? 'nx' : undefined
      if (excluded !== undefined && words.has(excluded)) throw SYNTAX
      if ((word === 'keepttl' || word === 'persist') && unit !== undefined) throw SYNTAX
      words.add(word)
    }
  }
  return { words, unit, time }
}

function set(call: Call): Reply {
  const { db, key } = call
  const { words, unit, time } = optionsOf(call.args.slice(3), [...TIMES, 'nx', 'xx', 'get', 'keepttl'])
  const at = unit === undefined ? undefined : expiryAt(call, time, unit)
  const old = words.has('get') ? get(call) : OK
  const isThere = db.find(key) !== undefined
  if ((words.has('nx') && isThere) || (words.has('xx') && !isThere)) return words.has('get') ? old : null
  if (at !== undefined && at <= call.now && call.server.dialect.has({ valkey: [8, 1] })) {
    if (isThere) expireNow(call)
    return old
  }
  store(call, call.text(2), words.has('keepttl'))
  if (at !== undefined) {
    db.setExpiry(key, at)
    db.event('g', 'expire', key)
  }
  return old
}

function setWithExpiry(call: Call, unit: string): Reply {
  const at = expiryAt(call, call.text(2), unit)
  store(call, call.text(3))
  call.db.setExpiry(call.key, at)
  call.db.event('g', 'expire', call.key)
  return OK
}

function getex(call: Call): Reply {
  const { db, key } = call
  const { words, unit, time } = optionsOf(call.args.slice(2), [...TIMES, 'persist'])
  const checksFirst = call.server.dialect.has({ valkey: [9, 0] })
  const early = unit !== undefined && checksFirst ? expiryAt(call, time, unit) : undefined
  const text = get(call)
  if (text === null) return null
  const at = unit !== undefined && !checksFirst ? expiryAt(call, time, unit) : early
  if (at !== undefined && (unit === 'exat' || unit === 'pxat') && at <= call.now) {
    expireNow(call)
  } else if (at !== undefined) {
    db.setExpiry(key, at)
    db.touch(key)
    db.event('g', 'expire', key)
  } else if (words.has('persist') && db.persist(key)) {
    db.touch(key)
    db.event('g', 'persist', key)
  }
  return text
}

function setrange(call: Call): Reply {
  const { db, key } = call
  const offset = integer(call.text(2))
  const part = call.text(3)
  if (offset < 0) return new Failure('ERR offset is out of range')
  const value = db.findTyped(key, 'string')
  const old = value?.text ?? ''
  if (part === '') return old.length
  if (offset + part.length > MAX_BYTES) return TOO_LONG
  const text = old.slice(0, offset).padEnd(offset, '\0') + part + old.slice(offset + part.length)
  if (value === undefined) db.add(key, { type: 'string', text })
  else value.text = text
  db.touch(key)
  db.event('$', 'setrange', key)
  return text.length
}

function getrange(call: Call): Reply {
  let start = integer(call.text(2))
  let end = integer(call.text(3))
  const text = get(call) ?? ''
  if (start < 0 && end < 0 && start > end) return ''
  if (start < 0) start = Math.max(0, text.length + start)
  if (end < 0) end = Math.max(0, text.length + end)
  return text.slice(start, end + 1)
}

function increment({ db, key }: Call, by: bigint): Reply {
  const value = db.findTyped(key, 'string')
  const sum = bigInteger(value?.text ?? '0') + by
  if (!inInt64(sum)) return new Failure('ERR increment or decrement would overflow')
  if (value === undefined) db.add(key, { type: 'string', text: String(sum) })
  else value.text = String(sum)
  db.touch(key)
  db.event('$', 'incrby', key)
  return sum
}

function lcs(call: Call): Reply {
  const [first, second] = [1, 2].map(at => call.db.read(call.text(at)))
  if ((first && first.type !== 'string') || (second && second.type !== 'string')) {
    return new Failure('ERR The specified keys must contain string values')
  }
  const [a, b] = [first?.text ?? '', second?.text ?? '']
  const words = call.args.slice(3).map(lower)
  let least = 0
  for (let i = 0; i < words.length; i++) {
    if (words[i] === 'minmatchlen' && i + 1 < words.length) least = Math.max(0, integer(words[++i]!))
    else if (!['len', 'idx', 'withmatchlen'].includes(words[i]!)) return SYNTAX
  }
  if (words.includes('len') && words.includes('idx')) {
    return new Failure('ERR If you want both the length and indexes, please just use IDX.')
  }
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const above = Math.max(lengths[i - 1]![j]!, lengths[i]![j - 1]!)
      lengths[i]![j] = a[i - 1] === b[j - 1] ? lengths[i - 1]![j - 1]! + 1 : above
    }
  }
  const length = lengths[a.length]![b.length]!
  if (words.includes('len')) return length
  const { text, ranges } = traced(a, b, lengths)
  if (!words.includes('idx')) return text
  const shown = ranges
    .filter(({ size }) => size >= least)
    .map(({ i, j, size }): Reply => {
      const both = [
        [i, i + size - 1],
        [j, j + size - 1],
      ]
      return words.includes('withmatchlen') ? [...both, size] : both
    })
  return new MapReply([
    ['matches', shown],
    ['len', length],
  ])
}

/** Traces the subsequence of LCS from the end, as the server does. */
function traced(a: string, b: string, lengths: readonly (readonly number[])[]) {
  const ranges: { i: number; j: number; size: number }[] = []
  let text = ''
  let [i, j] = [a.length, b.length]
  let joins = false
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      text = a[i - 1] + text
      const last = ranges.at(-1)
      if (joins && last !== undefined) ranges[ranges.length - 1] = { i: i - 1, j: j - 1, size: last.size + 1 }
      else ranges.push({ i: i - 1, j: j - 1, size: 1 })
      joins = true
      i--
      j--
    } else {
      joins = false
      if (lengths[i - 1]![j]! > lengths[i]![j - 1]!) i--
      else j--
    }
  }
  return { text, ranges }
}
