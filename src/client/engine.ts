import type { CallOptions } from '../commands/core/call-options.js'
import type { Command } from '../commands/core/command.js'
import type { ReplyTypes } from '../commands/core/context.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import type { Watch } from '../connection/call/watch.js'
import type { Registry } from '../pubsub/registry.js'
import type { Step } from './scan.js'
import type { Sender } from './sender.js'
import type { Session } from './session.js'

/** What a view runs on: it sends commands, goes through keys, and lends connections. */
export interface Engine extends Sender {
  /** The subscriptions of the client; a lent connection has none. */
  readonly subscriptions?: Registry
  /** Each of its nodes tells of the keys that it has, and of no others. */
  readonly isCluster?: boolean
  /** Goes through all keys: on one server from cursor to cursor, in a cluster on every primary. */
  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]>
  /** Lends a connection for as long as `fn` runs. */
  session<F extends ReplyTypes, T>(
    view: ViewOf,
    fn: (session: Session<F>) => Promise<T> | T,
    signal: AbortSignal | undefined,
  ): Promise<T>
}

/** What a view adds to the calls of its engine. */
export interface ViewOf {
  readonly shape: ReplyFormat
  readonly callOptions: CallOptions | undefined
}

/** The engine of a session, and what only a session asks of it. */
export interface SessionEngine extends Engine {
  /** Where its connection is from, as long as it has one. */
  readonly pool: object | undefined
  /** What is watched, or was when its connection was replaced; undefined if nothing is. */
  readonly watch: Watch | undefined
  /**
   * Takes no more calls, and gives the connection back. What blocks is given up with `reason`, and all that was not yet
   * sent if the session was aborted.
   */
  end(reason: (command: Command) => unknown, aborted: boolean): void
}
