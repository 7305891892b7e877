/** The arguments of subscribe(), psubscribe() and ssubscribe(): channels as an array or one by one, a handler, options. */
import type { Key } from '../commands/core/argument.js'
import { type Checks, isAbortSignal, isFrom, isOneOf, ownOptions } from '../commands/core/check-options.js'
import { isBytes, isObject } from '../commands/core/value-types.js'
import { DataError } from '../errors/errors.js'
import { noChannels } from './pubsub-errors.js'

/** What to do with a message when the queue of a subscription is full. */
export type WhenFull = 'drop-oldest' | 'drop-newest' | 'close' | 'error'

export interface SubscribeOptions {
  /** The most messages that are queued, that is, not read yet (default 10000). */
  readonly maxQueue?: number | undefined
  /**
   * What to do with a message when the queue is full (default 'drop-oldest'). 'drop-oldest' and 'drop-newest' drop one message
   * and count it in `dropped`. 'close' and 'error' unsubscribe and end the subscription after the queued messages; with
   * 'error' the loop then throws a PubSubError.
   */
  readonly whenFull?: WhenFull | undefined
  /** Ends the subscription when it aborts. The loop, and a subscribe call that is pending, reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Called with each message, in order. If it returns a promise, the next message waits for it. */
export type MessageHandler<T extends string | Buffer = string> = (message: T, channel: T, pattern?: T) => unknown

/** `['a', 'b'], handler?, options?` or `'a', 'b', handler?, options?`. */
export type SubscribeArguments<T extends string | Buffer> =
  | readonly [channels: Key | readonly Key[], handler: MessageHandler<T>, options?: SubscribeOptions]
  | readonly [channels: Key | readonly Key[], options?: SubscribeOptions]
  | readonly [...channels: [Key, ...Key[]]]
  | readonly [...channels: [Key, ...Key[]], handler: MessageHandler<T>]
  | readonly [...channels: [Key, ...Key[]], options: SubscribeOptions]
  | readonly [...channels: [Key, ...Key[]], handler: MessageHandler<T>, options: SubscribeOptions]

/** The arguments of a call that takes channels only. */
export type ChannelArguments = readonly [channels: readonly Key[]] | readonly Key[]

export interface ParsedArguments<H> {
  readonly names: readonly Key[]
  readonly handler: H | undefined
  readonly options: SubscribeOptions
}

/** Splits the arguments of a call into their parts. Throws DataError or PubSubError if they are wrong. */
export function readArguments<T extends string | Buffer>(
  method: string,
  args: SubscribeArguments<T>,
): ParsedArguments<MessageHandler<T>> {
  const rest: unknown[] = [...args]
  const last = rest.at(-1)
  const options = last === undefined || (isObject(last) && !isBytes(last) && rest.length > 1) ? rest.pop() : undefined
  const handler = typeof rest.at(-1) === 'function' ? (rest.pop() as MessageHandler<T>) : undefined
  if (handler !== undefined && CALLBACK.test(String(handler))) throw callbackError(method)
  return {
    names: readChannels(method, rest as ChannelArguments),
    handler,
    options: readSubscribeOptions(method, options),
  }
}

/** The source of a callback as ioredis takes it: it would get each message as its error. */
const CALLBACK = /^(?:async\s*)?(?:function\s*\w*\s*)?\(\s*(?:err|error)\s*,\s*(?:count|channels)\b/

function callbackError(method: string): DataError {
  return new DataError(
    `${method}() takes no callback for its result: await the promise that it returns. A function is the handler of the ` +
      'messages, (message, channel).',
  )
}

/** Returns the channels of `args`. Throws PubSubError if there is none, DataError if one is not a valid name. */
export function readChannels(method: string, args: ChannelArguments): readonly Key[] {
  const names = (args.length === 1 && Array.isArray(args[0]) ? args[0] : args) as readonly Key[]
  if (names.length === 0) throw noChannels(method)
  for (const name of names) {
    // Half of a surrogate pair is sent as U+FFFD, so two names could become the same channel.
    if (typeof name === 'string' && /\p{Surrogate}/u.test(name)) {
      throw new DataError(
        `A channel of ${method}() has half of a surrogate pair, which UTF-8 cannot encode: pass the name as bytes.`,
      )
    }
    if (typeof name === 'string' || name instanceof Uint8Array) continue
    const found = name === null ? 'null' : Array.isArray(name) ? 'an array' : `of type ${typeof name}`
    throw new DataError(`A channel of ${method}() is ${found}: expected a string, a Buffer or a Uint8Array.`)
  }
  return names
}

const CHECKS: Checks<SubscribeOptions> = {
  maxQueue: value => (isFrom(value, 1) ? undefined : 'a number from 1, or Infinity'),
  whenFull: isOneOf('drop-oldest', 'drop-newest', 'close', 'error'),
  signal: isAbortSignal,
}

/** Returns the own options of `method`. Throws DataError for unknown options and bad values. */
export function readSubscribeOptions(method: string, options: unknown): SubscribeOptions {
  return ownOptions(options as SubscribeOptions | undefined, CHECKS, { of: `${method}()` })
}
