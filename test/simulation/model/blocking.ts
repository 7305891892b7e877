/** Calls that wait for a key, for replicas or for the end of a pause. */
import type { ModelConnection } from './connection.js'
import type { Database } from './database.js'
import { Failure, type Reply } from './reply.js'
import type { ModelServer } from './server.js'
import type { Type } from './values.js'

export interface Wait {
  readonly db: Database
  readonly keys: readonly string[]
  /** What the keys must hold; undefined if it waits for no key. */
  readonly type: Type | undefined
  /** When it is over, ms; Infinity for never. */
  readonly deadline: number
  /** The reply, now that the key is there; undefined if it still waits. */
  readonly serve: (key: string) => Reply | undefined
  /** The reply when its time is over. */
  readonly timedOut: () => Reply
  /** The reply when the key is deleted, if that ends it. */
  readonly deleted?: Reply
  readonly args: readonly string[]
}

interface Ready {
  readonly db: Database
  readonly key: string
}

export class Blocking {
  readonly #server: ModelServer
  /** In order of blocking. */
  readonly #waiting = new Map<ModelConnection, Wait>()
  #ready: Ready[] = []

  constructor(server: ModelServer) {
    this.#server = server
  }

  get count(): number {
    return this.#waiting.size
  }

  /** When the first of them is over. */
  get deadline(): number {
    let first = Infinity
    for (const { deadline } of this.#waiting.values()) first = Math.min(first, deadline)
    return first
  }

  waitOf(connection: ModelConnection): Wait | undefined {
    return this.#waiting.get(connection)
  }

  block(connection: ModelConnection, wait: Wait): void {
    this.#waiting.set(connection, wait)
  }

  /** Its connection has closed. */
  forget(connection: ModelConnection): void {
    this.#waiting.delete(connection)
  }

  /** A key has come, or has grown. */
  ready(db: Database, key: string): void {
    if (this.#waiting.size === 0 || this.#ready.some(each => each.db === db && each.key === key)) return
    for (const { db: other, keys } of this.#waiting.values()) {
      if (other !== db || !keys.includes(key)) continue
      this.#ready.push({ db, key })
      return
    }
  }

  deleted(db: Database, key: string): void {
    for (const wait of this.#waiting.values()) {
      if (wait.deleted !== undefined && wait.db === db && wait.keys.includes(key)) this.ready(db, key)
    }
  }

  /** The same for all keys of a database. */
  deletedAll(db: Database): void {
    for (const wait of this.#waiting.values()) {
      if (wait.deleted !== undefined && wait.db === db) for (const key of wait.keys) this.ready(db, key)
    }
  }

  /** All keys of a database that somebody waits for, for SWAPDB. */
  readyAll(db: Database): void {
    for (const wait of this.#waiting.values()) {
      if (wait.db !== db) continue
      for (const key of wait.keys) if (wait.deleted !== undefined || db.find(key) !== undefined) this.ready(db, key)
    }
  }

  /** After each command: keys in order of their coming, and for each key who waits longest first. */
  serve(): void {
    while (this.#ready.length > 0) {
      const round = this.#ready
      this.#ready = []
      for (const { db, key } of round) this.#serveKey(db, key)
    }
  }

  #serveKey(db: Database, key: string): void {
    for (const [connection, wait] of [...this.#waiting]) {
      if (wait.db !== db || !wait.keys.includes(key)) continue
      const value = db.find(key)
      if (value === undefined || value.type !== wait.type) {
        if (wait.deleted !== undefined) this.#end(connection, wait, wait.deleted)
        continue
      }
      let reply: Reply | undefined
      try {
        reply = wait.serve(key)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        reply = error
      }
      if (reply !== undefined) this.#end(connection, wait, reply)
    }
  }

  /** Those whose time is over. */
  timeOut(): void {
    const now = this.#server.time()
    for (const [connection, wait] of [...this.#waiting]) {
      if (wait.deadline <= now) this.#end(connection, wait, wait.timedOut())
    }
  }

  /** CLIENT UNBLOCK; whether it did block. */
  unblock(connection: ModelConnection, reply?: Reply): boolean {
    const wait = this.#waiting.get(connection)
    if (wait === undefined) return false
    this.#end(connection, wait, reply === undefined ? wait.timedOut() : reply)
    return true
  }

  /** Every waiting call ends and its connection closes: the server has become a replica. */
  breakAll(reply: Failure): void {
    for (const [connection, wait] of [...this.#waiting]) {
      this.#end(connection, wait, reply)
      connection.end()
    }
  }

  /** Ends those for which there is a reply. */
  endWhere(replyTo: (wait: Wait) => Reply | undefined): void {
    for (const [connection, wait] of [...this.#waiting]) {
      const reply = replyTo(wait)
      if (reply !== undefined) this.#end(connection, wait, reply)
    }
  }

  /** Waits that may be over for another reason than a key, such as an acknowledgement of replicas. */
  retry(): void {
    for (const [connection, wait] of [...this.#waiting]) {
      if (wait.type !== undefined) continue
      const reply = wait.serve('')
      if (reply !== undefined) this.#end(connection, wait, reply)
    }
  }

  #end(connection: ModelConnection, wait: Wait, reply: Reply): void {
    this.#waiting.delete(connection)
    this.#server.tell(connection, wait.args, reply, 'unblocked')
    connection.reply(reply)
    this.#server.resume(connection)
  }
}
