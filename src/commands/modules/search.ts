import type { Argument, Arguments, Key, OneOrMore, Several } from '../core/argument.js'
import { Command } from '../core/command.js'
import { type Context, Namespace, type Outcome } from '../core/context.js'
import { int, list, ok, orNull, texts, word } from '../core/decoders.js'
import type { KeySpec } from '../core/key-specs.js'
import { flag, option, plainOptions, pushAll, pushSeveral } from '../core/option-tokens.js'
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
  /** How many letters may differ, from 1 to 4. Default 1. */
  readonly distance?: number
  /** Dictionaries: words of `include` are suggested, words of `exclude` are not reported. */
  readonly terms?: OneOrMore<{ readonly include: Key } | { readonly exclude: Key }>
  readonly dialect?: number
}

export interface SuggestOptions {
  /** Finds prefixes with one different letter too. */
  readonly fuzzy?: boolean
  /** Maximum number of suggestions. Default 5. */
  readonly max?: number
}

/** The number of names and the names after `token`. */
function countedAfter(token: string, from: number): KeySpec {
  return { begin: { token, from }, find: { count: 0, first: 1, step: 1 }, access: 'read' }
}

const found = searchReply({ scores: false, payloads: false, sortkeys: false, fields: true })
const words = list(word)
const textsOrNull = orNull(texts)
// Index names are not keys: in a cluster any node can be asked, and it asks the other nodes.
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
// Reading a cursor moves it, so this must not be repeated.
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
 * Commands for indexes of hashes and JSON documents, and for queries. Names of indexes, aliases and dictionaries are
 * not keys. The prefix of a view is not put before them, but before the prefixes of an index, `inkeys` and the keys of
 * suggestions. An index without `prefix` contains all keys.
 *
 * It was a separate module before Redis 8. @since 8.0
 */
export class Search<C extends Context> extends Namespace<C> {
  /** Creates an index. Returns `'OK'`. [FT.CREATE](https://redis.io/commands/ft.create) */
  create(index: Key, schema: Schema, options: CreateOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [index]
    options = plainOptions(args, options)
    pushCreateOptions(args, options)
    args.push('SCHEMA')
    pushSchema(args, schema)
    return this.run(new Command(CREATE, args))
  }

  /** Adds fields to an index. Returns `'OK'`. [FT.ALTER](https://redis.io/commands/ft.alter) */
  alter(index: Key, schema: Schema, options: { readonly skipinitialscan?: boolean } = {}): Outcome<C, 'OK'> {
    const args: Arguments = [index]
    options = plainOptions(args, options)
    flag(args, 'SKIPINITIALSCAN', options.skipinitialscan)
    args.push('SCHEMA', 'ADD')
    pushSchema(args, schema)
    return this.run(new Command(ALTER, args))
  }

  /** Deletes an index, with `dd` its documents too. Returns `'OK'`. [FT.DROPINDEX](https://redis.io/commands/ft.dropindex) */
  dropindex(index: Key, options: { readonly dd?: boolean } = {}): Outcome<C, 'OK'> {
    const args: Arguments = [index]
    options = plainOptions(args, options)
    flag(args, 'DD', options.dd)
    return this.run(new Command(DROPINDEX, args))
  }

  /** Returns information about an index. [FT.INFO](https://redis.io/commands/ft.info) */
  info(index: Key): Outcome<C, IndexInfo<C>> {
    return this.run(new Command(INFO, [index]))
  }

  /** Returns the names of all indexes. [FT._LIST](https://redis.io/commands/ft._list) */
  _list(): Outcome<C, C['text'][]> {
    return this.run(new Command(LIST, []))
  }

  /** Adds an alias to an index. Returns `'OK'`. [FT.ALIASADD](https://redis.io/commands/ft.aliasadd) */
  aliasadd(alias: Key, index: Key): Outcome<C, 'OK'> {
    return this.run(new Command(ALIASADD, [alias, index]))
  }

  /** Like {@link aliasadd}, but takes the alias from another index if necessary. Returns `'OK'`. [FT.ALIASUPDATE](https://redis.io/commands/ft.aliasupdate) */
  aliasupdate(alias: Key, index: Key): Outcome<C, 'OK'> {
    return this.run(new Command(ALIASUPDATE, [alias, index]))
  }

  /** Removes an alias. Returns `'OK'`. [FT.ALIASDEL](https://redis.io/commands/ft.aliasdel) */
  aliasdel(alias: Key): Outcome<C, 'OK'> {
    return this.run(new Command(ALIASDEL, [alias]))
  }

