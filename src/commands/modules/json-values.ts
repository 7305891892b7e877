/** JSON as it goes to the server and comes from it, and what a path makes of a reply. */
import type { Argument, Arguments } from '../core/argument.js'
import type { Decoder } from '../core/decoder.js'
import { double, itemsOf, list, orNull } from '../core/decoders.js'
import { refuse } from '../core/option-tokens.js'
import type { Reply } from '../core/reply.js'
import type { ReplyFormat } from '../core/reply-format.js'
import { unexpectedReply } from '../core/unexpected-reply.js'
import { isBytes } from '../core/value-types.js'

/** A path of the newer kind, which may match several values. Any other path (`.`, `.a.b`, `a[0]`) stands for one. */
export type JsonPath = '$' | `$.${string}` | `$[${string}`

/**
 * The reply to a path: under a JSONPath one element for each match, under an older path the one value. Of a path that is
 * only known as a string it may be either. Null if there is no such key.
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

/** Adds a value as JSON text, or text that is JSON already. What JSON cannot hold is a refusal. */
export function pushJson(args: Arguments, value: unknown, raw = false): void {
  if (raw) {
    args.push(value as Argument)
    return
  }
  if (isBytes(value)) {
    refuse(args, 'Bytes are no JSON value: give them as text, or say { raw: true } if they are JSON text.')
    return
  }
  const text = stringify(value)
  if (text === undefined)
    refuse(args, `JSON has no such value: ${typeof value}, or a value that holds what JSON cannot.`)
  else args.push(text)
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    // A bigint, a cycle, or a toJSON that throws; the message of the engine would tell names of the value.
    return undefined
  }
}

/** JSON text as the value that it is; a list of them as a list. */
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

/** Numbers: JSON text (RESP2), or a list of them also for one match (RESP3). */
export function numbersAt(path: string): Decoder {
  const several = isJsonPath(path)
  return (reply, shape) => {
    const items = itemsOf(reply)
    if (items === undefined) return parsed(reply, shape)
    // Of several matches an older path tells the last.
    return several ? items.map(number) : number(items[items.length - 1] ?? null)
  }
}

function number(reply: Reply): unknown {
  if (reply === null) return null
  return typeof reply === 'bigint' ? Number(reply) : double(reply)
}

/** One for each match of a JSONPath, else one. */
export function each(path: string, item: Decoder): Decoder {
  return orNull(isJsonPath(path) ? list(orNull(item)) : item)
}

/** As `each`, where RESP3 wraps the whole once more: `[[type, type]]` or `[type]`. */
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
