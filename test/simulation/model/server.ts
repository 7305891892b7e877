/**
 * A Redis server as a client can tell it: a state machine without sockets, timers or a clock of its own.
 *
 * `connect()` gives a connection, whose `receive()` takes what the client writes. `wakeAt` says when the next thing happens by
 * itself, and `wake()` makes it happen. States that come from outside are set by the methods of `ServerStates`.
 */

import { Blocking } from './blocking.js'
import type { ClusterNode } from './cluster/cluster-node.js'
import type { CommandSpec } from './command.js'
import { categoriesOf, commandOf } from './commands.js'
import { ModelConnection } from './connection.js'
import { Database } from './database.js'
import { execute } from './execute.js'
import { PubSub } from './pubsub.js'
import { type Effect, ReplicationLog, type Step } from './replication-log.js'
import { Failure, type Reply } from './reply.js'
import { encode } from './resp.js'
import { Scripts } from './scripts.js'
import { Users } from './users.js'
import { Watches } from './watches.js'
import './twins/lock.js'
import './twins/samples.js'

/** queued: in MULTI; ran: alone; exec: by EXEC; script: by a script; refused: before it ran; blocked, unblocked: it waits, it has ended. */
export type Phase = 'queued' | 'ran' | 'exec' | 'script' | 'refused' | 'blocked' | 'unblocked'

/** What the server did, for the oracle. Texts are binary strings: one character is one byte. */
export interface ModelRecord {
  readonly number: number
  readonly at: number
  readonly server: string
  readonly connection: number
  readonly db: number
  readonly args: readonly string[]
  readonly reply: Reply
  readonly phase: Phase
}

export interface ModelOptions {
  /** Milliseconds since the epoch; fractions are allowed. */
  readonly now: () => number
  /** From 0 to below 1. */
  readonly random: () => number
  /** In records. */
  readonly label?: string
  /** Default redis 7.0.15. */
  readonly flavour?: 'redis' | 'valkey'
  readonly version?: string
  readonly databases?: number
  /** Of the default user. */
  readonly password?: string
  readonly history?: (record: ModelRecord) => void
  /** Where it listens, as INFO, ROLE and CLIENT INFO say it. */
  readonly address?: { readonly host: string; readonly port: number }
}

export interface PrimaryLink {
  readonly host: string
  readonly port: number
  up: boolean
}

/** What a command, or a transaction, wants of a node. */
export interface Wanted {
  readonly keys: readonly string[]
  readonly writes: boolean
  /** Its keys are shard channels. */
  readonly isPubSub: boolean
}

/** Asks a cluster whether a command may run here; the reply that refuses it. */
export type Redirect = (connection: ModelConnection, wanted: Wanted) => Failure | undefined

export class ModelServer {
  readonly options: ModelOptions
  readonly label: string
  readonly version: readonly number[]
  readonly pubsub: PubSub = new PubSub()
  readonly watches: Watches = new Watches()
  readonly blocking: Blocking = new Blocking(this)
  readonly log: ReplicationLog = new ReplicationLog()
  readonly scripts: Scripts = new Scripts()
  readonly config: Map<string, string> = new Map()
  users: Users = new Users(categoriesOf)
  databases: Database[]
  readonly connections: Map<number, ModelConnection> = new Map()

  /** Set by a cluster. */
  redirect: Redirect | undefined
  /** Set by a cluster: what CLUSTER shows. */
  cluster: { readonly node: ClusterNode; readonly nodes: readonly ClusterNode[] } | undefined
  /** How many replicas have acknowledged an offset; set by a cluster or by the world. */
  acknowledged: (offset: number) => number = () => 0
  /** What ROLE lists; set by a cluster. */
  replicas: () => readonly { host: string; port: number; offset: number }[] = () => []

  /** It reads its data: all but a few commands are refused. */
  loading = false
  /** A script runs that is too slow: all but a few commands are refused. */
  busy = false
  /** Memory is full: commands that may need more are refused. */
  outOfMemory = false
  /** The disk is full: writes are refused. */
  diskError = false
  /** It is a replica of this one. */
  primary: PrimaryLink | undefined
  maxClients = 10_000
  runId: string

