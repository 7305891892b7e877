/** One connection of the model on the server's end: its state, its unprocessed input and its unsent output. */
import type { CommandSpec } from './command.js'
import type { Watched } from './database.js'
import { Failure, type Reply } from './reply.js'
import { encode, encodePush, type Protocol, Requests } from './resp.js'
import type { ModelServer } from './server.js'
import { bytesOf, textOf } from './text.js'
import type { User } from './users.js'

export interface Queued {
  readonly spec: CommandSpec
  readonly args: readonly string[]
}

export interface ModelConnectionEvents {
  /** Called with the bytes that the server writes, in order. */
  onReply: (bytes: Buffer) => void
  /** Called once when the server closes the connection. No reply follows. */
  onEnd: () => void
}

export class ModelConnection implements ModelConnectionEvents {
  readonly server: ModelServer
  readonly id: number
  readonly address: string
  /** The time at which the client connected, ms. */
  readonly since: number
  onReply: (bytes: Buffer) => void = () => {}
  onEnd: () => void = () => {}

  name = ''
  libName = ''
  libVersion = ''
  protocol: Protocol = 2
  db = 0
  /** Undefined before AUTH if the server requires it. */
  user: User | undefined
  /** Commands of the open MULTI. */
  queue: Queued[] | undefined
  /** True if the server rejected a command instead of queuing it. */
  refused = false
  /** A watched key has changed. */
  dirty = false
  readonly watched: Watched[] = []
  readonly channels: Set<string> = new Set()
  readonly patterns: Set<string> = new Set()
  readonly shards: Set<string> = new Set()
  /** CLIENT REPLY. */
  replies: 'on' | 'off' = 'on'
  /** CLIENT REPLY SKIP, for this command and for the next one. */
  skips = false
  skipsNext = false
  /** ASKING, for the next command. */
  asking = false
  /** CLIENT CACHING, for the next command. */
  caching = false
  /** READONLY, in a cluster. */
  readsReplica = false
  monitors = false
  noEvict = false
  noTouch = false
  lastCommand = 'NULL'
  /** The request that waits for the end of CLIENT PAUSE. */
  postponed: readonly string[] | undefined

  readonly #requests = new Requests()
  #output: string[] = []
  #outputBytes = 0
  #open = true
  #ends = false

  constructor(server: ModelServer, id: number, address: string) {
    this.server = server
    this.id = id
    this.address = address
    this.since = server.time()
    this.user = server.users.atConnect()
  }

  get isOpen(): boolean {
    return this.#open
  }

  get subscriptions(): number {
    return this.channels.size + this.patterns.size
  }

  /** The number of bytes of unsent output. */
  get outputBytes(): number {
    return this.#outputBytes
  }

  /** Bytes from the client. */
  receive(bytes: Buffer): void {
    if (!this.#open) return
    this.#requests.add(textOf(bytes))
    this.server.pump(this)
  }

  /** Called when the client closed the connection or when it was lost. Its blocking call is dropped. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#output = []
    this.server.forget(this)
  }

  /** Closes the connection after all replies are written. */
  end(): void {
    this.#ends = true
    this.server.flushLater(this)
  }

  /** Closes the connection at once. Unsent replies are lost. */
  kill(): void {
    if (!this.#open) return
    this.close()
    this.onEnd()
  }

  /** Returns the next complete request that may run now. On a protocol error it replies with the error and closes the connection. */
  nextRequest(): readonly string[] | undefined {
    if (!this.#open || this.#ends || this.server.blocking.waitOf(this) !== undefined) return undefined
    if (this.postponed !== undefined) {
      if (this.server.isPaused) return undefined
      const request = this.postponed
      this.postponed = undefined
      return request
    }
    try {
      return this.#requests.next(this.user !== undefined)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.write(encode(error, this.protocol))
      this.end()
      return undefined
    }
  }

  reply(reply: Reply): void {
    if (this.replies === 'on' && !this.skips) this.write(encode(reply, this.protocol, this.server.dialect.is72))
  }

  /** Writes a push message. */
  push(items: readonly Reply[]): void {
    this.write(encodePush(items, this.protocol))
  }

  write(text: string): void {
    if (!this.#open || text === '') return
    this.#output.push(text)
    this.#outputBytes += text.length
    this.server.flushLater(this)
  }

  /** Passes the output to `onReply`. */
  flush(): void {
    if (!this.#open) return
    const output = this.#output.join('')
    this.#output = []
    this.#outputBytes = 0
    if (output !== '') this.onReply(bytesOf(output))
    if (this.#ends) this.kill()
  }

  /** RESET: restores the state of a new connection. */
  reset(): void {
    this.server.watches.unwatch(this)
    this.server.pubsub.removeAll(this)
    this.server.tracking.disable(this)
    this.caching = false
    this.queue = undefined
    this.refused = false
    this.dirty = false
    this.db = 0
    this.protocol = 2
    this.name = ''
    this.replies = 'on'
    this.asking = false
    this.readsReplica = false
    this.monitors = false
    this.noEvict = false
    this.noTouch = false
    this.user = this.server.users.atConnect()
  }
}
