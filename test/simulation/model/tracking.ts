/** CLIENT TRACKING: which connections must be informed when a key changes. */
import { type CommandSpec, keysOf } from './command.js'
import type { ModelConnection } from './connection.js'
import type { Reply } from './reply.js'
import type { ModelServer } from './server.js'
import { compare } from './text.js'

export interface TrackingMode {
  /** The id of the connection that receives the messages; 0 for the connection itself. */
  redirect: number
  readonly broadcasts: boolean
  optIn: boolean
  optOut: boolean
  noLoop: boolean
  isBroken: boolean
  readonly prefixes: Set<string>
}

export const INVALIDATION_CHANNEL = '__redis__:invalidate'

export class Tracking {
  readonly #server: ModelServer
  /** The connections that have read each key. */
  readonly #readers = new Map<string, Set<ModelConnection>>()
  readonly #modes = new Map<ModelConnection, TrackingMode>()
  /** Keys changed by the current command that its own connection has read; null for all keys. */
  #pending: (string | null)[] = []
  /** For each prefix of BCAST: the changed keys, each with the connection that changed it last. */
  readonly #prefixes = new Map<string, Map<string, ModelConnection | undefined>>()
  /** The connection whose command is running. */
  current: ModelConnection | undefined
  /** The connection that changes keys, if it is another one: before 7.2, one whose blocking call ends. */
  writer: { readonly connection: ModelConnection /** Undefined for all keys. */; readonly key?: string } | undefined
  /** A script is running: its changes do not count as the connection's own for BCAST NOLOOP. */
  inScript = false

  constructor(server: ModelServer) {
    this.#server = server
  }

  /** Returns the mode of a connection; undefined if it does not track. */
  modeOf(connection: ModelConnection): TrackingMode | undefined {
    return this.#modes.size === 0 ? undefined : this.#modes.get(connection)
  }

  enable(connection: ModelConnection, mode: TrackingMode): void {
    this.#modes.set(connection, mode)
    for (const prefix of mode.prefixes) if (!this.#prefixes.has(prefix)) this.#prefixes.set(prefix, new Map())
  }

  disable(connection: ModelConnection): void {
    if (!this.#modes.delete(connection)) return
    for (const prefix of this.#prefixes.keys()) {
      if (![...this.#modes.values()].some(({ prefixes }) => prefixes.has(prefix))) this.#prefixes.delete(prefix)
    }
  }

  /** Remembers the keys that a command has read. */
  remember(connection: ModelConnection, spec: CommandSpec, args: readonly string[], keys?: readonly string[]): void {
    const mode = this.modeOf(connection)
    if (mode === undefined || mode.broadcasts || !spec.flags.has('read') || spec.flags.has('pubsub')) return
    if ((mode.optIn && !connection.caching) || (mode.optOut && connection.caching)) return
    for (const key of keys ?? keysOf(spec, args)) {
      const readers = this.#readers.get(key)
      if (readers === undefined) this.#readers.set(key, new Set([connection]))
      else readers.add(connection)
    }
  }

  /** Must be called when the running command has changed a key. */
  touch(key: string): void {
    const { writer } = this
    const isOther = writer !== undefined && (writer.key ?? key) === key
    this.#touch(key, this.inScript ? undefined : isOther ? writer.connection : this.current)
  }

  /** Must be called when a key has expired. */
  expired(key: string): void {
    this.#touch(key, undefined)
  }

  #touch(key: string, by: ModelConnection | undefined): void {
    if (this.#modes.size === 0 && this.#readers.size === 0) return
    const { current } = this
    for (const [prefix, changed] of this.#prefixes) if (key.startsWith(prefix)) changed.set(key, by)
    const readers = this.#readers.get(key)
    if (readers === undefined) return
    this.#readers.delete(key)
    for (const reader of readers) {
      const mode = this.#modes.get(reader)
      if (mode === undefined || mode.broadcasts || (mode.noLoop && reader === current)) continue
      if (reader === current) this.#pending.push(key)
      else this.#send(reader, mode, [key])
    }
  }

  /** Must be called when databases were flushed. */
  flushed(): void {
    for (const [connection, mode] of this.#modes) {
      if (connection === this.current) this.#pending.push(null)
      else this.#send(connection, mode, null)
    }
    this.#readers.clear()
  }

  /** Sends the messages about a command to the connection that ran it, after its reply. */
  endCommand(connection: ModelConnection): void {
    if (this.#pending.length === 0) return
    const pending = this.#pending
    this.#pending = []
    const mode = this.#modes.get(connection)
    if (mode !== undefined) for (const key of pending) this.#send(connection, mode, key === null ? null : [key])
  }

  /** Sends the messages of the connections that broadcast. The server does this after it has read from all sockets. */
  broadcast(): void {
    if (this.#prefixes.size === 0) return
    for (const [prefix, changes] of [...this.#prefixes].sort(([a], [b]) => compare(a, b))) {
      if (changes.size === 0) continue
      const changed = [...changes].sort(([a], [b]) => compare(a, b))
      changes.clear()
      for (const [connection, mode] of this.#modes) {
        if (!mode.prefixes.has(prefix)) continue
        const keys = changed.flatMap(([key, by]) => (mode.noLoop && by === connection ? [] : [key]))
        if (keys.length > 0) this.#send(connection, mode, keys)
      }
    }
  }

  #send(connection: ModelConnection, mode: TrackingMode, keys: Reply): void {
    if (mode.redirect === 0) {
      if (connection.protocol === 3) connection.push(['invalidate', keys])
      return
    }
    const target = this.#server.connections.get(mode.redirect)
    if (target === undefined) {
      mode.isBroken = true
      if (connection.protocol === 3) connection.push(['tracking-redir-broken', mode.redirect])
    } else if (target.protocol === 3) target.push(['invalidate', keys])
    else if (target.subscriptions + target.shards.size > 0) target.push(['message', INVALIDATION_CHANNEL, keys])
  }
}
