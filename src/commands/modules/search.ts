import type { Argument, Arguments, Key } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome } from '../core/context.js'
import { int, list, ok, orNull, texts, word } from '../core/decoders.js'
import type { KeySpec } from '../core/key-specs.js'
import {
  flag,
  type OneOrMore,
  option,
  plainOptions,
  pushAll,
  pushSeveral,
  type Several,
} from '../core/option-tokens.js'
import { keyless, read, write } from '../core/spec.js'
import { rejectWrongCalls } from '../core/wrong-calls.js'
import { type AggregateOptions, pushAggregateOptions, type WithCursor } from './search-aggregate.js'
import { type HybridOptions, type HybridQuery, type HybridVector, pushHybrid } from './search-hybrid.js'
import {
  type ConfigHelp,
  type Correction,
  corrections,
  type IndexInfo,
  indexInfo,
  type Suggestion,
  settings,
  settingsHelp,
  suggestions,
  synonyms,
} from './search-index-replies.js'
import { pushSearchOptions, type SearchOptions } from './search-query.js'
import {
  type AggregatePart,
  type AggregateReply,
  aggregatePart,
  aggregateReply,
  type FoundDocument,
  type FoundKey,
  type HybridReply,
  hybridReply,
  type Profiled,
  profiled,
  type SearchReply,
  searchReply,
} from './search-replies.js'
import { type CreateOptions, pushCreateOptions, pushSchema, type Schema } from './search-schema.js'

type Contents = SearchOptions & { readonly nocontent?: false }
type NoContents = SearchOptions & { readonly nocontent: true }
type AnyContents = SearchOptions & { readonly nocontent?: boolean }

export interface SpellcheckOptions {
  /** How many letters may differ, from 1 (unless given) to 4. */
  readonly distance?: number
  /** Dictionaries whose words are suggested, or are not wrong. */
  readonly terms?: OneOrMore<{ readonly include: Key } | { readonly exclude: Key }>
  readonly dialect?: number
}

export interface SuggestOptions {
  /** With one letter that differs. */
  readonly fuzzy?: boolean
  /** At most so many; 5 unless given. */
  readonly max?: number
}

/** Names behind `token` and their number. */
function countedAfter(token: string, from: number): KeySpec {
  return { begin: { token, from }, find: { count: 0, first: 1, step: 1 }, access: 'read' }
}

const found = searchReply({ scores: false, payloads: false, sortkeys: false, fields: true })
const words = list(word)
const textsOrNull = orNull(texts)
// Indexes are no keys: in a cluster any node is asked and asks the others.
const anywhere = { keys: [] }
const inkeys = { keys: [], names: [countedAfter('INKEYS', 2)] }

const AGGREGATE = read('FT.AGGREGATE', aggregateReply, anywhere)
const ALIASADD = keyless('FT.ALIASADD', ok)
const ALIASDEL = keyless('FT.ALIASDEL', ok)
const ALIASUPDATE = keyless('FT.ALIASUPDATE', ok)
const ALTER = keyless('FT.ALTER', ok)
const CONFIG_GET = read('FT.CONFIG GET', settings, anywhere)
const CONFIG_HELP = read('FT.CONFIG HELP', settingsHelp, anywhere)
const CONFIG_SET = keyless('FT.CONFIG SET', ok)
const CREATE = keyless('FT.CREATE', ok, { names: [countedAfter('PREFIX', 1)] })
// Reading a cursor moves it: not to be done twice.
const CURSOR_DEL = read('FT.CURSOR DEL', ok, { ...anywhere, repeatable: false })
const CURSOR_READ = read('FT.CURSOR READ', aggregatePart, { ...anywhere, repeatable: false })
const DICTADD = keyless('FT.DICTADD', int)
const DICTDEL = keyless('FT.DICTDEL', int)
const DICTDUMP = read('FT.DICTDUMP', texts, anywhere)
const DROPINDEX = keyless('FT.DROPINDEX', ok)
const EXPLAIN = read('FT.EXPLAIN', word, anywhere)
const EXPLAINCLI = read('FT.EXPLAINCLI', words, anywhere)
const HYBRID = read('FT.HYBRID', hybridReply, anywhere)
const INFO = read('FT.INFO', indexInfo, anywhere)
const LIST = read('FT._LIST', texts, anywhere)
const PROFILE = read('FT.PROFILE', profiled(aggregateReply), { keys: [], names: [countedAfter('INKEYS', 4)] })
const SEARCH = read('FT.SEARCH', found, inkeys)
const SPELLCHECK = read('FT.SPELLCHECK', corrections, anywhere)
const SUGADD = write('FT.SUGADD', int)
const SUGDEL = write('FT.SUGDEL', int)
const SUGGET = read('FT.SUGGET', textsOrNull)
const SUGLEN = read('FT.SUGLEN', int)
const SYNDUMP = read('FT.SYNDUMP', synonyms, anywhere)
const SYNUPDATE = keyless('FT.SYNUPDATE', ok)
const TAGVALS = read('FT.TAGVALS', texts, anywhere)

