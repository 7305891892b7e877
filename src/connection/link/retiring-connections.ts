/** The connections of a link that get no new commands: each one closes after its last reply. */
import { performance } from '../../commands/core/timers.js'
import type { RedisError } from '../../errors/errors.js'
import type { Connection } from '../socket/connection.js'

/** A READONLY reply replaces the connection at most this often, ms. */
const REPLACE_INTERVAL = 1_000

export class RetiringConnections {
  readonly #connections = new Set<Connection>()
  #replacedAt = Number.NEGATIVE_INFINITY

  /** The count of their commands in flight. */
  get inflight(): number {
    let inflight = 0
    for (const connection of this.#connections) inflight += connection.inflight
    return inflight
  }

  /** Whether all of them have closed. */
  get isEmpty(): boolean {
    return this.#connections.size === 0
  }

  /**
   * Whether a READONLY reply replaces the connection now; that counts as the replacement. The reply may have come from a
   * connection that is retiring already.
   */
  beginReplacement(): boolean {
    const now = performance.now()
    if (!this.isEmpty || now - this.#replacedAt < REPLACE_INTERVAL) return false
    this.#replacedAt = now
    return true
  }

  add(connection: Connection): void {
    this.#connections.add(connection)
  }

  /** Returns false if `connection` is not one of them. */
  delete(connection: Connection): boolean {
    return this.#connections.delete(connection)
  }

  probe(): void {
    for (const connection of this.#connections) connection.probe()
  }

  destroy(error: RedisError): void {
    for (const connection of [...this.#connections]) connection.destroy(error)
  }
}
