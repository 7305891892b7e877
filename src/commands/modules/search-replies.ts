/** Replies of queries. RESP2 lists and RESP3 maps give the same result. */
import type { Plain, ReplyTypes } from '../core/context.js'
import type { Decoder } from '../core/decoder.js'
import {
  anything,
  bare,
  double,
  fieldName,
  int,
  itemsOf,
  key,
  list,
  pairsOf,
  plain,
  put,
  scalar,
  textOrNull,
  word,
} from '../core/decoders.js'
import { MapReply, type Reply } from '../core/reply.js'
import { unexpectedReply } from '../core/reply-errors.js'
import { PLAIN, type ReplyFormat } from '../core/reply-format.js'

/** A document that matches a query. */
export interface FoundDocument<F extends ReplyTypes = Plain> extends FoundKey<F> {
  /** Missing if the document was deleted or expired during the query. */
  readonly fields: Record<string, F['text']>
}

/** A document that matches a query, without its fields. */
export interface FoundKey<F extends ReplyTypes = Plain> {
  /** The key of the document. */
  readonly id: F['text']
  /** With `withscores`. */
  readonly score?: number
  /** With `explainscore`: texts in nested lists. */
  readonly explanation?: unknown
  /** With `withpayloads`. */
  readonly payload?: F['text'] | null
  /** With `withsortkeys`: `#` before a number, `$` before text. */
  readonly sortkey?: F['text'] | null
}

export interface SearchReply<D, F extends ReplyTypes = Plain> {
  /** The number of all matching documents, not only of the returned ones. */
  readonly total: F['int']
  readonly documents: D[]
  /** Warnings about incomplete results, for example after a timeout. Always empty under RESP2. */
  readonly warnings: string[]
}

/** The value of a property: text, or a list built by a reducer. */
export type RowValue<T> = T | null | readonly RowValue<T>[]

export type Row<F extends ReplyTypes = Plain> = Record<string, RowValue<F['text']>>

export interface AggregateReply<F extends ReplyTypes = Plain> {
  /** Without meaning for some queries. */
  readonly total: F['int']
  readonly rows: Row<F>[]
  /** Warnings about incomplete results, for example after a timeout. Always empty under RESP2. */
  readonly warnings: string[]
}

export interface AggregatePart<F extends ReplyTypes = Plain> extends AggregateReply<F> {
  /** For the next part; `'0'` after the last part. */
  readonly cursor: string
}

export interface HybridReply<F extends ReplyTypes = Plain> {
  readonly total: F['int']
  /** With `__key` and `__score`, unless fields were loaded. */
  readonly rows: Row<F>[]
  readonly warnings: string[]
  /** Milliseconds. */
  readonly executionTime: number
}

export interface Profiled<R> {
  readonly reply: R
  /** Times and counts of the parts of the query. The format differs between servers and protocols. */
  readonly profile: unknown
}

/** Requested details of each document in addition to its fields, in this order under RESP2. */
export interface Extras {
  readonly scores: boolean
  readonly payloads: boolean
  readonly sortkeys: boolean
  readonly fields: boolean
}

type Named = ReadonlyMap<unknown, Reply>

/** The values of a map by name; undefined for any other reply. */
function namesOf(reply: Reply): Named | undefined {
  if (!(reply instanceof MapReply)) return undefined
  const names = new Map<unknown, Reply>()
  const { flat } = reply
  for (let i = 0; i < flat.length; i += 2) names.set(word(flat[i] ?? null), flat[i + 1] ?? null)
  return names
}

const words = list(word)

function warningsOf(names: Named): unknown {
  return words(names.get('warning') ?? names.get('warnings') ?? [], PLAIN)
}

/** Properties: texts, or the items of a list. `__key` is a key here too. */
function properties(reply: Reply | undefined, shape: ReplyFormat): Record<string, unknown> {
  const object = bare()
  // A document that expired during the query has no properties.
  const pairs = pairsOf(reply ?? [])
  if (pairs === undefined) return unexpectedReply(reply ?? null, 'a map') as unknown as Record<string, unknown>
  for (let i = 0; i < pairs.length; i += 2) {
    const name = fieldName(pairs[i])
    put(object, name, (name === '__key' ? key : anything)(pairs[i + 1] ?? null, shape))
  }
  return plain(object)
}