/**
 * Indexes of hashes and JSON documents, and queries of them. The names of indexes, aliases and dictionaries are no keys: a prefix
 * of a view is not put before them, but before the prefixes of an index, `inkeys` and the keys of suggestions. An index without
 * `prefix` is of all keys.
 *
 * A module before it became a part of Redis. @since 8.0
 */
export class Search<C extends Context> extends Namespace<C> {
  /** Makes an index. [FT.CREATE](https://redis.io/commands/ft.create) */
  create(index: Key, schema: Schema, options: CreateOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [index]
    options = plainOptions(args, options)
    pushCreateOptions(args, options)
    args.push('SCHEMA')
    pushSchema(args, schema)
    return this.run(new Command(CREATE, args))
  }

  /** Adds fields to an index. [FT.ALTER](https://redis.io/commands/ft.alter) */
  alter(index: Key, schema: Schema, options: { readonly skipinitialscan?: boolean } = {}): Outcome<C, 'OK'> {
    const args: Arguments = [index]
    options = plainOptions(args, options)
    flag(args, 'SKIPINITIALSCAN', options.skipinitialscan)
    args.push('SCHEMA', 'ADD')
    pushSchema(args, schema)
    return this.run(new Command(ALTER, args))
  }

  /** Deletes an index, with `dd` its documents too. [FT.DROPINDEX](https://redis.io/commands/ft.dropindex) */
  dropindex(index: Key, options: { readonly dd?: boolean } = {}): Outcome<C, 'OK'> {
    const args: Arguments = [index]
    options = plainOptions(args, options)
    flag(args, 'DD', options.dd)
    return this.run(new Command(DROPINDEX, args))
  }

  /** What an index is like. [FT.INFO](https://redis.io/commands/ft.info) */
  info(index: Key): Outcome<C, IndexInfo<C>> {
    return this.run(new Command(INFO, [index]))
  }

  /** The names of all indexes. [FT._LIST](https://redis.io/commands/ft._list) */
  _list(): Outcome<C, C['text'][]> {
    return this.run(new Command(LIST, []))
  }

  /** Gives an index another name too. [FT.ALIASADD](https://redis.io/commands/ft.aliasadd) */
  aliasadd(alias: Key, index: Key): Outcome<C, 'OK'> {
    return this.run(new Command(ALIASADD, [alias, index]))
  }

  /** As {@link aliasadd}; another index that has the name loses it. [FT.ALIASUPDATE](https://redis.io/commands/ft.aliasupdate) */
  aliasupdate(alias: Key, index: Key): Outcome<C, 'OK'> {
    return this.run(new Command(ALIASUPDATE, [alias, index]))
  }

  /** Takes a name away from its index. [FT.ALIASDEL](https://redis.io/commands/ft.aliasdel) */
  aliasdel(alias: Key): Outcome<C, 'OK'> {
    return this.run(new Command(ALIASDEL, [alias]))
  }

