import type { Argument, Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, type Plain, type ReplyTypes, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import {
  blob,
  bool,
  double,
  int,
  itemsOf,
  list,
  named,
  orNull,
  text,
  textOrNull,
  texts,
  tuple,
  word,
} from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { keyAt } from './core/key-specs.js'
import { exclusive, flag, option, plainOptions } from './core/option-tokens.js'
import { MapReply, type Reply } from './core/reply.js'
import { unexpectedReply } from './core/reply-errors.js'
import { read, write } from './core/spec.js'
import { isBytes } from './core/value-types.js'

/**
 * A vector: numbers, which are sent as text, or a Float32Array, which is shorter (it must not change until the call
 * settles).
 */
export type Vector = readonly number[] | Float32Array

/** How the server stores vectors. Default: as 8-bit integers. */
export type Quantization = AtMostOne<{
  /** 32-bit floats. */
  readonly noquant: boolean
  /** 8-bit integers. */
  readonly q8: boolean
  /** One bit per dimension. */
  readonly bin: boolean
}>

export type VaddOptions = Quantization & {
  /** Projects the vector to this number of dimensions. */
  readonly reduce?: number
  /** Searches for neighbours in a background thread. */
  readonly cas?: boolean
  /** The number of candidates to examine for links. Default 200. */
  readonly ef?: number
  /** The attributes for filters: the text of a JSON object. */
  readonly setattr?: string
  /** Maximum number of links of a node. Default 16. */
  readonly m?: number
}

export interface VsimOptions<S extends boolean, A extends boolean> {
  /** Adds `score`: 1 for the same direction, 0 for the opposite. */
  readonly withscores?: S
  /** Adds `attributes`: the text of a JSON object, or null. @since 8.2 */
  readonly withattribs?: A
  /** Maximum number of elements. Default 10. */
  readonly count?: number
  /** Only elements within this distance, from 0 to 1. @since 8.2 */
  readonly epsilon?: number
  /** The number of candidates to examine. */
  readonly ef?: number
  /** Only elements with matching attributes: `'.year > 1980'`. */
  readonly filter?: string
  /** Maximum number of candidates to filter; 0 for all. */
  readonly filterEf?: number
  /** Compares all elements: slow and exact. */
  readonly truth?: boolean
  /** Searches in the server's main thread. */
  readonly nothread?: boolean
}

/** The found elements: their names, or objects with the requested details. */
export type VsimFound<T, S extends boolean, A extends boolean> = S extends boolean
  ? A extends boolean
    ? [S, A] extends [false, false]
      ? T[]
      : Similar<T, S, A>[]
    : never
  : never

type Flat<T> = { readonly [K in keyof T]: T[K] }

type Similar<T, S, A> = Flat<
  { element: T } & (S extends true ? { score: number } : unknown) &
    (A extends true ? { attributes: T | null } : unknown)
>

/** A neighbour and its similarity, from 0 to 1. */
export interface VectorLink<T> {
  readonly element: T
  readonly score: number
}

/** A vector as the server stores it. */
export interface RawVector {
  readonly quantization: string
  readonly data: Buffer
  /** The length of the vector before it was normalized. */
  readonly norm: number
  /** The scale of the integers; only with 8 bits. */
  readonly range?: number
}

export interface VectorSetInfo<F extends ReplyTypes = Plain> {
  readonly quantType: string
  readonly hnswM: F['int']
  readonly vectorDim: F['int']
  readonly projectionInputDim: F['int']
  readonly size: F['int']
  readonly maxLevel: F['int']
  readonly attributesCount: F['int']
  readonly vsetUid: F['int']
  readonly hnswMaxNodeUid: F['int']
}

/** Elements with the requested details: alternating (RESP2), or as a map (RESP3), with a list for two details. */
function similar(withscores: boolean, withattribs: boolean): Decoder {
  const more = Number(withscores) + Number(withattribs)
  if (more === 0) return texts
  return (reply, shape) => {
    const items = flattened(reply)
    if (items === undefined || items.length % (1 + more) !== 0)
      return unexpectedReply(reply, 'elements with the requested details')
    const found: object[] = []
    for (let i = 0; i < items.length; i += 1 + more) {
      found.push({
        element: text(items[i] ?? null, shape),
        ...(withscores && { score: double(items[i + 1] ?? null) }),
        ...(withattribs && { attributes: textOrNull(items[i + more] ?? null, shape) }),
      })
    }
    return found
  }
}

function flattened(reply: Reply): readonly Reply[] | undefined {
  return reply instanceof MapReply ? (reply.flat.flat() as Reply[]) : itemsOf(reply)
}

const numbers = list(double)

const numbersOrNull = orNull(numbers)

const rawVector = orNull(
  tuple(3, ([quantization = null, data = null, norm = null, range]) => {
    const vector = { quantization: word(quantization), data: blob(data), norm: double(norm) }
    return range === undefined ? vector : { ...vector, range: double(range) }
  }),
)

const vectorSetInfo = named({
  'quant-type': word,
  'hnsw-m': int,
  'vector-dim': int,
  'projection-input-dim': int,
  size: int,
  'max-level': int,
  'attributes-count': int,
  'vset-uid': int,
  'hnsw-max-node-uid': int,
})

const layers = orNull(list(texts))
const scoredLayers = orNull(list(similar(true, false)))

// The server declares all their keys as written, even for commands that only read.
const declared = { keys: [keyAt(0, 'write')] }

const VADD = write('VADD', bool)
const VCARD = read('VCARD', int, declared)
const VDIM = read('VDIM', int, declared)
const VEMB = read('VEMB', numbersOrNull, { ...declared, binary: true })
const VGETATTR = read('VGETATTR', textOrNull, declared)
const VINFO = read('VINFO', orNull(vectorSetInfo), declared)
const VISMEMBER = read('VISMEMBER', bool, declared)
const VLINKS = read('VLINKS', layers, declared)
const VRANDMEMBER = read('VRANDMEMBER', textOrNull, declared)
const VRANGE = read('VRANGE', texts, declared)
const VREM = write('VREM', bool)
const VSETATTR = write('VSETATTR', bool)
const VSIM = read('VSIM', texts, declared)

/** Commands for vector sets: elements with vectors, found by similarity. @since 8.0 */
export abstract class VectorSets<C extends Context> extends Runner<C> {
  /**
   * Adds an element, or changes its vector. Returns true if it is new. @since 8.0
   * [VADD](https://redis.io/commands/vadd)
   */
  vadd(key: Key, vector: Vector, element: Argument, options: VaddOptions = {}): Outcome<C, boolean> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    option(args, 'REDUCE', options.reduce)
    pushVector(args, vector)
    args.push(element)
    exclusive(args, options, 'noquant', 'q8', 'bin')
    flag(args, 'CAS', options.cas)
    flag(args, 'NOQUANT', options.noquant)
    flag(args, 'Q8', options.q8)
    flag(args, 'BIN', options.bin)
    option(args, 'EF', options.ef)
    option(args, 'SETATTR', options.setattr)
    option(args, 'M', options.m)
    return this.run(new Command(VADD, args))
  }

  /** Returns the number of elements. @since 8.0 [VCARD](https://redis.io/commands/vcard) */
  vcard(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(VCARD, [key]))
  }

  /** Returns the number of dimensions of the vectors. @since 8.0 [VDIM](https://redis.io/commands/vdim) */
  vdim(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(VDIM, [key]))
  }

  /**
   * Returns the approximate vector of an element, with `raw` as the server stores it; null if the element does not
   * exist. @since 8.0 [VEMB](https://redis.io/commands/vemb)
   */
  vemb(key: Key, element: Argument, options?: { readonly raw?: false }): Outcome<C, number[] | null>
  vemb(key: Key, element: Argument, options: { readonly raw: true }): Outcome<C, RawVector | null>
  vemb(key: Key, element: Argument, options: { readonly raw?: boolean }): Outcome<C, number[] | RawVector | null>
  vemb(key: Key, element: Argument, options: { readonly raw?: boolean } = {}): Outcome<C, unknown> {
    const args: Arguments = [key, element]
    options = plainOptions(args, options)
    flag(args, 'RAW', options.raw)
    return this.run(new Command(VEMB, args, options.raw === true ? rawVector : numbersOrNull))
  }

  /**
   * Returns the attributes of an element, the text of a JSON object; null if there are none. @since 8.0
   * [VGETATTR](https://redis.io/commands/vgetattr)
   */
  vgetattr(key: Key, element: Argument): Outcome<C, C['text'] | null> {
    return this.run(new Command(VGETATTR, [key, element]))
  }

  /**
   * Returns information about a vector set; null if it does not exist. @since 8.0
   * [VINFO](https://redis.io/commands/vinfo)
   */
  vinfo(key: Key): Outcome<C, VectorSetInfo<C> | null> {
    return this.run(new Command(VINFO, [key]))
  }

  /** Returns whether the element exists. @since 8.0 [VISMEMBER](https://redis.io/commands/vismember) */
  vismember(key: Key, element: Argument): Outcome<C, boolean> {
    return this.run(new Command(VISMEMBER, [key, element]))
  }

  /**
   * Returns the neighbours of an element in each layer of the graph, from the top down; with `withscores` their
   * similarity too. Null if the element does not exist. @since 8.0 [VLINKS](https://redis.io/commands/vlinks)
   */
  vlinks(key: Key, element: Argument, options?: { readonly withscores?: false }): Outcome<C, C['text'][][] | null>
  vlinks(
    key: Key,
    element: Argument,
    options: { readonly withscores: true },
  ): Outcome<C, VectorLink<C['text']>[][] | null>
  vlinks(
    key: Key,
    element: Argument,
    options: { readonly withscores?: boolean },
  ): Outcome<C, C['text'][][] | VectorLink<C['text']>[][] | null>
  vlinks(key: Key, element: Argument, options: { readonly withscores?: boolean } = {}): Outcome<C, unknown> {
    const args: Arguments = [key, element]
    options = plainOptions(args, options)
    flag(args, 'WITHSCORES', options.withscores)
    return this.run(new Command(VLINKS, args, options.withscores === true ? scoredLayers : layers))
  }

  /**
   * Returns a random element, null if the key does not exist. With `count` it returns so many distinct elements; a
   * negative count allows repetitions. @since 8.0 [VRANDMEMBER](https://redis.io/commands/vrandmember)
   */
  vrandmember(key: Key): Outcome<C, C['text'] | null>
  vrandmember(key: Key, count: number): Outcome<C, C['text'][]>
  vrandmember(key: Key, count?: number): Outcome<C, C['text'] | null | C['text'][]>
  vrandmember(key: Key, count?: number): Outcome<C, unknown> {
    return this.run(
      count === undefined ? new Command(VRANDMEMBER, [key]) : new Command(VRANDMEMBER, [key, count], texts),
    )
  }

  /**
   * Returns at most `count` elements with names in a range:
   * `'[a'` inclusive, `'(a'` exclusive, `'-'` and `'+'` for no limit. @since 8.4 [VRANGE](https://redis.io/commands/vrange)
   */
  vrange(key: Key, start: Key, end: Key, count?: number): Outcome<C, C['text'][]> {
    return this.run(new Command(VRANGE, count === undefined ? [key, start, end] : [key, start, end, count]))
  }

  /** Removes an element. Returns true if it existed. @since 8.0 [VREM](https://redis.io/commands/vrem) */
  vrem(key: Key, element: Argument): Outcome<C, boolean> {
    return this.run(new Command(VREM, [key, element]))
  }

  /**
   * Sets the attributes of an element, the text of a JSON object; an empty text removes them. Returns false if the
   * element does not exist. @since 8.0 [VSETATTR](https://redis.io/commands/vsetattr)
   */
  vsetattr(key: Key, element: Argument, attributes: string): Outcome<C, boolean> {
    return this.run(new Command(VSETATTR, [key, element, attributes]))
  }

  /**
   * Returns the elements that are most similar to a vector, or to an element given as text or bytes. The result
   * contains names, or objects with `withscores` or `withattribs`. @since 8.0 [VSIM](https://redis.io/commands/vsim)
   */
  vsim<S extends boolean = false, A extends boolean = false>(
    key: Key,
    like: Key | Vector,
    options: VsimOptions<S, A> = {},
  ): Outcome<C, VsimFound<C['text'], S, A>> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    if (typeof like === 'string' || isBytes(like)) args.push('ELE', like)
    else pushVector(args, like)
    flag(args, 'WITHSCORES', options.withscores)
    flag(args, 'WITHATTRIBS', options.withattribs)
    option(args, 'COUNT', options.count)
    option(args, 'EPSILON', options.epsilon)
    option(args, 'EF', options.ef)
    option(args, 'FILTER', options.filter)
    option(args, 'FILTER-EF', options.filterEf)
    flag(args, 'TRUTH', options.truth)
    flag(args, 'NOTHREAD', options.nothread)
    return this.run(new Command(VSIM, args, similar(options.withscores === true, options.withattribs === true)))
  }
}

function pushVector(args: Arguments, vector: Vector): void {
  if (vector instanceof Float32Array) {
    args.push('FP32', Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength))
    return
  }
  args.push('VALUES', vector.length)
  for (const number of vector) args.push(number)
}
