/** Blocking calls: they wait for a key, for replicas or for the end of a pause. */
import type { ModelConnection } from './connection.js'
import type { Database } from './database.js'
import { Failure, type Reply } from './reply.js'
import type { ModelServer } from './server.js'
import { lower } from './text.js'
import type { Tracking } from './tracking.js'
import type { Type } from './values.js'

export interface Wait {
  readonly db: Database
  readonly keys: readonly string[]
  /** The type that the keys must hold; undefined if the call waits for no key. */
  readonly type: Type | undefined
  /** The time at which the wait ends, ms; Infinity for never. */
  readonly deadline: number
  /** Returns the reply after the key was added, or undefined if the call must wait on. */
  readonly serve: (key: string) => Reply | undefined
  /** Returns the reply after the timeout. */
  readonly timedOut: () => Reply
  /** Returns the reply after the key was deleted, or undefined if the call must wait on. Undefined if that does not concern the call. */
  readonly deleted?: () => Reply | undefined
  readonly args: readonly string[]
}

interface Ready {
  readonly db: Database
  readonly key: string
}

/** Before 7.2, the end of a blocking pop of a list is no change of its own: only the target of a move is. */
function writerOf(connection: ModelConnection, { type, args }: Wait): Tracking['writer'] {
  if (type !== 'list') return { connection }
  const [name = '', , target = ''] = args
  return ['blmove', 'brpoplpush'].includes(lower(name)) ? { connection, key: target } : undefined
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

  /** The earliest end of a wait, ms. */
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

  /** Removes the wait of a connection that has closed. */
  forget(connection: ModelConnection): void {
    this.#waiting.delete(connection)
  }

  /** Must be called when a key was added or has grown. */
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

  /** Like `deleted()` for all keys of a database. */
  deletedAll(db: Database): void {
    for (const wait of this.#waiting.values()) {
      if (wait.deleted !== undefined && wait.db === db) for (const key of wait.keys) this.ready(db, key)
    }
  }

  /** Like `ready()` for all keys of a database, for SWAPDB. */
  readyAll(db: Database): void {
    for (const wait of this.#waiting.values()) {
      if (wait.db !== db) continue
      for (const key of wait.keys) if (wait.deleted !== undefined || db.find(key) !== undefined) this.ready(db, key)
    }
  }

  /** Serves waiting calls after each command: keys in the order in which they became ready, for each key the oldest wait first. */
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
      const serve = db.find(key)?.type === wait.type ? () => wait.serve(key) : wait.deleted
      if (serve === undefined) continue
      const isWhole = this.#server.dialect.is72
      const { tracking } = this.#server
      const outer = tracking.current
      // Since 7.2 the server runs the whole command again, as a command of the connection that waited.
      if (isWhole) tracking.current = connection
      else tracking.writer = writerOf(connection, wait)
      let reply: Reply | undefined
      try {
        reply = serve()
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        reply = error
      }
      if (isWhole) this.#rememberKeys(connection, wait)
      if (reply !== undefined) this.#end(connection, wait, reply)
      else if (isWhole) {
        // The call blocked anew, so it is now the last one in the line.
        this.#waiting.delete(connection)
        this.#waiting.set(connection, wait)
      }
      if (isWhole) tracking.endCommand(connection)
      tracking.current = outer
      tracking.writer = undefined
    }
  }

  #rememberKeys(connection: ModelConnection, { args }: Wait): void {
    const spec = this.#server.commandOf(args)
    if (!(spec instanceof Failure)) this.#server.tracking.remember(connection, spec, args)
  }

  /** Ends the waits whose deadline is over. */
  timeOut(): void {
    const now = this.#server.time()
    for (const [connection, wait] of [...this.#waiting]) {
      if (wait.deadline <= now) this.#end(connection, wait, wait.timedOut())
    }
  }

  /** CLIENT UNBLOCK. Returns true if the connection was blocked. */
  unblock(connection: ModelConnection, reply?: Reply): boolean {
    const wait = this.#waiting.get(connection)
    if (wait === undefined) return false
    this.#end(connection, wait, reply === undefined ? wait.timedOut() : reply)
    return true
  }

  /** Ends all waits and closes their connections, because the server has become a replica. */
  breakAll(reply: Failure): void {
    for (const [connection, wait] of [...this.#waiting]) {
      this.#end(connection, wait, reply)
      connection.end()
    }
  }

  /** Ends the waits for which `replyTo` returns a reply. */
  endWhere(replyTo: (wait: Wait) => Reply | undefined): void {
    for (const [connection, wait] of [...this.#waiting]) {
      const reply = replyTo(wait)
      if (reply !== undefined) this.#end(connection, wait, reply)
    }
  }

  /** Checks waits that depend on no key, such as those for an acknowledgement of replicas. */
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
