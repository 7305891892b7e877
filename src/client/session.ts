import type { Commands } from '../commands/commands.js'
import type { Key } from '../commands/core/argument.js'
import type { CallOptions } from '../commands/core/call-options.js'
import type { Bigints, Bytes, Plain, Promised, ReplyTypes } from '../commands/core/context.js'
import type { Pipeline } from './pipeline.js'
import type { Transaction } from './transaction.js'

/**
 * A connection that is leased to one caller while `redis.session()` runs. Its commands may block, watch keys, and change the state
 * of the connection, which is reset after the session.
 */
export interface Session<F extends ReplyTypes = Plain> extends Commands<Promised<F>> {
  /** The same session with text replies as Buffers. */
  readonly bytes: Session<Bytes<F>>
  /** The same session with integer replies as bigints. */
  readonly bigints: Session<Bigints<F>>
  /** Returns the same session with options for each call. */
  with(options: CallOptions): Session<F>
  /** Returns an empty pipeline: commands that are sent together, in order. */
  pipeline(): Pipeline<[], F>
  /** Returns an empty pipeline for a loop whose replies are all of type `R`. */
  pipeline<R>(): Pipeline<R[], F>
  /** Returns an empty transaction (MULTI … EXEC). Its `exec` rejects with WatchError if a watched key has changed. */
  multi(): Transaction<[], F>
  /** Returns an empty transaction for a loop whose replies are all of type `R`. */
  multi<R>(): Transaction<R[], F>
  /**
   * Resolves with 'OK'. The next `multi().exec()` rejects with WatchError if one of `keys` changes before it.
   * [WATCH](https://redis.io/commands/watch)
   */
  watch(...keys: readonly Key[] | readonly [readonly Key[]]): Promise<'OK'>
  /** Resolves with 'OK'. No key is watched any more. [UNWATCH](https://redis.io/commands/unwatch) */
  unwatch(): Promise<'OK'>
  /** Resolves with 'OK'. The rest of the session uses database `db`. [SELECT](https://redis.io/commands/select) */
  select(db: number): Promise<'OK'>
}