  /** Returns the documents that match a query; with `nocontent` without their fields. [FT.SEARCH](https://redis.io/commands/ft.search) */
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
   * Returns the result of a query after steps that group, sort and compute:
   * `{ load: ['@price'], steps: [{ groupby: '@brand', reduce: { function: 'AVG', args: '@price', as: 'price' } }] }`.
   * With `withcursor` it returns the first part and a cursor. [FT.AGGREGATE](https://redis.io/commands/ft.aggregate)
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
   * Returns the next part of the result of {@link aggregate}. In a cluster the node that has the cursor must be asked:
   * run both calls with the same `with({ key })`, whatever the key, and read from primaries, because reads from
   * replicas rotate. [FT.CURSOR READ](https://redis.io/commands/ft.cursor-read)
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

  /** Deletes a cursor. Returns `'OK'`. [FT.CURSOR DEL](https://redis.io/commands/ft.cursor-del) */
  cursorDel(index: Key, cursor: string | number | bigint): Outcome<C, 'OK'> {
    return this.run(new Command(CURSOR_DEL, [index, cursor]))
  }

  /**
   * Returns the merged results of a query for words and one for a vector, the best first:
   * `hybrid('idx', 'shoes', { field: '@v', vector: new Float32Array([1, 2]) }, { load: ['@title'] })`. @since 8.4
   * [FT.HYBRID](https://redis.io/commands/ft.hybrid)
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

  /** Runs {@link search}. Returns its reply and a profile of the execution time. [FT.PROFILE](https://redis.io/commands/ft.profile) */
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

  /** Runs {@link aggregate}. Returns its reply and a profile of the execution time. [FT.PROFILE](https://redis.io/commands/ft.profile) */
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

  /** Returns the execution plan of a query, as text. [FT.EXPLAIN](https://redis.io/commands/ft.explain) */
  explain(index: Key, query: Key, options: { readonly dialect?: number } = {}): Outcome<C, string> {
    const args: Arguments = [index, query]
    options = plainOptions(args, options)
    option(args, 'DIALECT', options.dialect)
    return this.run(new Command(EXPLAIN, args))
  }

  /** Returns the execution plan of a query, as lines. [FT.EXPLAINCLI](https://redis.io/commands/ft.explaincli) */
  explaincli(index: Key, query: Key, options: { readonly dialect?: number } = {}): Outcome<C, string[]> {
    const args: Arguments = [index, query]
    options = plainOptions(args, options)
    option(args, 'DIALECT', options.dialect)
    return this.run(new Command(EXPLAINCLI, args))
  }

  /** Returns the words of a query that are not in the index, with suggestions. [FT.SPELLCHECK](https://redis.io/commands/ft.spellcheck) */
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

  /** Adds terms to a dictionary. Returns the number of new terms. [FT.DICTADD](https://redis.io/commands/ft.dictadd) */
  dictadd(dictionary: Key, ...terms: Several<Argument>): Outcome<C, C['int']> {
    const args: Arguments = [dictionary]
    pushSeveral(args, terms, 'term')
    return this.run(new Command(DICTADD, args))
  }

  /** Deletes terms of a dictionary. Returns the number of terms that existed. [FT.DICTDEL](https://redis.io/commands/ft.dictdel) */
  dictdel(dictionary: Key, ...terms: Several<Argument>): Outcome<C, C['int']> {
    const args: Arguments = [dictionary]
    pushSeveral(args, terms, 'term')
    return this.run(new Command(DICTDEL, args))
  }

  /** Returns all terms of a dictionary. [FT.DICTDUMP](https://redis.io/commands/ft.dictdump) */
  dictdump(dictionary: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(DICTDUMP, [dictionary]))
  }

  /** Adds terms to a synonym group. Returns `'OK'`. [FT.SYNUPDATE](https://redis.io/commands/ft.synupdate) */
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

  /** Returns all terms with their synonym groups. [FT.SYNDUMP](https://redis.io/commands/ft.syndump) */
  syndump(index: Key): Outcome<C, Record<string, C['text'][]>> {
    return this.run(new Command(SYNDUMP, [index]))
  }

  /** Adds a suggestion, or with `incr` adds to its score. Returns the number of suggestions. [FT.SUGADD](https://redis.io/commands/ft.sugadd) */
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

  /** Returns suggestions for a prefix, the best first; as objects if scores or payloads are requested. [FT.SUGGET](https://redis.io/commands/ft.sugget) */
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

  /** Deletes a suggestion. Returns 1, or 0 if it does not exist. [FT.SUGDEL](https://redis.io/commands/ft.sugdel) */
  sugdel(key: Key, suggestion: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SUGDEL, [key, suggestion]))
  }

  /** Returns the number of suggestions. [FT.SUGLEN](https://redis.io/commands/ft.suglen) */
  suglen(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(SUGLEN, [key]))
  }

  /** Returns all tags of a field. [FT.TAGVALS](https://redis.io/commands/ft.tagvals) */
  tagvals(index: Key, field: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(TAGVALS, [index, field]))
  }

  /** Returns settings by name, `'*'` for all. Deprecated by the server. [FT.CONFIG GET](https://redis.io/commands/ft.config-get) */
  configGet(name: string): Outcome<C, Record<string, string | null>> {
    return this.run(new Command(CONFIG_GET, [name]))
  }

  /** Changes a setting. Returns `'OK'`. Deprecated by the server. [FT.CONFIG SET](https://redis.io/commands/ft.config-set) */
  configSet(name: string, value: Argument): Outcome<C, 'OK'> {
    return this.run(new Command(CONFIG_SET, [name, value]))
  }

  /** Returns descriptions of settings. Deprecated by the server. [FT.CONFIG HELP](https://redis.io/commands/ft.config-help) */
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
    // An empty RETURN omits the fields, like NOCONTENT.
    fields: options.nocontent !== true && options.return?.length !== 0,
  })
}
