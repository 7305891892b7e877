/** One server: the link that all callers share, the pool of leased connections, and the backoff of all their attempts. */
import type { Command } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import type { RedisError } from '../../errors/errors.js'
import { clientClosed, clientWasClosed } from '../call/call-errors.js'
import { TimeLimit } from '../call/time-limit.js'
import { Backoff } from '../link/backoff.js'
import { Link } from '../link/link.js'
import type { LinkOwner, LinkState, RefusalHandler } from '../link/link-owner.js'
import { type Endpoint, nameOf, type Settings } from '../options/options.js'
import { LeasedConnection } from '../pool/leased-connection.js'
import { Pool } from '../pool/pool.js'

/** The owner of a node: it is notified of these events. */
export interface NodeOwner {
  onConnect?(node: Node): void
  onReady?(node: Node): void
  onReconnecting?(node: Node, attempt: number, delay: number): void
  /** An attempt failed, or the shared connection was lost. */
  onDown?(node: Node, error: RedisError): void
  onPush?(node: Node, kind: string, items: Reply[]): void
}

interface Waiter {
  resolve(): void
  reject(error: RedisError): void
}

export class Node implements LinkOwner {
  readonly settings: Settings
  readonly #owner: NodeOwner
  /** Shared by all connections to this server. */
  readonly backoff: Backoff
  readonly resolve: (attempt: number) => Endpoint | Promise<Endpoint>
  readonly #link: Link
  readonly pool: Pool
  #connecting: Waiter[] = []

  /** `refusals` handles commands that the shared link cannot finish. */
  constructor(settings: Settings, owner: NodeOwner, refusals?: RefusalHandler) {
    this.settings = settings
    this.#owner = owner
    this.backoff = new Backoff(settings.reconnect)
    this.resolve = () => settings.endpoint
    this.#link = new Link(settings, this, this.backoff, { eager: true, resolve: this.resolve, refusals })
    this.pool = new Pool(() => new LeasedConnection(settings, this.backoff, this.resolve), settings, this.name)
  }

  /** `host:port` or path. */
  get name(): string {
    return nameOf(this.settings.endpoint)
  }

  get link(): Link {
    return this.#link
  }

  get status(): LinkState {
    return this.#link.state
  }

  send(command: Command): void {
    this.#link.send(command)
  }

  /** Resolves when the shared link is ready; rejects with the error of the first attempt that fails. */
  connect(): Promise<void> {
    const { state } = this.#link
    if (state === 'ready') return Promise.resolve()
    if (state === 'closing' || state === 'closed') {
      return Promise.reject(clientClosed(undefined, this.name))
    }
    return new Promise((resolve, reject) => {
      this.#connecting.push({ resolve, reject })
      this.#link.connect()
    })
  }

  /** Resolves when all accepted calls have settled, or after `timeout` ms, and all connections are closed. */
  async close(timeout: number): Promise<void> {
    await new Promise<void>(resolve => {
      const limit = new TimeLimit(timeout, resolve)
      let busy = 2
      const idle = () => {
        if (--busy > 0) return
        limit.cancel()
        resolve()
      }
      this.#link.drain(idle)
      this.pool.drain(idle)
    })
    await new Promise<void>(resolve => this.destroy(resolve))
  }

  /** Closes everything; calls back when all calls have settled: before it returns, unless there are very many. */
  destroy(done: () => void = () => {}): void {
    this.#link.destroy('The client was closed')
    this.pool.close(() => this.#link.whenIdle(done))
    this.#endWaiting(clientWasClosed(this.name))
  }

  ref(): void {
    this.#link.ref()
    this.pool.ref()
  }

  unref(): void {
    this.#link.unref()
    this.pool.unref()
  }

  // Events of the link

  onConnect(): void {
    this.#owner.onConnect?.(this)
  }

  onReady(): void {
    this.#endWaiting(undefined)
    this.pool.start()
    this.#owner.onReady?.(this)
  }

  onReconnecting(_link: object, attempt: number, delay: number): void {
    this.#owner.onReconnecting?.(this, attempt, delay)
  }

  onDown(_link: object, error: RedisError): void {
    this.#endWaiting(error)
    this.#owner.onDown?.(this, error)
  }

  onPush(_link: object, kind: string, items: Reply[]): void {
    this.#owner.onPush?.(this, kind, items)
  }

  #endWaiting(error: RedisError | undefined): void {
    for (const waiter of this.#connecting.splice(0)) {
      if (error === undefined) waiter.resolve()
      else waiter.reject(error)
    }
  }
}