  /**
   * The documents that a query finds, with their fields unless `nocontent` leaves them out.
   * [FT.SEARCH](https://redis.io/commands/ft.search)
   */
  search(index: Key, query: Key, options?: Contents): Outcome<C, SearchReply<FoundDocument<C>, C>>
  search(index: Key, query: Key, options: NoContents): Outcome<C, SearchReply<FoundKey<C>, C>>
  search(index: Key, query: Key, options: AnyContents): Outcome<C, SearchReply<FoundDocument<C> | FoundKey<C>, C>>
  search(index: Key, query: Key, options: AnyContents = {}): Outcome<C, SearchReply<FoundKey<C>, C>> {
    const args: Arguments = [index, query]
    options = plainOptions(args, options)
    pushSearchOptions(args, options)
    return this.run(new Command(SEARCH, args, foundWith(options)))
  }

  /**
   * What a query finds, sent through steps that group, sort and compute: `{ load: ['@price'], steps: [{ groupby: '@brand', reduce:
   * { function: 'AVG', args: '@price', as: 'price' } }] }`. With `withcursor` a part of it, and the cursor for the next one.
   * [FT.AGGREGATE](https://redis.io/commands/ft.aggregate)
   */
  aggregate(
    index: Key,
    query: Key,
    options?: AggregateOptions & { readonly withcursor?: never },
  ): Outcome<C, AggregateReply<C>>
  aggregate(index: Key, query: Key, options: AggregateOptions & WithCursor): Outcome<C, AggregatePart<C>>
  aggregate(
    index: Key,
    query: Key,
    options: AggregateOptions & Partial<WithCursor> = {},
  ): Outcome<C, AggregateReply<C> | AggregatePart<C>> {
    const args: Arguments = [index, query]
    options = plainOptions(args, options)
    pushAggregateOptions(args, options)
    return this.run(new Command(AGGREGATE, args, options.withcursor === undefined ? aggregateReply : aggregatePart))
  }

  /**
   * The next part of what {@link aggregate} began. In a cluster the node that has the cursor must be asked: let both calls go the
   * same way by `with({ key })`, whatever the key, and read from primaries, as replicas take turns. [FT.CURSOR READ](https://redis.io/commands/ft.cursor-read)
   */
  cursorRead(
    index: Key,
    cursor: string | number | bigint,
    options: { readonly count?: number } = {},
  ): Outcome<C, AggregatePart<C>> {
    const args: Arguments = [index, cursor]
    options = plainOptions(args, options)
    option(args, 'COUNT', options.count)
    return this.run(new Command(CURSOR_READ, args))
  }

  /** Gives up a cursor. [FT.CURSOR DEL](https://redis.io/commands/ft.cursor-del) */
  cursorDel(index: Key, cursor: string | number | bigint): Outcome<C, 'OK'> {
    return this.run(new Command(CURSOR_DEL, [index, cursor]))
  }

  /**
   * What a query for words and one for a vector find together, the best first:
   * `hybrid('idx', 'shoes', { field: '@v', vector: new Float32Array([1, 2]) }, { load: ['@title'] })`.
   * @since 8.4 [FT.HYBRID](https://redis.io/commands/ft.hybrid)
   */
  hybrid(
    index: Key,
    query: HybridQuery,
    vector: HybridVector,
    options: HybridOptions = {},
  ): Outcome<C, HybridReply<C>> {
    const args: Arguments = [index]
    options = plainOptions(args, options)
    pushHybrid(args, query, vector, options)
    return this.run(new Command(HYBRID, args))
  }

  /** Runs {@link search} and tells where its time went. [FT.PROFILE](https://redis.io/commands/ft.profile) */
  profileSearch(
    index: Key,
    query: Key,
    options: AnyContents & { readonly limited?: boolean } = {},
  ): Outcome<C, Profiled<SearchReply<FoundDocument<C> | FoundKey<C>, C>>> {
    const args: Arguments = [index, 'SEARCH']
    options = plainOptions(args, options)
    flag(args, 'LIMITED', options.limited)
    args.push('QUERY', query)
    pushSearchOptions(args, options)
    return this.run(new Command(PROFILE, args, profiled(foundWith(options))))
  }

