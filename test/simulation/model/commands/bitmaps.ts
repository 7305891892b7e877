/** Strings as arrays of bits. */
import { bigInteger, type Call, type CommandSpec, command, FIRST, integer } from '../command.js'
import { Failure, type Reply, SYNTAX } from '../reply.js'
import { int64, lower } from '../text.js'

const MAX_BYTES = 512 * 1024 * 1024
const BAD_OFFSET = new Failure('ERR bit offset is not an integer or out of range')
const BAD_TYPE = new Failure(
  'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
)

export const BITMAPS: readonly CommandSpec[] = [
  command('setbit', 4, 'write denyoom', FIRST, setbit),
  command('getbit', 3, 'read', FIRST, call => {
    const offset = offsetOf(call.text(2))
    return bitAt(call.db.readTyped(call.key, 'string')?.text ?? '', offset)
  }),
  command('bitcount', -2, 'read', FIRST, bitcount),
  command('bitpos', -3, 'read', FIRST, bitpos),
  command('bitop', -4, 'write denyoom', [2, -1, 1], bitop),
  command('bitfield', -2, 'write denyoom', FIRST, call => bitfield(call, false)),
  command('bitfield_ro', -2, 'read', FIRST, call => bitfield(call, true)),
]

function bitAt(text: string, offset: number): number {
  const byte = offset >= text.length * 8 ? 0 : text.charCodeAt(Math.floor(offset / 8))
  return (byte >> (7 - (offset % 8))) & 1
}

function withBit(text: string, offset: number, bit: number): string {
  const at = Math.floor(offset / 8)
  const mask = 1 << (7 - (offset % 8))
  const byte = text.charCodeAt(at)
  return text.slice(0, at) + String.fromCharCode(bit === 1 ? byte | mask : byte & ~mask) + text.slice(at + 1)
}

/** Parses an offset in bits; `#n` is the offset of the n-th field of `width` bits. */
function offsetOf(text: string, width = 0): number {
  const isCounted = width > 0 && text.startsWith('#')
  const given = int64(isCounted ? text.slice(1) : text)
  const offset = given === undefined ? -1n : isCounted ? given * BigInt(width) : given
  if (offset < 0n || offset / 8n >= BigInt(MAX_BYTES)) throw BAD_OFFSET
  return Number(offset)
}

function setbit(call: Call): Reply {
  const { db, key } = call
  const offset = offsetOf(call.text(2))
  const bad = new Failure('ERR bit is not an integer or out of range')
  const bit = integer(call.text(3), bad)
  if (bit !== 0 && bit !== 1) return bad
  const value = db.findTyped(key, 'string')
  const old = value?.text ?? ''
  const before = bitAt(old, offset)
  const grows = offset >= old.length * 8
  const text = withBit(old.padEnd(Math.floor(offset / 8) + 1, '\0'), offset, bit)
  if (value === undefined) db.add(key, { type: 'string', text })
  else value.text = text
  if (grows || bit !== before) {
    db.touch(key)
    db.event('$', 'setbit', key)
  }
  return before
}

/** Returns a range within `length`, for which start and end may count from the end. */
function within(start: number, end: number, length: number): [start: number, end: number] {
  const place = (at: number) => Math.max(0, at < 0 ? length + at : at)
  return [place(start), Math.min(place(end), length - 1)]
}

function isInBits(unit: string): boolean {
  const word = lower(unit)
  if (word !== 'bit' && word !== 'byte') throw SYNTAX
  return word === 'bit'
}

