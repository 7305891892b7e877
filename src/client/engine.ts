import type { CallOptions } from '../commands/core/call-options.js'
import type { Command } from '../commands/core/command.js'
import type { ReplyTypes } from '../commands/core/context.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import type { Watch } from '../connection/call/watch.js'
import type { Registry } from '../pubsub/registry.js'
import type { Step } from './scan.js'
import type { Sender } from './sender.js'
import type { Session } from './session.js'

/** The engine below a view: sends commands, scans keys, and leases connections to sessions. */
export interface Engine extends Sender {
  /** The subscriptions of the client. The engine of a session has none. */
  readonly subscriptions?: Registry
  /** Whether the engine is a cluster, where each node publishes the keyspace events of its own keys only. */
  readonly isCluster?: boolean
  /** Scans all keys: of the server, or of every primary of a cluster. */
  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]>
  /** Leases a connection, and releases it when `fn` has ended. */
  session<F extends ReplyTypes, T>(
    view: ViewOf,
    fn: (session: Session<F>) => Promise<T> | T,
    signal: AbortSignal | undefined,
  ): Promise<T>
}

/** The reply format and call options of a view. */
export interface ViewOf {
  readonly shape: ReplyFormat
  readonly callOptions: CallOptions | undefined
}

/** The engine of a session. */
export interface SessionEngine extends Engine {
  /** The pool of the leased connection, as long as the session has one. */
  readonly pool: object | undefined
  /** The watch that is active, or was when the connection was replaced; undefined if no key is watched. */
  readonly watch: Watch | undefined
  /**
   * Ends the session: rejects new calls and releases the connection. Blocking commands are rejected with `reason`, and so are
   * unsent commands if the session was aborted.
   */
  end(reason: (command: Command) => unknown, aborted: boolean): void
}
