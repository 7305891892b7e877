/** Replies about indexes, dictionaries and suggestions. RESP2 lists and RESP3 maps give the same result. */
import type { Plain, ReplyTypes } from '../core/context.js'
import type { Decoder } from '../core/decoder.js'
import {
  bare,
  camelCase,
  count,
  double,
  fieldName,
  itemsOf,
  key,
  keys,
  list,
  orNull,
  pairsOf,
  plain,
  record,
  scalar,
  text,
  textOrNull,
  texts,
  word,
} from '../core/decoders.js'
import { MapReply, type Reply } from '../core/reply.js'
import { unexpectedReply } from '../core/reply-errors.js'
import type { ReplyFormat } from '../core/reply-format.js'
import { statistics } from './module-decoders.js'

export interface IndexErrors<F extends ReplyTypes = Plain> {
  readonly indexingFailures: number
  readonly lastIndexingError: string
  readonly lastIndexingErrorKey: F['text']
}

export interface IndexAttribute {
  /** The field, or its path. */
  readonly identifier: string
  /** Its name in queries. */
  readonly attribute: string
  readonly type: string
  /** `'SORTABLE'`, `'UNF'`, `'NOSTEM'`, `'NOINDEX'`… */
  readonly flags: string[]
  /** Other properties of its type: `weight`, `separator`, `algorithm`, `dim`… */
  readonly [more: string]: unknown
}

/** Information about an index. Sizes are in MB. Newer servers add fields that are not named here. */
export interface IndexInfo<F extends ReplyTypes = Plain> {
  readonly indexName: F['text']
  readonly indexOptions: string[]
  readonly indexDefinition: {
    readonly keyType: string
    readonly prefixes: F['text'][]
    readonly defaultScore: number
    readonly [more: string]: unknown
  }
  readonly attributes: IndexAttribute[]
  readonly numDocs: number
  readonly maxDocId: number
  readonly numTerms: number
  readonly numRecords: number
  readonly invertedSzMb: number
  readonly vectorIndexSzMb: number
  readonly totalInvertedIndexBlocks: number
  readonly offsetVectorsSzMb: number
  readonly docTableSizeMb: number
  readonly sortableValuesSizeMb: number
  readonly keyTableSizeMb: number
  readonly recordsPerDocAvg: number
  readonly bytesPerRecordAvg: number
  readonly offsetsPerTermAvg: number
  readonly offsetBitsPerRecordAvg: number
  readonly hashIndexingFailures: number
  /** Milliseconds. */
  readonly totalIndexingTime: number
  /** 1 while existing documents are being indexed. */
  readonly indexing: number
  /** From 0 to 1. */
  readonly percentIndexed: number
  readonly numberOfUses: number
  readonly gcStats: Record<string, number>
  readonly cursorStats: Record<string, number>
  readonly dialectStats?: Record<string, number>
  readonly indexErrors?: IndexErrors<F>
  readonly [more: string]: unknown
}

export interface Correction<F extends ReplyTypes = Plain> {
  /** The word of the query. */
  readonly term: F['text']
  /** The best suggestion first. The score is the fraction of documents that contain it. */
  readonly suggestions: { readonly suggestion: F['text']; readonly score: number }[]
}

export interface Suggestion<F extends ReplyTypes = Plain> {
  readonly suggestion: F['text']
  /** With `withscores`. */
  readonly score?: number
  /** With `withpayloads`. */
  readonly payload?: F['text'] | null
}

export interface ConfigHelp {
  readonly description: string
  readonly value: string | null
}

const words = list(word)
const wordOrNull = orNull(word)

/** Words without a value after names and values (RESP2), or in a list called flags (RESP3). */
const FLAGS = new Set([
  'SORTABLE',
  'UNF',
  'NOSTEM',
  'NOINDEX',
  'CASESENSITIVE',
  'WITHSUFFIXTRIE',
  'INDEXEMPTY',
  'INDEXMISSING',
  'PHONETIC',
])

function attribute(reply: Reply): unknown {
  // Under RESP2 flags without a value are between the pairs.
  const pairs = reply instanceof MapReply ? reply.flat : itemsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'a map')
  const object = bare()
  const flags: unknown[] = []
  for (let i = 0; i < pairs.length; i++) {
    const name = String(word(pairs[i] ?? null))
    if (!(reply instanceof MapReply) && FLAGS.has(name)) flags.push(name)
    else if (name === 'flags') flags.push(...(itemsOf(pairs[++i] ?? null) ?? []).map(word))
    else object[camelCase(name.toLowerCase())] = (TEXTS.has(name) ? scalar : number)(pairs[++i] ?? null)
  }
  object.flags = flags
  return plain(object)
}

const TEXTS = new Set(['identifier', 'attribute', 'SEPARATOR'])