function bitcount(call: Call): Reply {
  const { args, db, key, server } = call
  const checksFirst = server.dialect.has({ redis: [7, 4], valkey: [8, 0] })
  const read = () => db.readTyped(key, 'string')?.text
  const early = checksFirst ? undefined : read()
  if (!checksFirst && early === undefined) return 0
  const least = server.dialect.has({ valkey: [8, 0] }) ? 3 : 4
  if (args.length > 5 || (args.length > 2 && args.length < least)) return SYNTAX
  let [start, end, inBits] = [0, -1, false]
  if (args.length > 2) {
    start = integer(args[2]!)
    const parseEnd = () => {
      if (args.length > 3) end = integer(args[3]!)
    }
    const parseUnit = () => {
      if (args.length > 4) inBits = isInBits(args[4]!)
    }
    if (least === 3) {
      parseUnit()
      parseEnd()
    } else {
      parseEnd()
      if (!checksFirst && start < 0 && end < 0 && start > end) return 0
      parseUnit()
    }
  }
  const text = checksFirst ? read() : early
  if (text === undefined || (start < 0 && end < 0 && start > end)) return 0
  const [first, last] = inBits ? within(start, end, text.length * 8) : bytesAsBits(within(start, end, text.length))
  let count = 0
  for (let at = first; at <= last; at++) count += bitAt(text, at)
  return count
}

function bytesAsBits([first, last]: [number, number]): [number, number] {
  return [first * 8, last * 8 + 7]
}

function bitpos(call: Call): Reply {
  const { args, db, key, server } = call
  const bit = integer(args[2]!)
  if (bit !== 0 && bit !== 1) return new Failure('ERR The bit argument must be 1 or 0.')
  const checksFirst = server.dialect.has({ redis: [7, 4], valkey: [8, 0] })
  const read = () => db.readTyped(key, 'string')?.text
  const missing = bit === 1 ? -1 : 0
  const early = checksFirst ? undefined : read()
  if (!checksFirst && early === undefined) return missing
  if (args.length > 6) return SYNTAX
  const start = args.length > 3 ? integer(args[3]!) : 0
  const inBits = args.length > 5 && isInBits(args[5]!)
  const end = args.length > 4 ? integer(args[4]!) : -1
  const text = checksFirst ? read() : early
  if (text === undefined) return missing
  const [first, last] = inBits ? within(start, end, text.length * 8) : bytesAsBits(within(start, end, text.length))
  if (first > last) return -1
  for (let at = first; at <= last; at++) if (bitAt(text, at) === bit) return at
  // Without an end, the string is followed by endless zeros.
  return bit === 0 && args.length < 5 ? last + 1 : -1
}

function bitop(call: Call): Reply {
  const { db, args } = call
  const operation = lower(args[1]!)
  if (!['and', 'or', 'xor', 'not'].includes(operation)) return SYNTAX
  if (operation === 'not' && args.length !== 4) {
    return new Failure('ERR BITOP NOT must be called with a single source key.')
  }
  const texts = args.slice(3).map(key => db.readTyped(key, 'string')?.text ?? '')
  const length = Math.max(...texts.map(text => text.length))
  const target = args[2]!
  if (length === 0) {
    if (db.find(target) !== undefined) {
      db.delete(target)
      db.touch(target)
      db.event('g', 'del', target)
    }
    return 0
  }
  const joined = (a: number, b: number) => (operation === 'and' ? a & b : operation === 'or' ? a | b : a ^ b)
  const bytes = Array.from({ length }, (_, at) => {
    const those = texts.map(text => (at < text.length ? text.charCodeAt(at) : 0))
    return operation === 'not' ? ~those[0]! & 255 : those.reduce(joined)
  })
  db.put(target, { type: 'string', text: String.fromCharCode(...bytes) })
  db.event('$', 'set', target)
  return length
}

interface FieldStep {
  readonly what: 'get' | 'set' | 'incrby'
  readonly signed: boolean
  readonly bits: number
  readonly offset: number
  readonly by: bigint
  readonly overflow: string
}

