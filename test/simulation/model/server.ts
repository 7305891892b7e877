/**
 * A Redis server as its clients see it: a state machine without sockets, timers or a clock of its own.
 *
 * `connect()` returns a connection, and its `receive()` takes the bytes of the client. `wakeAt` is the time of the next timed
 * event, and `wake()` runs it. Methods such as `demote()` and `kill()` put the server into the states that a fault causes.
 */

import { Blocking } from './blocking.js'
import type { ClusterNode } from './cluster/cluster-node.js'
import type { CommandSpec } from './command.js'
import { categoriesOf, commandOf } from './commands.js'
import { ModelConnection } from './connection.js'
import { Database } from './database.js'
import { Dialect } from './dialect.js'
import { execute } from './execute.js'
import { PubSub } from './pubsub.js'
import { type Effect, ReplicationLog, type Step } from './replication-log.js'
import { Failure, type Reply } from './reply.js'
import { encode } from './resp.js'
import { Scripts } from './scripts.js'
import { Tracking } from './tracking.js'
import { Users } from './users.js'
import { Watches } from './watches.js'
import './twins/lock.js'
import './twins/samples.js'

/** queued: in MULTI; ran: alone; exec: by EXEC; script: by a script; refused: before it ran; blocked, unblocked: its wait began, ended. */
export type Phase = 'queued' | 'ran' | 'exec' | 'script' | 'refused' | 'blocked' | 'unblocked'

/** An execution of a command, for the oracle. Texts are binary strings: one character is one byte. */
export interface ModelRecord {
  readonly number: number
  readonly at: number
  readonly server: string
  readonly connection: number
  readonly db: number
  readonly args: readonly string[]
  readonly reply: Reply
  readonly phase: Phase
  /** ASKING was sent before the command. */
  readonly asking: boolean
}

export interface ModelOptions {
  /** Milliseconds since the epoch; fractions are allowed. */
  readonly now: () => number
  /** Returns a random number in [0, 1). */
  readonly random: () => number
  /** The name of the server in records. */
  readonly label?: string
  /** Default redis 7.0.15. */
  readonly dialect?: Dialect
  readonly databases?: number
  /** The password of the default user. */
  readonly password?: string
  readonly history?: (record: ModelRecord) => void
  /** The address of the server in INFO, ROLE and CLIENT INFO. */
  readonly address?: { readonly host: string; readonly port: number }
}

export interface PrimaryLink {
  readonly host: string
  readonly port: number
  up: boolean
}

/** The properties of a command or a transaction that decide which node may run it. */
export interface Wanted {
  readonly keys: readonly string[]
  readonly writes: boolean
  /** Its keys are shard channels. */
  readonly isPubSub: boolean
  /** The command only joins the queue of MULTI. */
  readonly isQueued: boolean
}

/** Returns the reply that rejects a command that this node of a cluster may not run. */
export type Redirect = (connection: ModelConnection, wanted: Wanted) => Failure | undefined

/** A proxy in front of a server, which lets some things through in another form. */
export interface FrontProxy {
  /** The error reply to HELLO. */
  readonly hello?: string
  /** Returns how often the reply to a command is written: once, if nothing is wrong. `isQueued`: the reply is QUEUED. */
  readonly times?: (connection: ModelConnection, command: string, isQueued: boolean) => number
}

/** The cluster of a server. */
export interface ClusterLink {
  readonly node: ClusterNode
  readonly nodes: readonly ClusterNode[]
  /** Sends a message of a channel to the other nodes. */
  broadcast(kind: 'channels' | 'shards', channel: string, message: string): void
}

export class ModelServer {
  readonly options: ModelOptions
  readonly label: string
  readonly dialect: Dialect
  readonly pubsub: PubSub = new PubSub()
  readonly watches: Watches = new Watches()
  readonly blocking: Blocking = new Blocking(this)
  readonly tracking: Tracking = new Tracking(this)
  readonly log: ReplicationLog = new ReplicationLog()
  readonly scripts: Scripts = new Scripts()
  readonly config: Map<string, string> = new Map()
  users: Users = new Users(categoriesOf)
  databases: Database[]
  readonly connections: Map<number, ModelConnection> = new Map()

  /** Set by a cluster. */
  redirect: Redirect | undefined
  /** Set by a cluster: the nodes for the CLUSTER commands. */
  cluster: ClusterLink | undefined
  /** Returns the number of replicas that have acknowledged an offset. Set by a cluster or by the world. */
  acknowledged: (offset: number) => number = () => 0
  /** Returns the replicas for ROLE. Set by a cluster. */
  replicas: () => readonly { host: string; port: number; offset: number }[] = () => []

