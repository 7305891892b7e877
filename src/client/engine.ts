import type { Circumstances, Command } from '../commands/command.js'
import type { Form } from '../commands/context.js'
import type { Shape } from '../commands/shape.js'
import type { Where } from '../connection/diagnostics.js'
import type { Settings } from '../connection/options.js'
import type { Step } from './scan.js'
import type { Session } from './session.js'

/** What a view runs on: one server, a cluster, or the lent connection of a session. */
export interface Engine {
  readonly settings: Settings
  /** Where commands go, for observers. */
  readonly where: Where
  /** True for the connection of one caller, who may change its state and block it. */
  readonly isSession: boolean
  /** The time of calls of this turn, on the clock of `performance.now()`. */
  now(): number
  /** Takes a command whose promise and deadline were made; settles it in any case. */
  send(command: Command): void
  /** Takes the commands of a pipeline, which stay in this order as far as they go to the same node. */
  sendAll(commands: readonly Command[]): void
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
