/** JSON values as arguments and in replies, and the effect of paths on replies. */
import type { Argument, Arguments } from '../core/argument.js'
import type { Decoder } from '../core/decoder.js'
import { double, itemsOf, list, orNull } from '../core/decoders.js'
import { refuse } from '../core/option-tokens.js'
import type { Reply } from '../core/reply.js'
import { unexpectedReply } from '../core/reply-errors.js'
import type { ReplyFormat } from '../core/reply-format.js'
import { isBytes } from '../core/value-types.js'

/**
 * A JSONPath, which can match several values. Any other path (`.`, `.a.b`, `a[0]`) is a legacy path and stands for one
 * value.
 */
export type JsonPath = '$' | `$.${string}` | `$[${string}`

/**
 * The reply for a path: for a JSONPath a list with one element for each match, for a legacy path the value. A path of
 * type string can be either. Null if the key does not exist.
 */
export type Matches<P extends string, R> = P extends JsonPath
  ? R[] | null
  : string extends P
    ? R | R[] | null
    : R | null

const JSON_PATH = /^\$(?:$|[.[])/

export function isJsonPath(path: string): boolean {
  return JSON_PATH.test(path)
}

/** Adds a value as JSON text, or text that is already JSON. A value that JSON cannot represent is an error. */
export function pushJson(args: Arguments, value: unknown, raw = false): void {
  if (raw) {
    args.push(value as Argument)
    return
  }
  if (isBytes(value)) {
    refuse(
      args,
      'Bytes are not a JSON value: convert them to text, or set the option { raw: true } if they are JSON text.',
    )
    return
  }
  const text = stringify(value)
  if (text === undefined) refuse(args, `JSON cannot represent this value (${typeof value}), or a value inside it.`)
  else args.push(text)
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    // A bigint, a cycle, or a toJSON that throws. The engine's message could contain names from the value.
    return undefined
  }
}

/** Parses JSON text; a list of texts becomes a list of values. */
export function parsed(reply: Reply, shape: ReplyFormat): unknown {
  if (reply === null) return null
  if (Array.isArray(reply)) return reply.map(each => parsed(each, shape))
  if (typeof reply !== 'string' && !Buffer.isBuffer(reply)) return unexpectedReply(reply, 'JSON')
  try {
    return JSON.parse(reply.toString())
  } catch {
    return unexpectedReply(reply, 'JSON')
  }
}

/** Numbers: JSON text (RESP2), or a list of numbers even for one match (RESP3). */
export function numbersAt(path: string): Decoder {
  const several = isJsonPath(path)
  return (reply, shape) => {
    const items = itemsOf(reply)
    if (items === undefined) return parsed(reply, shape)
    // If a legacy path has several matches, the reply is the last one.
    return several ? items.map(number) : number(items[items.length - 1] ?? null)
  }
}

function number(reply: Reply): unknown {
  if (reply === null) return null
  return typeof reply === 'bigint' ? Number(reply) : double(reply)
}

/** One item for each match of a JSONPath, one item for a legacy path. */
export function each(path: string, item: Decoder): Decoder {
  return orNull(isJsonPath(path) ? list(orNull(item)) : item)
}

/** Like `each`, for replies that RESP3 wraps once more: `[[type, type]]` or `[type]`. */
export function wrappedEach(path: string, item: Decoder): Decoder {
  const decode = each(path, item)
  const wrapped = isJsonPath(path)
    ? (only: Reply | undefined): boolean => only === null || itemsOf(only ?? '') !== undefined
    : (): boolean => true
  return (reply, shape) => {
    const items = itemsOf(reply)
    if (items?.length !== 1 || !wrapped(items[0])) return decode(reply, shape)
    return decode(items[0] ?? null, shape)
  }
}
