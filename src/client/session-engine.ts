/** The engine of a session: a leased connection, from its lease to its release. */
import { onAbort } from '../commands/core/abort-signals.js'
import type { CallOptions } from '../commands/core/call-options.js'
import { type Command, State } from '../commands/core/command.js'
import type { ReplyTypes } from '../commands/core/context.js'
import { ownProperties } from '../commands/core/own-properties.js'
import { fail } from '../connection/call/completion.js'
import { inForce, type Watch } from '../connection/call/watch.js'
import type { Where } from '../connection/diagnostics.js'
import { acquireConnection } from '../connection/node/acquire-connection.js'
import type { Node } from '../connection/node/node.js'
import { retryLeased, sendLeased } from '../connection/pool/blocked-call.js'
import { whileHolding } from '../connection/pool/deadlock.js'
import type { LeasedConnection } from '../connection/pool/leased-connection.js'
import type { RedisError } from '../errors/errors.js'
import { sessionOver, sessionWithoutFunction } from './client-errors.js'
import type { SessionEngine, ViewOf } from './engine.js'
import { OneConnectionEngine } from './one-connection-engine.js'
import type { Session } from './session.js'
import { SessionView } from './session-view.js'

/** Sends all commands on the one leased connection, until the session ends. */
class NodeSessionEngine extends OneConnectionEngine implements SessionEngine {
  readonly settings: Node['settings']
  readonly where: Where
  readonly isSession = true
  readonly #node: Node
  readonly #leased: LeasedConnection
  #ended = false

  constructor(node: Node, leased: LeasedConnection, where: Where) {
    super()
    this.settings = node.settings
    this.where = where
    this.#node = node
    this.#leased = leased
  }

  get pool(): object | undefined {
    return this.#ended ? undefined : this.#node.pool
  }

  get watch(): Watch | undefined {
    return inForce(this.#leased.watch)
  }

  now(): number {
    return this.#leased.link.now()
  }

  send(command: Command): void {
    if (this.#ended && (command.state & State.accepted) === 0) {
      fail(command, sessionOver(command))
      return
    }
    sendLeased(this.#leased, command, this.#node.link)
  }

  later(command: Command, refusal: RedisError): void {
    retryLeased(this.#leased, command, refusal, this.#node.link)
  }

  end(reason: (command: Command) => unknown, aborted: boolean): void {
    this.#ended = true
    this.#node.pool.release(this.#leased, reason, aborted)
  }
}

/** Leases a connection of `node`, runs `fn` on it, and releases it when `fn` has ended in any way. */
export async function withSession<F extends ReplyTypes, T>(
  node: Node,
  where: Where,
  view: ViewOf,
  fn: (session: Session<F>) => Promise<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (typeof fn !== 'function') throw sessionWithoutFunction()
  const leased = await acquireConnection(node, view.callOptions?.timeout, signal)
  return holdSession(new NodeSessionEngine(node, leased, where), view, fn, signal)
}

/** Runs `fn` on a session of `engine`, and ends the session after it. */
export async function holdSession<F extends ReplyTypes, T>(
  engine: SessionEngine,
  view: ViewOf,
  fn: (session: Session<F>) => Promise<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  // The signal may have aborted after the lease, before we listen to it.
  if (signal?.aborted) {
    engine.end(sessionOver, false)
    throw signal.reason
  }
  // The signal applies to the session. Calls inside the session may have their own.
  const { signal: _, ...rest } = view.callOptions ?? {}
  const callOptions = ownProperties<CallOptions>(rest)
  const session = new SessionView<F>(engine, { shape: view.shape, callOptions })
  const aborted = abortOf(signal)
  try {
    return await Promise.race([
      whileHolding(
        () => engine.pool,
        async () => fn(session),
      ),
      aborted.promise,
    ])
  } finally {
    aborted.stopWatching()
    const isAborted = signal?.aborted === true
    engine.end(isAborted ? () => signal?.reason : sessionOver, isAborted)
  }
}

/** Returns a promise that rejects when `signal` aborts, until `stopWatching`. */
function abortOf(signal: AbortSignal | undefined): { promise: Promise<never>; stopWatching(): void } {
  let stopWatching = () => {}
  const promise = new Promise<never>((_, reject) => {
    stopWatching = onAbort(signal, reject)
  })
  promise.catch(() => {})
  return { promise, stopWatching }
}