  /** Runs {@link aggregate} and tells where its time went. [FT.PROFILE](https://redis.io/commands/ft.profile) */
  profileAggregate(
    index: Key,
    query: Key,
    options: AggregateOptions & { readonly limited?: boolean } = {},
  ): Outcome<C, Profiled<AggregateReply<C>>> {
    const args: Arguments = [index, 'AGGREGATE']
    options = plainOptions(args, options)
    flag(args, 'LIMITED', options.limited)
    args.push('QUERY', query)
    pushAggregateOptions(args, options)
    return this.run(new Command(PROFILE, args))
  }

  /** How the server understands a query, as text. [FT.EXPLAIN](https://redis.io/commands/ft.explain) */
  explain(index: Key, query: Key, options: { readonly dialect?: number } = {}): Outcome<C, string> {
    const args: Arguments = [index, query]
    options = plainOptions(args, options)
    option(args, 'DIALECT', options.dialect)
    return this.run(new Command(EXPLAIN, args))
  }

  /** The same in lines. [FT.EXPLAINCLI](https://redis.io/commands/ft.explaincli) */
  explaincli(index: Key, query: Key, options: { readonly dialect?: number } = {}): Outcome<C, string[]> {
    const args: Arguments = [index, query]
    options = plainOptions(args, options)
    option(args, 'DIALECT', options.dialect)
    return this.run(new Command(EXPLAINCLI, args))
  }

  /** Words of a query that are not in the index, and what may be meant. [FT.SPELLCHECK](https://redis.io/commands/ft.spellcheck) */
  spellcheck(index: Key, query: Key, options: SpellcheckOptions = {}): Outcome<C, Correction<C>[]> {
    const args: Arguments = [index, query]
    options = plainOptions(args, options)
    option(args, 'DISTANCE', options.distance)
    for (const terms of [options.terms ?? []].flat()) {
      if ('include' in terms) args.push('TERMS', 'INCLUDE', terms.include)
      else args.push('TERMS', 'EXCLUDE', terms.exclude)
    }
    option(args, 'DIALECT', options.dialect)
    return this.run(new Command(SPELLCHECK, args))
  }

  /** Adds terms to a dictionary; how many were new. [FT.DICTADD](https://redis.io/commands/ft.dictadd) */
  dictadd(dictionary: Key, ...terms: Several<Argument>): Outcome<C, C['int']> {
    const args: Arguments = [dictionary]
    pushSeveral(args, terms, 'term')
    return this.run(new Command(DICTADD, args))
  }

  /** Deletes terms of a dictionary; how many there were. [FT.DICTDEL](https://redis.io/commands/ft.dictdel) */
  dictdel(dictionary: Key, ...terms: Several<Argument>): Outcome<C, C['int']> {
    const args: Arguments = [dictionary]
    pushSeveral(args, terms, 'term')
    return this.run(new Command(DICTDEL, args))
  }

