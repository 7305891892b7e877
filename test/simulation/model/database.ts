/** The keys of one database, with their values, expiry, watchers and keyspace events. */
import { type Failure, WRONG_TYPE } from './reply.js'
import type { ModelServer } from './server.js'
import { copyOf, isEmpty, type OfType, type Type, type Value } from './values.js'

/** A key that a connection watches. */
export interface Watched {
  readonly db: Database
  readonly key: string
  /** True if the key had already expired when the watch began. */
  expired: boolean
}

/** Classes of keyspace events, as CONFIG SET names them. */
export type EventClass = 'g' | '$' | 'l' | 's' | 'h' | 'z' | 'x' | 'e' | 't' | 'm' | 'n'

export class Database {
  readonly index: number
  readonly #server: ModelServer
  #values = new Map<string, Value>()
  #expiry = new Map<string, number>()
  /** No key expires before this time. */
  #earliest = Infinity

  constructor(index: number, server: ModelServer) {
    this.index = index
    this.#server = server
  }

  get size(): number {
    return this.#values.size
  }

  /** The number of keys that have an expiry. */
  get expiring(): number {
    return this.#expiry.size
  }

  /** Returns all keys in order of insertion, including expired keys that were not removed yet. */
  keys(): string[] {
    return [...this.#values.keys()]
  }

  /** Returns the value for a command that writes. */
  find(key: string): Value | undefined {
    if (this.isExpired(key)) {
      if (!this.#server.removesExpired) return undefined
      this.expire(key)
    }
    return this.#values.get(key)
  }

  /** Returns the value for a command that reads: a missing key is an event. */
  read(key: string): Value | undefined {
    const value = this.find(key)
    if (value === undefined) this.event('m', 'keymiss', key)
    return value
  }

  /** Like `find`, but throws if the value has another type. */
  findTyped<T extends Type>(key: string, type: T): OfType<T> | undefined {
    return typed(this.find(key), type)
  }

  /** Like `read`, but throws if the value has another type. */
  readTyped<T extends Type>(key: string, type: T): OfType<T> | undefined {
    return typed(this.read(key), type)
  }

  /** Adds a key that does not exist yet. */
  add(key: string, value: Value): void {
    this.#values.set(key, value)
    this.#server.blocking.ready(this, key)
    this.event('n', 'new', key)
  }

  /** Adds the key or replaces its value. */
  put(key: string, value: Value, keepExpiry = false): void {
    if (this.find(key) === undefined) this.add(key, value)
    else {
      this.#values.set(key, value)
      this.#server.blocking.deleted(this, key)
    }
    if (!keepExpiry) this.#expiry.delete(key)
    this.touch(key)
  }

  /** Deletes a key without an event. */
  delete(key: string): boolean {
    this.#expiry.delete(key)
    const had = this.#values.delete(key)
    this.changed(key)
    if (had) this.#server.blocking.deleted(this, key)
    return had
  }

  /** Deletes a key whose value has become empty, with the event for it. */
  deleteIfEmpty(key: string, value: Value): boolean {
    if (!isEmpty(value)) return false
    this.delete(key)
    this.event('g', 'del', key)
    return true
  }

  /** Marks a key as changed, for connections that watch or track it and for replicas. */
  touch(key: string): void {
    this.#server.watches.touch(this, key)
    this.#server.tracking.touch(key)
    this.changed(key)
  }

  /** Marks a key as changed for replicas only. */
  changed(key: string): void {
    this.#server.log.key(this.index, key)
  }

  event(kind: EventClass, name: string, key: string): void {
    this.#server.pubsub.event(this.index, kind, name, key)
    this.#server.log.event(this.index, kind, name, key)
  }

  /** Sets a key to the value of the primary, without an event. */
  replace(key: string, value: Value | undefined, expiry: number | undefined): void {
    this.#expiry.delete(key)
    if (value === undefined) this.delete(key)
    else {
      this.#values.set(key, copyOf(value))
      this.#server.blocking.ready(this, key)
      if (expiry !== undefined) this.setExpiry(key, expiry)
    }
    this.#server.watches.touch(this, key)
    this.#server.tracking.touch(key)
  }

  /** Returns the value of a key, even if it has expired. */
  raw(key: string): Value | undefined {
    return this.#values.get(key)
  }

  expiryOf(key: string): number | undefined {
    return this.#expiry.get(key)
  }

  setExpiry(key: string, at: number): void {
    this.#expiry.set(key, at)
    this.changed(key)
    this.#earliest = Math.min(this.#earliest, at)
  }

  persist(key: string): boolean {
    this.changed(key)
    return this.#expiry.delete(key)
  }

  isExpired(key: string): boolean {
    const at = this.#expiry.get(key)
    return at !== undefined && !this.#server.loading && this.#server.time() > at
  }

  /** Removes a key that has expired. */
  expire(key: string): void {
    this.delete(key)
    this.event('e', 'expired', key)
    this.#server.watches.touch(this, key)
    this.#server.tracking.expired(key)
    this.changed(key)
  }

  /** The earliest expiry of a key, ms. */
  get nextExpiry(): number {
    return this.#earliest
  }

  /** Removes all expired keys. A real server does this in the background, ten times a second. */
  expireDue(): void {
    if (this.#earliest >= this.#server.time()) return
    for (const key of [...this.#expiry.keys()]) if (this.isExpired(key)) this.expire(key)
    this.#earliest = Math.min(...this.#expiry.values())
  }

  clear(): void {
    this.#values.clear()
    this.#expiry.clear()
    this.#earliest = Infinity
  }

  /** SWAPDB: exchanges the contents of two databases. */
  swap(other: Database): void {
    ;[this.#values, other.#values] = [other.#values, this.#values]
    ;[this.#expiry, other.#expiry] = [other.#expiry, this.#expiry]
    ;[this.#earliest, other.#earliest] = [other.#earliest, this.#earliest]
  }

  /** Replaces all keys by those of the primary: a full synchronisation. */
  load(from: Database): void {
    this.clear()
    for (const [key, value] of from.#values) this.#values.set(key, copyOf(value))
    this.#expiry = new Map(from.#expiry)
    this.#earliest = from.#earliest
  }
}

function typed<T extends Type>(value: Value | undefined, type: T): OfType<T> | undefined {
  if (value === undefined || isOfType(value, type)) return value
  const failure: Failure = WRONG_TYPE
  throw failure
}

function isOfType<T extends Type>(value: Value, type: T): value is OfType<T> {
  return value.type === type
}
