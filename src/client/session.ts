import type { Commands } from '../commands/commands.js'
import type { Key } from '../commands/core/argument.js'
import type { CallOptions } from '../commands/core/call-options.js'
import type { Bigints, Bytes, Plain, Promised, ReplyTypes } from '../commands/core/context.js'
import type { Pipeline } from './pipeline.js'
import type { Transaction } from './transaction.js'

/**
 * A connection that is lent to one caller: its state is his own for as long as `redis.session()` runs, and is put back
 * behind it. Commands may block; transactions may watch.
 */
export interface Session<F extends ReplyTypes = Plain> extends Commands<Promised<F>> {
  /** The same session with text replies as Buffers. */
  readonly bytes: Session<Bytes<F>>
  /** The same session with integer replies as bigints. */
  readonly bigints: Session<Bigints<F>>
  /** The same session with options for each call. */
  with(options: CallOptions): Session<F>
  /** Commands sent together in order. */
  pipeline(): Pipeline<[], F>
  pipeline<R>(): Pipeline<R[], F>
  /** MULTI … EXEC; rejects with WatchError if a watched key changed. */
  multi(): Transaction<[], F>
  multi<R>(): Transaction<R[], F>
  /** Lets the next `multi().exec()` fail with WatchError if one of `keys` changes before it. [WATCH](https://redis.io/commands/watch) */
  watch(...keys: readonly Key[] | readonly [readonly Key[]]): Promise<'OK'>
  /** Watches nothing any more. [UNWATCH](https://redis.io/commands/unwatch) */
  unwatch(): Promise<'OK'>
  /** Uses another database for the rest of the session. [SELECT](https://redis.io/commands/select) */
  select(db: number): Promise<'OK'>
}
