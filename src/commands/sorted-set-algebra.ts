import type { Arguments, Key, OneOrMore } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, type Scored, scored, texts } from './core/decoders.js'
import { countedKeys, keyAt } from './core/key-specs.js'
import { flag, option, plainOptions, pushCounted, refuse } from './core/option-tokens.js'
import { read, type Spec, write } from './core/spec.js'
import { scoreOf } from './sorted-set-scores.js'

/** How the scores of a member that is in several sorted sets are combined. */
export interface Combination {
  /** A factor for the scores of each sorted set, in the order of the keys. Default 1. */
  readonly weights?: readonly number[]
  /** How the scores of one member are combined. Default: their sum. */
  readonly aggregate?: 'sum' | 'min' | 'max'
}

export interface ZintercardOptions {
  /** The server stops counting at this number; 0 means no limit. */
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

/** Commands that combine several sorted sets. A plain set counts as a sorted set in which all scores are 1. */
export abstract class SortedSetAlgebra<C extends Context> extends Runner<C> {
  /**
   * Returns the members of the first sorted set that are in none of the others; with `withscores` their scores too.
   * @since 6.2 [ZDIFF](https://redis.io/commands/zdiff)
   */
  zdiff(keys: OneOrMore<Key>, options?: { readonly withscores?: false }): Outcome<C, C['text'][]>
  zdiff(keys: OneOrMore<Key>, options: { readonly withscores: true }): Outcome<C, Scored<C['text']>[]>
  zdiff(keys: OneOrMore<Key>, options: { readonly withscores?: boolean }): Outcome<C, C['text'][] | Scored<C['text']>[]>
  zdiff(keys: OneOrMore<Key>, options: { readonly withscores?: boolean } = {}): Outcome<C, unknown> {
    return this.run(combine(ZDIFF, keys, options))
  }

  /**
   * Stores the members of the first sorted set that are in none of the others. Returns their number. @since 6.2
   * [ZDIFFSTORE](https://redis.io/commands/zdiffstore)
   */
  zdiffstore(destination: Key, keys: OneOrMore<Key>): Outcome<C, C['int']> {
    return this.run(new Command(ZDIFFSTORE, combination([destination], keys, {})))
  }

  /**
   * Returns the members that are in all sorted sets; with `withscores` their scores too. @since 6.2
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

  /**
   * Returns the number of members that are in all sorted sets. @since 7.0
   * [ZINTERCARD](https://redis.io/commands/zintercard)
   */
  zintercard(keys: OneOrMore<Key>, options: ZintercardOptions = {}): Outcome<C, C['int']> {
    const args = combination([], keys, {})
    option(args, 'LIMIT', plainOptions(args, options).limit)
    return this.run(new Command(ZINTERCARD, args))
  }

  /**
   * Stores the members that are in all sorted sets. Returns their number. @since 2.0
   * [ZINTERSTORE](https://redis.io/commands/zinterstore)
   */
  zinterstore(destination: Key, keys: OneOrMore<Key>, options: Combination = {}): Outcome<C, C['int']> {
    return this.run(new Command(ZINTERSTORE, combination([destination], keys, options)))
  }

  /**
   * Returns the members that are in any of the sorted sets; with `withscores` their scores too. @since 6.2
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
   * Stores the members that are in any of the sorted sets. Returns their number. @since 2.0
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
      refuse(
        args,
        `The option weights must have one weight for each key: ${several.length} keys and ${weights.length} weights were given.`,
      )
    }
    args.push('WEIGHTS')
    for (const weight of weights) args.push(scoreOf(weight))
  }
  option(args, 'AGGREGATE', aggregate)
  return args
}
