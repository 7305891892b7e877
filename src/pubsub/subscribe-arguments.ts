/** What subscribe(), psubscribe() and ssubscribe() take: channels as an array or one by one, a handler, options. */

import type { Key } from '../commands/core/argument.js'
import { type Checks, isAbortSignal, isFrom, isOneOf, ownOptions } from '../commands/core/check-options.js'
import { isBytes, isObject } from '../commands/core/value-types.js'
import { DataError, PubSubError } from '../errors/errors.js'

/** What becomes of a message when the queue of a subscription is full. */
export type WhenFull = 'drop-oldest' | 'drop-newest' | 'close' | 'error'

export interface SubscribeOptions {
  /** Messages that wait to be read, at most (default 10000). */
  readonly maxQueue?: number
  /**
   * When one more comes (default 'drop-oldest'): the oldest or the newest is dropped and counted; or the subscription
   * leaves its channels and ends behind what is queued, with 'error' by throwing PubSubError.
   */
  readonly whenFull?: WhenFull
  /** Its abort ends the subscription, also while it is being made: what waits for it rejects with the signal's reason. */
  readonly signal?: AbortSignal
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

/** The channels of a call that takes nothing else. */
export type ChannelArguments = readonly [channels: readonly Key[]] | readonly Key[]

export interface Wanted<H> {
  readonly names: readonly Key[]
  readonly handler: H | undefined
  readonly options: SubscribeOptions
}

/** Tells the parts of a call apart; throws DataError or PubSubError, which name what is wrong. */
export function readArguments<T extends string | Buffer>(
  method: string,
  args: SubscribeArguments<T>,
): Wanted<MessageHandler<T>> {
  const rest: unknown[] = [...args]
  const last = rest.at(-1)
  const options = last === undefined || (isObject(last) && !isBytes(last) && rest.length > 1) ? rest.pop() : undefined
  const handler = typeof rest.at(-1) === 'function' ? (rest.pop() as MessageHandler<T>) : undefined
  return {
    names: readChannels(method, rest as ChannelArguments),
    handler,
    options: readSubscribeOptions(method, options),
  }
}

/** The channels of `args`, at least one. */
export function readChannels(method: string, args: ChannelArguments): readonly Key[] {
  const names = (args.length === 1 && Array.isArray(args[0]) ? args[0] : args) as readonly Key[]
  if (names.length === 0)
    throw new PubSubError(`${method}() needs at least one channel: give them one by one or as an array.`)
  for (const name of names) {
    // Half of a surrogate pair is sent as U+FFFD: two names would be one channel.
    if (typeof name === 'string' && /\p{Surrogate}/u.test(name)) {
      throw new DataError(`A channel of ${method}() has half of a surrogate pair, which is no text: give its bytes.`)
    }
    if (typeof name === 'string' || name instanceof Uint8Array) continue
    const found = name === null ? 'null' : Array.isArray(name) ? 'an array' : `of type ${typeof name}`
    throw new DataError(`A channel of ${method}() is ${found}: expected a string, a Buffer or Uint8Array.`)
  }
  return names
}

const CHECKS: Checks<SubscribeOptions> = {
  maxQueue: value => (isFrom(value, 1) ? undefined : 'a number from 1, or Infinity'),
  whenFull: isOneOf('drop-oldest', 'drop-newest', 'close', 'error'),
  signal: isAbortSignal,
}

/** The own options of `method`. Throws a DataError for unknown options and bad values. */
export function readSubscribeOptions(method: string, options: unknown): SubscribeOptions {
  return ownOptions(options as SubscribeOptions | undefined, CHECKS, { of: `${method}()` })
}