/** Weights and dimensions are numbers, even if the server sends text. */
function number(reply: Reply): unknown {
  const value = scalar(reply)
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value
}

const errors = statistics({
  'indexing failures': count,
  'last indexing error': wordOrNull,
  'last indexing error key': orNull(key),
})

const numbers = record(double)

export const indexInfo: Decoder = statistics({
  index_name: text,
  index_options: words,
  index_definition: statistics({ key_type: word, prefixes: keys, default_score: double, filter: wordOrNull }),
  attributes: list(attribute),
  ...counts(
    'num_docs max_doc_id num_terms num_records total_inverted_index_blocks hash_indexing_failures indexing number_of_uses cleaning',
  ),
  ...doubles(
    'inverted_sz_mb vector_index_sz_mb offset_vectors_sz_mb doc_table_size_mb sortable_values_size_mb key_table_size_mb',
    'tag_overhead_sz_mb text_overhead_sz_mb total_index_memory_sz_mb geoshapes_sz_mb records_per_doc_avg bytes_per_record_avg',
    'offsets_per_term_avg offset_bits_per_record_avg total_indexing_time percent_indexed',
  ),
  gc_stats: numbers,
  cursor_stats: numbers,
  dialect_stats: numbers,
  'index Errors': errors,
  'field statistics': list(statistics({ identifier: wordOrNull, attribute: wordOrNull, 'index Errors': errors })),
})

function counts(...names: readonly string[]): Record<string, Decoder> {
  return all(names, count)
}

function doubles(...names: readonly string[]): Record<string, Decoder> {
  return all(names, double)
}

function all(names: readonly string[], decode: Decoder): Record<string, Decoder> {
  return Object.fromEntries(names.flatMap(line => line.split(' ')).map(name => [name, decode]))
}

/**
 * Under RESP2 a list of `['TERM', term, [[score, suggestion], …]]`; under RESP3 `results`, a map of terms to lists of
 * `{ suggestion: score }`.
 */
export function corrections(reply: Reply, shape: ReplyFormat): unknown {
  const found: object[] = []
  if (reply instanceof MapReply) {
    const results = pairsOf(reply.flat[1] ?? null) ?? []
    for (let i = 0; i < results.length; i += 2) {
      const suggestions = (itemsOf(results[i + 1] ?? null) ?? []).map(each => pairsOf(each) ?? [])
      found.push({
        term: text(results[i] ?? null, shape),
        suggestions: suggestions.map(([suggestion = null, score = null]) => suggested(suggestion, score, shape)),
      })
    }
    return found
  }
  const items = itemsOf(reply)
  if (items === undefined) return unexpectedReply(reply, 'a list')
  for (const item of items) {
    const [, term = null, suggestions = null] = itemsOf(item) ?? []
    found.push({
      term: text(term, shape),
      suggestions: (itemsOf(suggestions) ?? []).map(each => {
        const [score = null, suggestion = null] = itemsOf(each) ?? []
        return suggested(suggestion, score, shape)
      }),
    })
  }
  return found
}

function suggested(suggestion: Reply, score: Reply, shape: ReplyFormat): object {
  return { suggestion: text(suggestion, shape), score: double(score) }
}

/** Suggestions with the requested details, alternating. */
export function suggestions(withscores: boolean, withpayloads: boolean): Decoder {
  const step = 1 + Number(withscores) + Number(withpayloads)
  return (reply, shape) => {
    const items = itemsOf(reply)
    if (items === undefined || items.length % step !== 0)
      return unexpectedReply(reply, 'suggestions with the requested details')
    const found: object[] = []
    for (let i = 0; i < items.length; i += step) {
      found.push({
        suggestion: text(items[i] ?? null, shape),
        ...(withscores && { score: double(items[i + 1] ?? null) }),
        ...(withpayloads && { payload: textOrNull(items[i + step - 1] ?? null, shape) }),
      })
    }
    return found
  }
}

/** A list of `[name, value]` (RESP2) or a map. A value is text or null. */
export const settings: Decoder = record(wordOrNull)

/** A list of `[name, 'Description', text, 'Value', text]` (RESP2), or a map of names to the rest (RESP3). */
export function settingsHelp(reply: Reply, shape: ReplyFormat): unknown {
  const help = statistics({ description: word, value: wordOrNull })
  if (reply instanceof MapReply) return record(help)(reply, shape)
  const items = itemsOf(reply)
  if (items === undefined) return unexpectedReply(reply, 'a map')
  const object = bare()
  for (const item of items) {
    const [name, ...rest] = itemsOf(item) ?? []
    object[fieldName(name)] = help(rest, shape)
  }
  return plain(object)
}

/** Terms with the groups of each term. */
export const synonyms: Decoder = record(texts)