  #nextConnection = 3
  #records = 0
  #frozen: number | undefined
  #pausedUntil = -Infinity
  #pausesAll = false
  #pumping = false
  readonly #resumed = new Set<ModelConnection>()
  readonly #unflushed = new Set<ModelConnection>()

  constructor(options: ModelOptions) {
    this.options = options
    this.label = options.label ?? 'server'
    this.version = (options.version ?? '7.0.15').split('.').map(Number)
    this.databases = Array.from({ length: options.databases ?? 16 }, (_, index) => new Database(index, this))
    this.runId = this.#hex(40)
    if (options.password !== undefined) this.users.set('default', ['resetpass', `>${options.password}`])
  }

  get flavour(): 'redis' | 'valkey' {
    return this.options.flavour ?? 'redis'
  }

  atLeast(major: number, minor: number): boolean {
    const [ours = 0, ourMinor = 0] = this.version
    return ours > major || (ours === major && ourMinor >= minor)
  }

  // ---- connections

  /** A client has dialled. A server that is full says so and closes. */
  connect(address = '127.0.0.1:50000'): ModelConnection {
    const connection = new ModelConnection(this, this.#nextConnection++, address)
    this.connections.set(connection.id, connection)
    if (this.connections.size > this.maxClients) {
      connection.write(encode(new Failure('ERR max number of clients reached'), 2))
      connection.end()
    }
    return connection
  }

  /** Runs what the connection has sent, then what it has set free, then hands on all output. */
  pump(connection: ModelConnection): void {
    this.#resumed.add(connection)
    if (this.#pumping) return
    this.#pumping = true
    try {
      for (const each of this.#resumed) {
        this.#resumed.delete(each)
        this.#run(each)
      }
    } finally {
      this.#pumping = false
    }
    this.flush()
  }

  #run(connection: ModelConnection): void {
    for (;;) {
      const request = connection.nextRequest()
      if (request === undefined) return
      execute(connection, request)
    }
  }

  /** The connection waits no longer: what it has sent meanwhile runs. */
  resume(connection: ModelConnection): void {
    this.#resumed.add(connection)
  }

  flushLater(connection: ModelConnection): void {
    this.#unflushed.add(connection)
  }

  flush(): void {
    for (const connection of this.#unflushed) {
      this.#unflushed.delete(connection)
      connection.flush()
    }
  }

  /** A connection has closed. */
  forget(connection: ModelConnection): void {
    this.connections.delete(connection.id)
    this.blocking.forget(connection)
    this.watches.unwatch(connection)
    this.pubsub.removeAll(connection)
    this.#resumed.delete(connection)
    this.#unflushed.delete(connection)
  }

  /** What a request names, or why it names nothing. */
  commandOf(args: readonly string[]): CommandSpec | Failure {
    return commandOf(args, this)
  }

  // ---- time

  /** Whole milliseconds; one instant for all of a command, a transaction or a script. */
  time(): number {
    return this.#frozen ?? Math.floor(this.options.now())
  }

  /** Runs `what` at one instant. */
  atOneInstant(what: () => void): void {
    if (this.#frozen !== undefined) {
      what()
      return
    }
    this.#frozen = Math.floor(this.options.now())
    try {
      what()
    } finally {
      this.#frozen = undefined
    }
  }

  /** When `wake` is due next: the end of a blocking call or of a pause, or the expiry of a key; Infinity for never. */
  get wakeAt(): number {
    const expiry = this.removesExpired ? Math.min(...this.databases.map(db => db.nextExpiry)) + 1 : Infinity
    return Math.min(this.blocking.deadline, this.#pausedUntil > -Infinity ? this.#pausedUntil : Infinity, expiry)
  }

  /** Does what is due by now. */
  wake(): void {
    this.atOneInstant(() => {
      if (this.#pausedUntil <= this.time()) this.unpause()
      this.blocking.timeOut()
      if (this.removesExpired) for (const db of this.databases) db.expireDue()
      this.endStep(20)
    })
    this.pumpResumed()
  }

  /** Runs what those have sent who wait no longer, and hands on all output. */
  pumpResumed(): void {
    const [first] = this.#resumed
    if (first === undefined) this.flush()
    else this.pump(first)
  }

  // ---- what a command leaves

  /** The end of a command: its changes go to replicas, and those who waited for them are served. */
  endStep(size: number): void {
    this.log.end(size, (db, key) => {
      const database = this.databases[db]!
      return { value: database.raw(key), expiry: database.expiryOf(key) }
    })
    this.blocking.serve()
    this.log.end(size, (db, key) => {
      const database = this.databases[db]!
      return { value: database.raw(key), expiry: database.expiryOf(key) }
    })
  }

  /** The end of what was done to it from outside. */
  finishStep(size: number): void {
    this.atOneInstant(() => this.endStep(size))
    this.pumpResumed()
  }

  /** Replicas have acknowledged more. */
  retryWaits(): void {
    this.blocking.retry()
    this.pumpResumed()
  }

  tell(connection: ModelConnection, args: readonly string[], reply: Reply, phase: Phase): void {
    const { history } = this.options
    if (history === undefined) return
    const { id, db } = connection
    history({ number: this.#records++, at: this.time(), server: this.label, connection: id, db, args, reply, phase })
  }

  // ---- states from outside

  get isReplica(): boolean {
    return this.primary !== undefined
  }

  /** A replica leaves it to its primary to remove keys. */
  get removesExpired(): boolean {
    return this.primary === undefined && !this.loading && !this.isPaused
  }

  get isPaused(): boolean {
    return this.#pausedUntil > this.time()
  }

  /** Whether CLIENT PAUSE holds up such a command. */
  holdsUp(writes: boolean): boolean {
    return this.isPaused && (this.#pausesAll || writes)
  }

  pause(milliseconds: number, all: boolean): void {
    this.#pausesAll = all || (this.isPaused && this.#pausesAll)
    this.#pausedUntil = Math.max(this.#pausedUntil, this.time() + milliseconds)
  }

  unpause(): void {
    this.#pausedUntil = -Infinity
    this.#pausesAll = false
    for (const connection of this.connections.values()) if (connection.postponed !== undefined) this.resume(connection)
  }

  /** It becomes a replica. Blocking calls end, and their connections with them. */
  demote(host: string, port: number, up = true): void {
    this.primary = { host, port, up }
    const state = 'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)'
    this.blocking.breakAll(new Failure(state))
    this.pumpResumed()
  }

  promote(): void {
    this.primary = undefined
  }

  /** Ends connections that the server chooses, as CLIENT KILL, a timeout or a full output buffer does: at once. */
  kill(which: (connection: ModelConnection) => boolean): number {
    const those = [...this.connections.values()].filter(which)
    for (const connection of those) connection.kill()
    return those.length
  }

  /** A new process: no connection, script, subscription or configuration is left; the data is kept or lost. */
  restart(keepsData: boolean): void {
    this.kill(() => true)
    this.runId = this.#hex(40)
    this.#nextConnection = 3
    this.scripts.clear()
    this.loading = false
    this.busy = false
    this.unpause()
    if (!keepsData) for (const db of this.databases) db.clear()
  }

  /** A replica takes what its primary did. */
  apply({ effects, offset }: Step): void {
    this.atOneInstant(() => {
      for (const effect of effects) this.#applyOne(effect)
      this.log.offset = offset
      this.blocking.serve()
    })
    this.pumpResumed()
  }

  #applyOne(effect: Effect): void {
    switch (effect.what) {
      case 'key':
        this.databases[effect.db]?.replace(effect.key, effect.value, effect.expiry)
        break
      case 'event':
        this.pubsub.event(effect.db, effect.kind, effect.name, effect.key)
        break
      case 'flush':
        this.databases[effect.db]?.clear()
        break
      case 'swap':
        this.databases[effect.db]?.swap(this.databases[effect.other]!)
        break
      case 'publish':
        this.pubsub.publish(effect.channel, effect.message)
        break
      case 'spublish':
        this.pubsub.publishToShard(effect.channel, effect.message)
        break
    }
  }

  /** From 0 to below `below`. */
  random(below: number): number {
    return Math.floor(this.options.random() * below)
  }

  #hex(length: number): string {
    return Array.from({ length }, () => this.random(16).toString(16)).join('')
  }
}
