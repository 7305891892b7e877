import type { Circumstances } from '../commands/command.js'
import type { Form } from '../commands/context.js'
import type { Shape } from '../commands/shape.js'
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
  session<F extends Form, T>(
    view: ViewOf,
    fn: (session: Session<F>) => Promise<T> | T,
    signal: AbortSignal | undefined,
  ): Promise<T>
}

/** What a view adds to the calls of its engine. */
export interface ViewOf {
  readonly shape: Shape
  readonly circumstances: Circumstances | undefined
}