/** A score, or a list of the score and its explanation. */
function scoreOf(reply: Reply): object {
  const items = itemsOf(reply)
  if (items === undefined) return { score: double(reply) }
  return { score: double(items[0] ?? null), explanation: nested(items[1] ?? null) }
}

/** Words in nested lists. */
function nested(reply: Reply): unknown {
  return itemsOf(reply)?.map(nested) ?? scalar(reply)
}

export function searchReply(extras: Extras): Decoder {
  const { scores, payloads, sortkeys, fields } = extras
  const step = 1 + Number(scores) + Number(payloads) + Number(sortkeys) + Number(fields)
  return (reply, shape) => {
    const documents: object[] = []
    const names = namesOf(reply)
    if (names !== undefined) {
      for (const each of itemsOf(names.get('results') ?? []) ?? []) {
        const of = namesOf(each)
        if (of === undefined) continue
        documents.push({
          id: key(of.get('id') ?? null, shape),
          ...(scores && scoreOf(of.get('score') ?? null)),
          ...(payloads && { payload: textOrNull(of.get('payload') ?? null, shape) }),
          ...(sortkeys && { sortkey: textOrNull(of.get('sortkey') ?? null, shape) }),
          ...(fields && { fields: properties(of.get('extra_attributes'), shape) }),
        })
      }
      return { total: int(names.get('total_results') ?? 0, shape), documents, warnings: warningsOf(names) }
    }
    const items = itemsOf(reply)
    if (items === undefined || (items.length - 1) % step !== 0)
      return unexpectedReply(reply, 'documents with the requested details')
    for (let i = 1; i < items.length; i += step) {
      let at = i
      const next = (): Reply => items[at++] ?? null
      documents.push({
        id: key(next(), shape),
        ...(scores && scoreOf(next())),
        ...(payloads && { payload: textOrNull(next(), shape) }),
        ...(sortkeys && { sortkey: textOrNull(next(), shape) }),
        ...(fields && { fields: properties(next(), shape) }),
      })
    }
    return { total: int(items[0] ?? 0, shape), documents, warnings: [] }
  }
}

export const aggregateReply: Decoder = (reply, shape) => {
  const names = namesOf(reply)
  if (names !== undefined) {
    return {
      total: int(names.get('total_results') ?? 0, shape),
      rows: rowsOf(names, shape),
      warnings: warningsOf(names),
    }
  }
  const items = itemsOf(reply)
  if (items === undefined) return unexpectedReply(reply, 'a list')
  const rows = items.slice(1).map(row => properties(row, shape))
  return { total: int(items[0] ?? 0, shape), rows, warnings: [] }
}

function rowsOf(names: Named, shape: ReplyFormat): object[] {
  const results = itemsOf(names.get('results') ?? []) ?? []
  return results.map(row => properties(namesOf(row)?.get('extra_attributes') ?? row, shape))
}

/** The reply, and the cursor for the next part. */
export const aggregatePart: Decoder = (reply, shape) => {
  const [part, cursor] = itemsOf(reply) ?? []
  if (part === undefined || cursor === undefined) return unexpectedReply(reply, 'rows and a cursor')
  return { ...(aggregateReply(part, shape) as object), cursor: String(scalar(cursor)) }
}

/** A map in both protocols: alternating names and values under RESP2. */
export const hybridReply: Decoder = (reply, shape) => {
  const pairs = pairsOf(reply)
  const names = pairs === undefined ? undefined : namesOf(new MapReply(pairs))
  if (names === undefined) return unexpectedReply(reply, 'a map')
  return {
    total: int(names.get('total_results') ?? 0, shape),
    rows: rowsOf(names, shape),
    warnings: warningsOf(names),
    executionTime: double(names.get('execution_time') ?? null),
  }
}

/**
 * The reply and its profile: in a list, under two names, or (older servers) with the profile among the names of the
 * reply.
 */
export function profiled(decode: Decoder): Decoder {
  return (reply, shape) => {
    const names = namesOf(reply)
    if (names === undefined) {
      const [of, profile] = itemsOf(reply) ?? []
      if (of === undefined) return unexpectedReply(reply, 'a reply and its profile')
      return { reply: decode(of, shape), profile: anything(profile ?? null, shape) }
    }
    const profile = names.get('Profile') ?? names.get('profile') ?? null
    return { reply: decode(names.get('Results') ?? reply, shape), profile: anything(profile, shape) }
  }
}