  /** The server is loading its data: it rejects all but a few commands. */
  loading = false
  /** A slow script is running: the server rejects all but a few commands. */
  busy = false
  /** Memory is full: the server rejects commands that may need more. */
  outOfMemory = false
  /** The disk is full: the server rejects writes. */
  diskError = false
  /** The primary, if the server is a replica. */
  primary: PrimaryLink | undefined
  maxClients = 10_000
  /** A proxy through which all clients connect. */
  proxy: FrontProxy | undefined
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
    this.dialect = options.dialect ?? new Dialect()
    this.databases = Array.from({ length: options.databases ?? 16 }, (_, index) => new Database(index, this))
    this.runId = this.#hex(40)
    if (options.password !== undefined) this.users.set('default', ['resetpass', `>${options.password}`])
  }

  // ---- connections

  /** Accepts a connection. A server that has reached `maxClients` replies with an error and closes it. */
  connect(address = '127.0.0.1:50000'): ModelConnection {
    const connection = new ModelConnection(this, this.#nextConnection++, address)
    this.connections.set(connection.id, connection)
    if (this.connections.size > this.maxClients) {
      connection.write(encode(new Failure('ERR max number of clients reached'), 2))
      connection.end()
    }
    return connection
  }

  /** Runs the requests of a connection, then those of the connections that they unblocked. Then sends all output. */
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

  /** Has the requests of a connection run that arrived while it was blocked. */
  resume(connection: ModelConnection): void {
    this.#resumed.add(connection)
  }

  flushLater(connection: ModelConnection): void {
    this.#unflushed.add(connection)
  }

  flush(): void {
    this.tracking.broadcast()
    for (const connection of this.#unflushed) {
      this.#unflushed.delete(connection)
      connection.flush()
    }
  }

  /** Removes a closed connection. */
  forget(connection: ModelConnection): void {
    this.connections.delete(connection.id)
    this.blocking.forget(connection)
    this.watches.unwatch(connection)
    this.pubsub.removeAll(connection)
    this.tracking.disable(connection)
    this.#resumed.delete(connection)
    this.#unflushed.delete(connection)
  }

  /** Returns the command of a request, or the error reply if there is none. */
  commandOf(args: readonly string[]): CommandSpec | Failure {
    return commandOf(args, this)
  }

  // ---- time

  /** Returns the time in whole milliseconds. It stands still during a command, a transaction or a script. */
  time(): number {
    return this.#frozen ?? Math.floor(this.options.now())
  }

  /** Runs `what` while the time of the server stands still. */
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

  /** The time for the next `wake()`: the end of a blocking call or of a pause, or the expiry of a key; Infinity for never. */
  get wakeAt(): number {
    let at = this.blocking.deadline
    if (this.#pausedUntil > -Infinity) at = Math.min(at, this.#pausedUntil)
    if (this.removesExpired) for (const db of this.databases) at = Math.min(at, db.nextExpiry + 1)
    return at
  }

  /** Runs the events that are due now. */
  wake(): void {
    this.atOneInstant(() => {
      if (this.#pausedUntil <= this.time()) this.unpause()
      this.blocking.timeOut()
      if (this.removesExpired) for (const db of this.databases) db.expireDue()
      this.endStep(20)
    })
    this.pumpResumed()
  }

  /** Runs the requests of unblocked connections, and sends all output. */
  pumpResumed(): void {
    const [first] = this.#resumed
    if (first === undefined) this.flush()
    else this.pump(first)
  }

  // ---- after a command

  /** Ends a command: sends its changes to replicas, and serves the calls that waited for them. */
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

  /** Ends a change from outside, such as one by the cluster. */
  finishStep(size: number): void {
    this.atOneInstant(() => this.endStep(size))
    this.pumpResumed()
  }

  /** Must be called when replicas have acknowledged more. */
  retryWaits(): void {
    this.blocking.retry()
    this.pumpResumed()
  }

  tell(connection: ModelConnection, args: readonly string[], reply: Reply, phase: Phase): void {
    const { history } = this.options
    if (history === undefined) return
    const { asking, db, id } = connection
    const at = this.time()
    history({ number: this.#records++, at, server: this.label, connection: id, db, args, reply, phase, asking })
  }

  // ---- states from outside

  get isReplica(): boolean {
    return this.primary !== undefined
  }

  /** Whether the server removes expired keys. A replica leaves that to its primary. */
  get removesExpired(): boolean {
    return this.primary === undefined && !this.loading && !this.isPaused
  }

  get isPaused(): boolean {
    return this.#pausedUntil > this.time()
  }

  /** Returns true if CLIENT PAUSE delays a command, by whether the command writes. */
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

  /** Makes the server a replica. Ends blocking calls and closes their connections. */
  demote(host: string, port: number, up = true): void {
    this.primary = { host, port, up }
    const state = 'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)'
    this.blocking.breakAll(new Failure(state))
    this.pumpResumed()
  }

  promote(): void {
    this.primary = undefined
  }

  /** Closes connections at once, as CLIENT KILL, a timeout or a full output buffer does. Returns their number. */
  kill(which: (connection: ModelConnection) => boolean): number {
    const those = [...this.connections.values()].filter(which)
    for (const connection of those) connection.kill()
    return those.length
  }

  /** Starts a new process: connections, scripts, subscriptions and the configuration are lost; the data is kept or lost. */
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

  /** Applies a step of the primary to this replica. */
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

  /** Returns a random integer from 0 to `below` - 1. */
  random(below: number): number {
    return Math.floor(this.options.random() * below)
  }

  #hex(length: number): string {
    return Array.from({ length }, () => this.random(16).toString(16)).join('')
  }
}
