/** HyperLogLogs. A key holds a string of the model's own: a mark, whether the count is cached, and one character for each register. */
import { ALL, type Call, type CommandSpec, command, FIRST } from '../command.js'
import { Failure, OK, type Reply } from '../reply.js'

const REGISTERS = 16_384
const MARK = 'HYLL'
const INVALID = new Failure('WRONGTYPE Key is not a valid HyperLogLog string value.')

export const HYPERLOGLOG: readonly CommandSpec[] = [
  command('pfadd', -2, 'write denyoom', FIRST, add),
  command('pfcount', -2, 'read', ALL, count),
  command('pfmerge', -2, 'write denyoom', ALL, merge),
]

function isValid(text: string): boolean {
  return text.startsWith(MARK) && text.length === MARK.length + 1 + REGISTERS
}

function registersOf(text: string): Uint8Array {
  if (!isValid(text)) throw INVALID
  return Buffer.from(text.slice(MARK.length + 1), 'latin1')
}

function textOfRegisters(registers: Uint8Array, isCached: boolean): string {
  return MARK + (isCached ? 'c' : '-') + Buffer.from(registers).toString('latin1')
}

function add({ db, key, args }: Call): Reply {
  const value = db.findTyped(key, 'string')
  const registers = value === undefined ? new Uint8Array(REGISTERS) : registersOf(value.text)
  let changed = value === undefined
  for (const element of args.slice(2)) {
    const [index, run] = place(element)
    if (run <= registers[index]!) continue
    registers[index] = run
    changed = true
  }
  if (!changed) return 0
  const text = textOfRegisters(registers, false)
  if (value === undefined) db.add(key, { type: 'string', text })
  else value.text = text
  db.touch(key)
  db.event('$', 'pfadd', key)
  return 1
}

/** Returns the maximum of the registers of these keys. */
function union({ db, args }: Call): Uint8Array {
  const max = new Uint8Array(REGISTERS)
  for (const key of args.slice(1)) {
    const value = db.readTyped(key, 'string')
    if (value === undefined) continue
    for (const [i, run] of registersOf(value.text).entries()) max[i] = Math.max(max[i]!, run)
  }
  return max
}

function count(call: Call): Reply {
  const { db, key, args } = call
  if (args.length > 2) return estimate(union(call))
  const value = db.readTyped(key, 'string')
  if (value === undefined) return 0
  const registers = registersOf(value.text)
  if (value.text[MARK.length] === '-') {
    // The server stores the count in the value, which counts as a change.
    value.text = textOfRegisters(registers, true)
    db.touch(key)
  }
  return estimate(registers)
}

function merge(call: Call): Reply {
  const { db, key } = call
  const text = textOfRegisters(union(call), false)
  const value = db.findTyped(key, 'string')
  if (value === undefined) db.add(key, { type: 'string', text })
  else value.text = text
  db.touch(key)
  db.event('$', 'pfadd', key)
  return OK
}

/** Returns the register of an element and the length of its run of zeros. */
function place(element: string): [index: number, run: number] {
  const hash = murmur(element)
  let rest = (hash >> 14n) | (1n << 50n)
  let run = 1
  for (; (rest & 1n) === 0n; rest >>= 1n) run++
  return [Number(hash & BigInt(REGISTERS - 1)), run]
}

/** MurmurHash64A. */
function murmur(text: string): bigint {
  const m = 0xc6a4a7935bd1e995n
  const u64 = (value: bigint) => BigInt.asUintN(64, value)
  const bytes = Buffer.from(text, 'latin1')
  let hash = u64(0xadc83b19n ^ (BigInt(bytes.length) * m))
  let at = 0
  for (; at + 8 <= bytes.length; at += 8) {
    let part = u64(bytes.readBigUInt64LE(at) * m)
    part ^= part >> 47n
    hash = u64((hash ^ u64(part * m)) * m)
  }
  if (at < bytes.length) {
    for (let i = bytes.length - 1; i >= at; i--) hash ^= BigInt(bytes[i]!) << BigInt(8 * (i - at))
    hash = u64(hash * m)
  }
  hash ^= hash >> 47n
  hash = u64(hash * m)
  return hash ^ (hash >> 47n)
}

/** Returns the estimated number of elements (Ertl 2017, the improved estimator without bias correction). */
function estimate(registers: Uint8Array): number {
  const histogram = new Array<number>(52).fill(0)
  for (const run of registers) histogram[run]!++
  let z = REGISTERS * tau((REGISTERS - histogram[51]!) / REGISTERS)
  for (let run = 50; run >= 1; run--) z = (z + histogram[run]!) * 0.5
  z += REGISTERS * sigma(histogram[0]! / REGISTERS)
  return Math.round((0.7213475204444817 * REGISTERS * REGISTERS) / z)
}

function sigma(start: number): number {
  if (start === 1) return Infinity
  let [x, y, z] = [start, 1, start]
  for (let before = Number.NaN; before !== z; ) {
    x *= x
    before = z
    z += x * y
    y += y
  }
  return z
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0
  let [x, y, z] = [start, 1, 1 - start]
  for (let before = Number.NaN; before !== z; ) {
    x = Math.sqrt(x)
    before = z
    y *= 0.5
    z -= (1 - x) ** 2 * y
  }
  return z / 3
}
