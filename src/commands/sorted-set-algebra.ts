import type { Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, type Scored, scored, texts } from './core/decoders.js'
import { countedKeys, keyAt } from './core/key-specs.js'
import { flag, type OneOrMore, option, plainOptions, pushCounted, refuse } from './core/option-tokens.js'
import { read, type Spec, write } from './core/spec.js'
import { scoreOf } from './sorted-set-scores.js'

/** How the scores of a member that several sorted sets have become one. */
export interface Combination {
  /** What the scores of each sorted set are multiplied by, in the order of the keys; 1 unless given. */
  readonly weights?: readonly number[]
  /** What is made of the scores of one member; their sum unless given. */
  readonly aggregate?: 'sum' | 'min' | 'max'
}

export interface ZintercardOptions {
  /** Stops counting here; 0 never does. */
  readonly limit?: number
}

const given = { keys: [countedKeys(0, 'read')] }
const stored = { keys: [keyAt(0, 'write'), countedKeys(1, 'read')] }

const ZDIFF = read('ZDIFF', texts, given)
const ZDIFFSTORE = write('ZDIFFSTORE', int, stored)
const ZINTER = read('ZINTER', texts, given)
const ZINTERCARD = read('ZINTERCARD', int, given)
const ZINTERSTORE = write('ZINTERSTORE', int, stored)
const ZUNION = read('ZUNION', texts, given)
const ZUNIONSTORE = write('ZUNIONSTORE', int, stored)

/** Sorted sets made of several. A plain set counts as a sorted one whose scores are all 1. */
export abstract class SortedSetAlgebra<C extends Context> extends Runner<C> {
  /**
   * The members of the first sorted set that none of the others has, with `withscores` their scores too. @since 6.2
   * [ZDIFF](https://redis.io/commands/zdiff)
   */
  zdiff(keys: OneOrMore<Key>, options?: { readonly withscores?: false }): Outcome<C, C['text'][]>
  zdiff(keys: OneOrMore<Key>, options: { readonly withscores: true }): Outcome<C, Scored<C['text']>[]>
  zdiff(keys: OneOrMore<Key>, options: { readonly withscores?: boolean }): Outcome<C, C['text'][] | Scored<C['text']>[]>
  zdiff(keys: OneOrMore<Key>, options: { readonly withscores?: boolean } = {}): Outcome<C, unknown> {
    return this.run(combine(ZDIFF, keys, options))
  }

  /**
   * Stores the members of the first sorted set that none of the others has, and tells how many. @since 6.2
   * [ZDIFFSTORE](https://redis.io/commands/zdiffstore)
   */
  zdiffstore(destination: Key, keys: OneOrMore<Key>): Outcome<C, C['int']> {
    return this.run(new Command(ZDIFFSTORE, combination([destination], keys, {})))
  }

  /**
   * The members that all sorted sets have, with `withscores` their scores too. @since 6.2
   * [ZINTER](https://redis.io/commands/zinter)
   */
  zinter(keys: OneOrMore<Key>, options?: Combination & { readonly withscores?: false }): Outcome<C, C['text'][]>
  zinter(keys: OneOrMore<Key>, options: Combination & { readonly withscores: true }): Outcome<C, Scored<C['text']>[]>
  zinter(
    keys: OneOrMore<Key>,
    options: Combination & { readonly withscores?: boolean },
  ): Outcome<C, C['text'][] | Scored<C['text']>[]>
  zinter(keys: OneOrMore<Key>, options: Combination & { readonly withscores?: boolean } = {}): Outcome<C, unknown> {
    return this.run(combine(ZINTER, keys, options))
  }

  /** How many members all sorted sets have. @since 7.0 [ZINTERCARD](https://redis.io/commands/zintercard) */
  zintercard(keys: OneOrMore<Key>, options: ZintercardOptions = {}): Outcome<C, C['int']> {
    const args = combination([], keys, {})
    option(args, 'LIMIT', plainOptions(args, options).limit)
    return this.run(new Command(ZINTERCARD, args))
  }

  /**
   * Stores the members that all sorted sets have, and tells how many. @since 2.0
   * [ZINTERSTORE](https://redis.io/commands/zinterstore)
   */
  zinterstore(destination: Key, keys: OneOrMore<Key>, options: Combination = {}): Outcome<C, C['int']> {
    return this.run(new Command(ZINTERSTORE, combination([destination], keys, options)))
  }

  /**
   * The members that any of the sorted sets has, with `withscores` their scores too. @since 6.2
   * [ZUNION](https://redis.io/commands/zunion)
   */
  zunion(keys: OneOrMore<Key>, options?: Combination & { readonly withscores?: false }): Outcome<C, C['text'][]>
  zunion(keys: OneOrMore<Key>, options: Combination & { readonly withscores: true }): Outcome<C, Scored<C['text']>[]>
  zunion(
    keys: OneOrMore<Key>,
    options: Combination & { readonly withscores?: boolean },
  ): Outcome<C, C['text'][] | Scored<C['text']>[]>
  zunion(keys: OneOrMore<Key>, options: Combination & { readonly withscores?: boolean } = {}): Outcome<C, unknown> {
    return this.run(combine(ZUNION, keys, options))
  }

  /**
   * Stores the members that any of the sorted sets has, and tells how many. @since 2.0
   * [ZUNIONSTORE](https://redis.io/commands/zunionstore)
   */
  zunionstore(destination: Key, keys: OneOrMore<Key>, options: Combination = {}): Outcome<C, C['int']> {
    return this.run(new Command(ZUNIONSTORE, combination([destination], keys, options)))
  }
}

function combine(spec: Spec, keys: OneOrMore<Key>, options: Combination & { readonly withscores?: boolean }): Command {
  const args: Arguments = []
  options = plainOptions(args, options)
  combination(args, keys, options)
  flag(args, 'WITHSCORES', options.withscores)
  return new Command(spec, args, options.withscores === true ? scored : texts)
}

function combination(args: Arguments, keys: OneOrMore<Key>, options: Combination): Arguments {
  const { weights, aggregate } = plainOptions(args, options)
  const several: readonly Key[] = Array.isArray(keys) ? keys : [keys as Key]
  pushCounted(args, several)
  if (weights !== undefined) {
    if (weights.length !== several.length) {
      refuse(args, `Each key needs a weight: there are ${several.length} keys and ${weights.length} weights.`)
    }
    args.push('WEIGHTS')
    for (const weight of weights) args.push(scoreOf(weight))
  }
  option(args, 'AGGREGATE', aggregate)
  return args
}
