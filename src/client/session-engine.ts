/** A session at work: a view on a lent connection, from its loan to its return. */

import { onAbort } from '../commands/core/abort-signals.js'
import type { CallOptions } from '../commands/core/call-options.js'
import { type Command, State } from '../commands/core/command.js'
import type { ReplyTypes } from '../commands/core/context.js'
import { ownProperties } from '../commands/core/own-properties.js'
import { fail } from '../connection/call/completion.js'
import { inForce, type Watch } from '../connection/call/watch.js'
import type { Where } from '../connection/diagnostics.js'
import { borrow } from '../connection/node/borrow.js'
import type { Node } from '../connection/node/node.js'
import { sendLeased } from '../connection/pool/blocked-call.js'
import { whileHolding } from '../connection/pool/deadlock.js'
import type { LeasedConnection } from '../connection/pool/leased-connection.js'
import { ConnectionError, DataError, type RedisError } from '../errors/errors.js'
import { sendInOrder } from './batch.js'
import type { Engine, SessionEngine, ViewOf } from './engine.js'
import { type Step, stepping } from './scan.js'
import type { Session } from './session.js'
import { SessionView } from './session-view.js'

/** The engine of a session: everything goes to the one lent connection, until the session is over. */
class NodeSessionEngine implements SessionEngine {
  readonly settings: Node['settings']
  readonly where: Where
  readonly isSession = true
  readonly #node: Node
  readonly #lent: LeasedConnection
  #over = false

  constructor(node: Node, lent: LeasedConnection, where: Where) {
    this.settings = node.settings
    this.where = where
    this.#node = node
    this.#lent = lent
  }

  get pool(): object | undefined {
    return this.#over ? undefined : this.#node.pool
  }

  get watch(): Watch | undefined {
    return inForce(this.#lent.watch)
  }

  now(): number {
    return this.#lent.link.now()
  }

  send(command: Command): void {
    if (this.#over && (command.state & State.accepted) === 0) {
      fail(command, sessionOver(command))
      return
    }
    sendLeased(this.#lent, command, this.#node.link)
  }

  sendAll(commands: readonly Command[]): void {
    sendInOrder(commands, command => this.send(command))
  }

  later(command: Command, refusal: RedisError): void {
    this.#lent.link.later(command, refusal)
  }

  session<T>(): Promise<T> {
    return Promise.reject(nestedSession())
  }

  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]> {
    return stepping(cursor => step(this, cursor))
  }

  end(reason: (command: Command) => unknown, aborted: boolean): void {
    this.#over = true
    this.#node.pool.release(this.#lent, reason, aborted)
  }
}

export function sessionOver(command: Command): ConnectionError {
  const message = `The session is over: ${command.spec.name} was not sent. Await all calls inside of its function.`
  return new ConnectionError(message, { outcome: 'not sent' })
}

export function nestedSession(): DataError {
  return new DataError('A session has a connection already: use it, or call session() of the client.')
}

/** Lends a connection of `node` to `fn` and takes it back, clean or not, however `fn` ends. */
export async function withSession<F extends ReplyTypes, T>(
  node: Node,
  where: Where,
  view: ViewOf,
  fn: (session: Session<F>) => Promise<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (typeof fn !== 'function') throw new DataError('session() takes a function.')
  const lent = await borrow(node, view.callOptions?.timeout, signal)
  return holdSession(new NodeSessionEngine(node, lent, where), view, fn, signal)
}

/** Runs `fn` on a session of `lease`, which ends with it. */
export async function holdSession<F extends ReplyTypes, T>(
  lease: SessionEngine,
  view: ViewOf,
  fn: (session: Session<F>) => Promise<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  // It may have aborted between the loan and now, when nobody listened.
  if (signal?.aborted) {
    lease.end(sessionOver, false)
    throw signal.reason
  }
  // The signal is the session's, not each call's: calls inside may have their own.
  const { signal: _, ...rest } = view.callOptions ?? {}
  const callOptions = ownProperties<CallOptions>(rest)
  const session = new SessionView<F>(lease, { shape: view.shape, callOptions })
  const aborted = abortOf(signal)
  try {
    return await Promise.race([
      whileHolding(
        () => lease.pool,
        async () => fn(session),
      ),
      aborted.promise,
    ])
  } finally {
    aborted.forget()
    const isAborted = signal?.aborted === true
    lease.end(isAborted ? () => signal?.reason : sessionOver, isAborted)
  }
}

/** A promise that rejects when `signal` aborts, until it is forgotten. */
function abortOf(signal: AbortSignal | undefined): { promise: Promise<never>; forget(): void } {
  let forget = () => {}
  const promise = new Promise<never>((_, reject) => {
    forget = onAbort(signal, reject)
  })
  promise.catch(() => {})
  return { promise, forget }
}
