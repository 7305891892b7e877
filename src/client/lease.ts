/** A session at work: a view on a lent connection, from its loan to its return. */
import type { Key } from '../commands/argument.js'
import { type Circumstances, Command, State } from '../commands/command.js'
import type { Bigints, Bytes, Form, Plain } from '../commands/context.js'
import { SELECT } from '../commands/handshaking.js'
import { own } from '../commands/own.js'
import type { Shape } from '../commands/shape.js'
import { onAbort } from '../commands/signals.js'
import { pushSeveral } from '../commands/tokens.js'
import { UNWATCH, WATCH } from '../commands/transactions.js'
import { holding } from '../connection/ancestors.js'
import { sendLent } from '../connection/blocked.js'
import type { Where } from '../connection/diagnostics.js'
import type { Lent } from '../connection/lent.js'
import type { Node } from '../connection/node.js'
import { fail } from '../connection/settle.js'
import { TimeLimit } from '../connection/time-limit.js'
import { inForce, type Watch } from '../connection/watch.js'
import { ConnectionError, DataError, type RedisError, TimeoutError } from '../errors/errors.js'
import { sendInOrder } from './batch.js'
import { addCallOptions, type CallOptions } from './call-options.js'
import type { Engine, ViewOf } from './engine.js'
import { type Step, stepping } from './scan.js'
import type { Session } from './session.js'
import { Transaction } from './transaction.js'
import { View } from './view.js'

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

/** The engine of a session: everything goes to the one lent connection, until the session is over. */
class Lease implements SessionEngine {
  readonly settings: Node['settings']
  readonly where: Where
  readonly isSession = true
  readonly #node: Node
  readonly #lent: Lent
  #over = false

  constructor(node: Node, lent: Lent, where: Where) {
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
    sendLent(this.#lent, command, this.#node.link)
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
    this.#node.pool.giveBack(this.#lent, reason, aborted)
  }
}

export function sessionOver(command: Command): ConnectionError {
  const message = `The session is over: ${command.spec.name} was not sent. Await all calls inside of its function.`
  return new ConnectionError(message, { outcome: 'not sent' })
}

export function nestedSession(): DataError {
  return new DataError('A session has a connection already: use it, or call session() of the client.')
}

class SessionView<F extends Form = Plain> extends View<F> implements Session<F> {
  readonly #lease: SessionEngine
  readonly #shape: Shape
  readonly #circumstances: Circumstances | undefined

  constructor(lease: SessionEngine, { shape, circumstances }: ViewOf) {
    super(lease, shape, circumstances)
    this.#lease = lease
    this.#shape = shape
    this.#circumstances = circumstances
  }

  override get bytes(): SessionView<Bytes<F>> {
    return new SessionView<Bytes<F>>(this.#lease, {
      shape: { ...this.#shape, bytes: true },
      circumstances: this.#circumstances,
    })
  }

  override get bigints(): SessionView<Bigints<F>> {
    return new SessionView<Bigints<F>>(this.#lease, {
      shape: { ...this.#shape, bigints: true },
      circumstances: this.#circumstances,
    })
  }

  override with(options: CallOptions): SessionView<F> {
    return new SessionView<F>(this.#lease, {
      shape: this.#shape,
      circumstances: addCallOptions(this.#circumstances, options),
    })
  }

  override multi(): Transaction<[], F>
  override multi<R>(): Transaction<R[], F>
  override multi(): Transaction<[], F> {
    const lease = this.#lease
    return new Transaction<[], F>(lease, this.#shape, this.#circumstances, () => lease.watch)
  }

  watch(...keys: readonly Key[] | readonly [readonly Key[]]): Promise<'OK'> {
    const args: (Key | DataError)[] = []
    pushSeveral(args, keys)
    return this.run(new Command(WATCH, args))
  }

  unwatch(): Promise<'OK'> {
    return this.run(new Command(UNWATCH, []))
  }

  select(db: number): Promise<'OK'> {
    return this.run(new Command(SELECT, [db]))
  }
}

/** Lends a connection of `node` to `fn` and takes it back, clean or not, however `fn` ends. */
export async function lend<F extends Form, T>(
  node: Node,
  where: Where,
  view: ViewOf,
  fn: (session: Session<F>) => Promise<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (typeof fn !== 'function') throw new DataError('session() takes a function.')
  const lent = await borrow(node, view.circumstances?.timeout, signal)
  return holdSession(new Lease(node, lent, where), view, fn, signal)
}

/** Runs `fn` on a session of `lease`, which ends with it. */
export async function holdSession<F extends Form, T>(
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
  const { signal: _, ...rest } = view.circumstances ?? {}
  const circumstances = own<Circumstances>(rest)
  const session = new SessionView<F>(lease, { shape: view.shape, circumstances })
  const aborted = abortOf(signal)
  try {
    return await Promise.race([
      holding(
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

/**
 * A connection of the pool; rejects with TimeoutError if the caller's own deadline is shorter than the pool's. `accepted`: for a
 * session that has begun, which `close()` lets finish.
 */
export function borrow(
  node: Node,
  timeout: number | undefined,
  signal: AbortSignal | undefined,
  accepted = false,
): Promise<Lent> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const leave = (error: unknown) => {
      ticket.cancel()
      done()
      reject(error)
    }
    const limit =
      timeout === undefined || timeout === 0
        ? undefined
        : new TimeLimit(timeout, () => leave(noneInTime(node, timeout)))
    const done = () => {
      limit?.cancel()
      forget()
    }
    const forget = onAbort(signal, leave)
    const ticket = node.pool.request({
      accepted,
      taken: lent => {
        done()
        resolve(lent)
      },
      refused: error => {
        done()
        reject(error)
      },
    })
  })
}

function noneInTime(node: Node, timeout: number): TimeoutError {
  const { lent, waiting } = node.pool.stats
  return new TimeoutError(
    `No connection of the pool came free within ${timeout} ms (${lent} lent, ${waiting} callers waiting).`,
    {
      code: 'ETIMEDOUT',
      node: node.name,
      outcome: 'not sent',
      phase: 'queued',
      elapsed: timeout,
      cause: node.link.lastError,
    },
  )
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
