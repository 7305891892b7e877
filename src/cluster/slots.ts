/**
 * The slot of a key, one of 16384: the CRC16 of its hash tag, or of the whole key if it has none.
 *
 *   {user:1}.cart   ▸ user:1        foo{}{bar}     ▸ the whole key: its first tag is empty
 *   foo{{bar}}zap   ▸ {bar          foo{bar}{zap}  ▸ bar
 *
 * This file finds the tag. cluster-key-slot gets the tag alone, as the bytes that are sent.
 */
import calculateSlot from 'cluster-key-slot'
import type { Argument } from '../commands/core/argument.js'
import { type Command, keyIndexes } from '../commands/core/command.js'
import { isBytes } from '../commands/core/value-types.js'
import type { MultiExec } from '../connection/call/multi-exec.js'

export const SLOTS = 16384

/** The command has no key. */
export const NONE: number = -1
/** The keys belong to several slots. */
export const SEVERAL: number = -2

const TAG_BEGIN = 0x7b
const TAG_END = 0x7d

/** Text up to this length is hashed in a buffer that is reused. */
const SPACE = 256
const space = Buffer.alloc(SPACE)
/** Its first n bytes, by n. */
const spaces = Array.from({ length: SPACE + 1 }, (_, length) => space.subarray(0, length))

export function slotOf(key: Argument): number {
  if (typeof key === 'string') return slotOfText(key)
  if (isBytes(key)) return slotOfBytes(Buffer.from(key.buffer, key.byteOffset, key.byteLength))
  return slotOfText(String(key))
}

function slotOfText(key: string): number {
  const begin = key.indexOf('{')
  if (begin < 0) return hashText(key, 0, key.length)
  const end = key.indexOf('}', begin + 1)
  if (end < 0) return hashText(key, 0, key.length)
  return end === begin + 1 ? slotOfEmptyTag(Buffer.from(key)) : hashText(key, begin + 1, end)
}

function slotOfBytes(key: Buffer): number {
  const begin = key.indexOf(TAG_BEGIN)
  const end = begin < 0 ? -1 : key.indexOf(TAG_END, begin + 1)
  if (end < 0) return calculateSlot(key)
  return end === begin + 1 ? slotOfEmptyTag(key) : calculateSlot(key.subarray(begin + 1, end))
}

/** ASCII characters are their own bytes. The package would make an array of each text, and would hash lone surrogates as bytes that are never sent. */
function hashText(text: string, from: number, to: number): number {
  const length = to - from
  if (length > SPACE) return calculateSlot(Buffer.from(text.slice(from, to)))
  let all = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(from + i)
    all |= code
    space[i] = code
  }
  return calculateSlot(all <= 0x7f ? (spaces[length] as Buffer) : Buffer.from(text.slice(from, to)))
}

/**
 * If its first tag is empty, the whole key is hashed; but the package continues to the next `}`. CRC16 is linear, so that the slot
 * is the XOR of two hashes without any `}`: of the key with each `}` as `|`, which differs in one bit, and of these bits alone.
 */
function slotOfEmptyTag(key: Buffer): number {
  const without = Buffer.from(key)
  const bits = Buffer.alloc(key.length)
  for (let i = key.indexOf(TAG_END); i >= 0; i = key.indexOf(TAG_END, i + 1)) {
    without[i] = TAG_END ^ 1
    bits[i] = 1
  }
  return calculateSlot(without) ^ calculateSlot(bits)
}

/** The slot of the keys of a command, NONE or SEVERAL. */
export function slotOfKeys(command: Command): number {
  const { args, spec } = command
  if (spec.oneKey) return args.length > spec.firstKey ? slotOf(args[spec.firstKey] as Argument) : NONE
  let slot = NONE
  for (const index of keyIndexes(command)) {
    const other = slotOf(args[index] as Argument)
    if (slot === NONE) slot = other
    else if (slot !== other) return SEVERAL
  }
  return slot
}

/** The slot of the keys of all commands of a transaction, NONE or SEVERAL. */
export function slotOfTransaction(transaction: MultiExec): number {
  let slot = NONE
  for (const command of transaction.commands) {
    const other = slotOfKeys(command)
    if (other === NONE || other === slot) continue
    if (slot !== NONE || other === SEVERAL) return SEVERAL
    slot = other
  }
  return slot
}

/** The slot of the key that the caller named by `with({ key })`, or NONE. */
export function slotOfCallOptions(command: Command): number {
  const key = command.details?.callOptions?.key
  return key === undefined ? NONE : slotOf(key)
}
