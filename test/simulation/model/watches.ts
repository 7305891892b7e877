/** The watched keys of each connection, for transactions. */
import type { ModelConnection } from './connection.js'
import type { Database, Watched } from './database.js'

export class Watches {
  readonly #watching = new Set<ModelConnection>()

  watch(connection: ModelConnection, db: Database, key: string): void {
    if (connection.watched.some(each => each.db === db && each.key === key)) return
    connection.watched.push({ db, key, expired: db.isExpired(key) })
    this.#watching.add(connection)
  }

  unwatch(connection: ModelConnection): void {
    connection.watched.length = 0
    this.#watching.delete(connection)
  }

  touch(db: Database, key: string): void {
    for (const connection of this.#watching) {
      for (const watched of connection.watched) {
        if (watched.db !== db || watched.key !== key) continue
        // The removal of a key that had expired before the watch does not count as a change.
        if (watched.expired && db.find(key) === undefined) watched.expired = false
        else connection.dirty = true
      }
    }
  }

  /** FLUSHALL, FLUSHDB, SWAPDB: marks all watched keys as changed that exist before or afterwards. */
  touchAll(db: Database, replacedBy?: Database): void {
    for (const connection of this.#watching) {
      for (const watched of connection.watched) {
        if (watched.db !== db) continue
        const isThere = db.find(watched.key) !== undefined
        if (isThere || replacedBy?.find(watched.key) !== undefined) connection.dirty = true
      }
    }
  }

  /** Returns true if a key has expired since its watch began. */
  hasExpired(watched: readonly Watched[]): boolean {
    return watched.some(each => !each.expired && each.db.isExpired(each.key))
  }
}