function stepsOf(args: readonly string[]): FieldStep[] {
  const steps: FieldStep[] = []
  let overflow = 'wrap'
  for (let i = 2; i < args.length; ) {
    const what = lower(args[i]!)
    const left = args.length - i - 1
    if (what === 'overflow' && left >= 1) {
      overflow = lower(args[i + 1]!)
      if (!['wrap', 'sat', 'fail'].includes(overflow)) throw new Failure('ERR Invalid OVERFLOW type specified')
      i += 2
      continue
    }
    if (!(what === 'get' && left >= 2) && !((what === 'set' || what === 'incrby') && left >= 3)) throw SYNTAX
    const [, sign = '', width = ''] = /^([iu])(.*)$/s.exec(args[i + 1]!) ?? []
    const bits = Number(int64(width) ?? 0n)
    if (sign === '' || bits < 1 || bits > (sign === 'i' ? 64 : 63)) throw BAD_TYPE
    const offset = offsetOf(args[i + 2]!, bits)
    const by = what === 'get' ? 0n : bigInteger(args[i + 3]!)
    steps.push({ what, signed: sign === 'i', bits, offset, by, overflow })
    i += what === 'get' ? 3 : 4
  }
  return steps
}

function fieldAt(text: string, { offset, bits, signed }: FieldStep): bigint {
  let value = 0n
  for (let i = 0; i < bits; i++) value = (value << 1n) | BigInt(bitAt(text, offset + i))
  return signed ? BigInt.asIntN(bits, value) : value
}

function withField(text: string, { offset, bits }: FieldStep, value: bigint): string {
  let changed = text
  for (let i = 0; i < bits; i++) changed = withBit(changed, offset + i, Number((value >> BigInt(bits - 1 - i)) & 1n))
  return changed
}

function bitfield(call: Call, readOnly: boolean): Reply {
  const { db, key } = call
  const steps = stepsOf(call.args)
  const writes = steps.filter(({ what }) => what !== 'get')
  if (writes.length === 0) {
    const text = db.readTyped(key, 'string')?.text ?? ''
    return steps.map(step => fieldAt(text, step))
  }
  if (readOnly) return new Failure('ERR BITFIELD_RO only supports the GET subcommand')
  const value = db.findTyped(key, 'string')
  const old = value?.text ?? ''
  const highest = Math.max(...writes.map(({ offset, bits }) => offset + bits - 1))
  let text = old.padEnd(Math.floor(highest / 8) + 1, '\0')
  const grows = text.length > old.length
  let changes = 0
  const replies = steps.map((step): Reply => {
    const before = fieldAt(text, step)
    if (step.what === 'get') return before
    const after = step.what === 'set' ? limited(step, step.by, 0n) : limited(step, before, step.by)
    if (after === undefined) return null
    text = withField(text, step, after)
    if (grows || after !== before) changes++
    return step.what === 'set' ? before : after
  })
  if (value === undefined) db.add(key, { type: 'string', text })
  else value.text = text
  if (changes > 0) {
    db.touch(key)
    db.event('$', 'setbit', key)
  }
  return replies
}

/**
 * Returns the value as it fits into the field, or undefined if OVERFLOW FAIL rejects it. The distances to the limits wrap around at
 * 64 bits as on the server, so that OVERFLOW SAT takes a very small value of SET for one that is too large.
 */
function limited({ signed, bits, overflow }: FieldStep, value: bigint, by: bigint): bigint | undefined {
  const width = BigInt(bits)
  const max = signed ? 2n ** (width - 1n) - 1n : 2n ** width - 1n
  const min = signed ? -max - 1n : 0n
  const from = signed ? value : BigInt.asUintN(64, value)
  const above = BigInt.asIntN(64, max - from)
  const below = BigInt.asIntN(64, min - from)
  const narrow = signed && bits !== 64
  const isAbove = from > max || (by > above && (narrow || (by > 0n && (!signed || from >= 0n))))
  const isBelow = from < min || (by < below && (narrow || (by < 0n && (!signed || from < 0n))))
  if (!isAbove && !isBelow) return from + by
  if (overflow === 'fail') return undefined
  if (overflow === 'sat') return isAbove ? max : min
  return signed ? BigInt.asIntN(bits, from + by) : BigInt.asUintN(bits, from + by)
}
