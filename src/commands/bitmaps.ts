import type { Argument, Arguments, Key, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, intOrNull, list } from './core/decoders.js'
import { keyAt, keysFrom } from './core/key-specs.js'
import { pushSeveral, refuse } from './core/option-tokens.js'
import { owned } from './core/own-properties.js'
import { read, write } from './core/spec.js'

/** The type of a field: unsigned with up to 63 bits, or signed with up to 64. */
export type BitType = `u${number}` | `i${number}`

/** The position of a bit; with `#` a multiple of the width of the field. */
export type BitOffset = number | `#${number}`

/**
 * How a value that does not fit is handled: `wrap` around (the default), `sat` (set to the limit), or `fail` (not
 * written).
 */
export type Overflow = 'wrap' | 'sat' | 'fail'

export interface BitfieldGet {
  readonly get: BitType
  readonly offset: BitOffset
}

export interface BitfieldSet {
  readonly set: BitType
  readonly offset: BitOffset
  readonly value: number | bigint
  readonly overflow?: Overflow
}

export interface BitfieldIncrby {
  readonly incrby: BitType
  readonly offset: BitOffset
  readonly increment: number | bigint
  readonly overflow?: Overflow
}

export type BitfieldOperation = BitfieldGet | BitfieldSet | BitfieldIncrby

/** Bitwise AND, OR, XOR and NOT; `diff`, `diff1`, `andor` and `one` since 8.2. */
export type BitOperation = 'and' | 'or' | 'xor' | 'not' | 'diff' | 'diff1' | 'andor' | 'one'

/** The unit of a range. @since 7.0 */
export type BitUnit = 'byte' | 'bit'

const ints = list(int)

const BITCOUNT = read('BITCOUNT', int)
const BITFIELD = write('BITFIELD', list(intOrNull))
const BITFIELD_RO = read('BITFIELD_RO', ints)
const BITOP = write('BITOP', int, { keys: [keyAt(1, 'write'), keysFrom(2, 'read')] })
const BITPOS = read('BITPOS', int)
const GETBIT = read('GETBIT', int)
const SETBIT = write('SETBIT', int)

export abstract class Bitmaps<C extends Context> extends Runner<C> {
  /**
   * Returns the number of bits that are 1, in the whole value or from `start` to `end`, both inclusive; negative
   * positions count from the end. @since 2.6 [BITCOUNT](https://redis.io/commands/bitcount)
   */
  bitcount(key: Key): Outcome<C, C['int']>
  bitcount(key: Key, start: number, end: number, unit?: BitUnit): Outcome<C, C['int']>
  bitcount(key: Key, start?: number, end?: number, unit?: BitUnit): Outcome<C, C['int']> {
    const args = ranged([key], start, end, unit)
    if (start !== undefined && end === undefined) refuse(args, 'A start needs an end: give both, or none of them.')
    return this.run(new Command(BITCOUNT, args))
  }

  /**
   * Reads and writes integers of any width, one operation after the other, as one atomic command. Returns for each get
   * the value, for each set the old value, for each incrby the new value; null if `overflow: 'fail'` prevented the
   * write. @since 3.2 [BITFIELD](https://redis.io/commands/bitfield)
   */
  bitfield(key: Key, operations: readonly BitfieldOperation[]): Outcome<C, (C['int'] | null)[]> {
    const args: Arguments = [key]
    // The server's OVERFLOW applies to all following operations; ours applies to one operation.
    let overflow: Overflow = 'wrap'
    for (const operation of owned(operations)) {
      if ('get' in operation) {
        args.push('GET', operation.get, operation.offset)
        continue
      }
      const wanted = operation.overflow ?? 'wrap'
      if (wanted !== overflow) args.push('OVERFLOW', wanted)
      overflow = wanted
      if ('set' in operation) args.push('SET', operation.set, operation.offset, operation.value)
      else args.push('INCRBY', operation.incrby, operation.offset, operation.increment)
    }
    return this.run(new Command(BITFIELD, args))
  }

  /**
   * Reads integers of any width, also on replicas. Returns the values. @since 6.0
   * [BITFIELD_RO](https://redis.io/commands/bitfield_ro)
   */
  bitfieldRo(key: Key, operations: readonly BitfieldGet[]): Outcome<C, C['int'][]> {
    const args: Arguments = [key]
    for (const { get, offset } of owned(operations)) args.push('GET', get, offset)
    return this.run(new Command(BITFIELD_RO, args))
  }

  /**
   * Combines the bits of `keys` with `operation` (`not` takes one key) and stores the result. Returns its length in
   * bytes. @since 2.6 [BITOP](https://redis.io/commands/bitop)
   */
  bitop(operation: BitOperation, destination: Key, ...keys: Several<Key>): Outcome<C, C['int']> {
    const args: Arguments = [operation, destination]
    pushSeveral(args, keys)
    if (operation === 'not' && args.length > 3) refuse(args, 'The operation not takes exactly one key.')
    return this.run(new Command(BITOP, args))
  }

  /**
   * Returns the position of the first bit that is `bit`, in the whole value or from `start` to `end`, both inclusive;
   * -1 if there is none. Without an end, the value counts as followed by zeros. @since 2.8.7
   * [BITPOS](https://redis.io/commands/bitpos)
   */
  bitpos(key: Key, bit: 0 | 1): Outcome<C, C['int']>
  bitpos(key: Key, bit: 0 | 1, start: number): Outcome<C, C['int']>
  bitpos(key: Key, bit: 0 | 1, start: number, end: number, unit?: BitUnit): Outcome<C, C['int']>
  bitpos(key: Key, bit: 0 | 1, start?: number, end?: number, unit?: BitUnit): Outcome<C, C['int']> {
    return this.run(new Command(BITPOS, ranged([key, bit], start, end, unit)))
  }

  /** Returns the bit at `offset`; 0 beyond the end. @since 2.2 [GETBIT](https://redis.io/commands/getbit) */
  getbit(key: Key, offset: number): Outcome<C, C['int']> {
    return this.run(new Command(GETBIT, [key, offset]))
  }

  /** Sets the bit at `offset`. Returns its old value. @since 2.2 [SETBIT](https://redis.io/commands/setbit) */
  setbit(key: Key, offset: number, value: 0 | 1): Outcome<C, C['int']> {
    return this.run(new Command(SETBIT, [key, offset, value]))
  }
}

/**
 * Adds a range as far as it is given. A value after a missing one is an error, because it would be sent in the wrong
 * place.
 */
function ranged(args: Arguments, ...range: readonly (Argument | undefined)[]): Arguments {
  const given = range.filter(each => each !== undefined)
  if (given.some((each, i) => each !== range[i]))
    refuse(args, 'A range is incomplete: an end needs a start, and a unit needs an end.')
  args.push(...given)
  return args
}