  /** All terms of a dictionary. [FT.DICTDUMP](https://redis.io/commands/ft.dictdump) */
  dictdump(dictionary: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(DICTDUMP, [dictionary]))
  }

  /** Adds terms to a group of words that mean the same. [FT.SYNUPDATE](https://redis.io/commands/ft.synupdate) */
  synupdate(
    index: Key,
    group: Key,
    terms: OneOrMore<Argument>,
    options: { readonly skipinitialscan?: boolean } = {},
  ): Outcome<C, 'OK'> {
    const args: Arguments = [index, group]
    options = plainOptions(args, options)
    flag(args, 'SKIPINITIALSCAN', options.skipinitialscan)
    pushAll(args, terms, 'term')
    return this.run(new Command(SYNUPDATE, args))
  }

  /** All terms with the groups that they are in. [FT.SYNDUMP](https://redis.io/commands/ft.syndump) */
  syndump(index: Key): Outcome<C, Record<string, C['text'][]>> {
    return this.run(new Command(SYNDUMP, [index]))
  }

  /** Adds a suggestion, or with `incr` to its score; how many there are. [FT.SUGADD](https://redis.io/commands/ft.sugadd) */
  sugadd(
    key: Key,
    suggestion: Argument,
    score: number,
    options: { readonly incr?: boolean; readonly payload?: Argument } = {},
  ): Outcome<C, C['int']> {
    const args: Arguments = [key, suggestion, score]
    options = plainOptions(args, options)
    flag(args, 'INCR', options.incr)
    option(args, 'PAYLOAD', options.payload)
    return this.run(new Command(SUGADD, args))
  }

  /** Suggestions that begin so, the best first; with scores or payloads as objects. [FT.SUGGET](https://redis.io/commands/ft.sugget) */
  sugget(
    key: Key,
    prefix: Argument,
    options?: SuggestOptions & { readonly withscores?: false; readonly withpayloads?: false },
  ): Outcome<C, C['text'][] | null>
  sugget(
    key: Key,
    prefix: Argument,
    options: SuggestOptions &
      (
        | { readonly withscores: true; readonly withpayloads?: boolean }
        | { readonly withscores?: boolean; readonly withpayloads: true }
      ),
  ): Outcome<C, Suggestion<C>[] | null>
  sugget(
    key: Key,
    prefix: Argument,
    options: SuggestOptions & { readonly withscores?: boolean; readonly withpayloads?: boolean } = {},
  ): Outcome<C, C['text'][] | Suggestion<C>[] | null> {
    const args: Arguments = [key, prefix]
    options = plainOptions(args, options)
    const { withscores = false, withpayloads = false } = options
    flag(args, 'FUZZY', options.fuzzy)
    flag(args, 'WITHSCORES', withscores)
    flag(args, 'WITHPAYLOADS', withpayloads)
    option(args, 'MAX', options.max)
    return this.run(
      new Command(
        SUGGET,
        args,
        withscores || withpayloads ? orNull(suggestions(withscores, withpayloads)) : textsOrNull,
      ),
    )
  }

  /** Deletes a suggestion: 1, or 0 if there is none. [FT.SUGDEL](https://redis.io/commands/ft.sugdel) */
  sugdel(key: Key, suggestion: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SUGDEL, [key, suggestion]))
  }

  /** How many suggestions there are. [FT.SUGLEN](https://redis.io/commands/ft.suglen) */
  suglen(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(SUGLEN, [key]))
  }

  /** All tags of a field. [FT.TAGVALS](https://redis.io/commands/ft.tagvals) */
  tagvals(index: Key, field: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(TAGVALS, [index, field]))
  }

  /** Settings by name, `'*'` for all. Deprecated by the server. [FT.CONFIG GET](https://redis.io/commands/ft.config-get) */
  configGet(name: string): Outcome<C, Record<string, string | null>> {
    return this.run(new Command(CONFIG_GET, [name]))
  }

  /** Changes a setting. Deprecated by the server. [FT.CONFIG SET](https://redis.io/commands/ft.config-set) */
  configSet(name: string, value: Argument): Outcome<C, 'OK'> {
    return this.run(new Command(CONFIG_SET, [name, value]))
  }

  /** What settings mean. Deprecated by the server. [FT.CONFIG HELP](https://redis.io/commands/ft.config-help) */
  configHelp(name: string): Outcome<C, Record<string, ConfigHelp>> {
    return this.run(new Command(CONFIG_HELP, [name]))
  }
}
rejectWrongCalls(Search)

function foundWith(options: AnyContents): typeof found {
  return searchReply({
    scores: options.withscores === true,
    payloads: options.withpayloads === true,
    sortkeys: options.withsortkeys === true,
    // An empty RETURN leaves them out as NOCONTENT does.
    fields: options.nocontent !== true && options.return?.length !== 0,
  })
}
