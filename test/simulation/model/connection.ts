/** One connection of the model, as the server sees it: state, input that waits, output that was not handed on yet. */
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
  /** Called with what the server writes, in order. */
  onReply: (bytes: Buffer) => void
  /** Called once when the server closes the connection; nothing comes after it. */
  onEnd: () => void
}

export class ModelConnection implements ModelConnectionEvents {
  readonly server: ModelServer
  readonly id: number
  readonly address: string
  /** When it came, ms. */
  readonly since: number
  onReply: (bytes: Buffer) => void = () => {}
  onEnd: () => void = () => {}

  name = ''
  libName = ''
  libVersion = ''
  protocol: Protocol = 2
  db = 0
  /** Undefined until AUTH where it is needed. */
  user: User | undefined
  /** Commands of the open MULTI. */
  queue: Queued[] | undefined
  /** A command was refused while it was queued. */
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
  /** READONLY, in a cluster. */
  readsReplica = false
  monitors = false
  noEvict = false
  noTouch = false
  lastCommand = 'NULL'
  /** Waits for the end of CLIENT PAUSE with this request. */
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

  /** Bytes that the server has for it and has not written. */
  get outputBytes(): number {
    return this.#outputBytes
  }

  /** Bytes from the client. */
  receive(bytes: Buffer): void {
    if (!this.#open) return
    this.#requests.add(textOf(bytes))
    this.server.pump(this)
  }

  /** The client has closed it, or it was cut: what it waits for is forgotten. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#output = []
    this.server.forget(this)
  }

  /** The server closes it once what it has replied is written. */
  end(): void {
    this.#ends = true
    this.server.flushLater(this)
  }

  /** The server closes it at once; what was not written is lost. */
  kill(): void {
    if (!this.#open) return
    this.close()
    this.onEnd()
  }

  /** The next request, if one is there whole and may run; a protocol error is replied to and ends the connection. */
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
    if (this.replies === 'on' && !this.skips) this.write(encode(reply, this.protocol, this.server.atLeast(7, 2)))
  }

  /** A message that answers nothing. */
  push(items: readonly Reply[]): void {
    this.write(encodePush(items, this.protocol))
  }

  write(text: string): void {
    if (!this.#open || text === '') return
    this.#output.push(text)
    this.#outputBytes += text.length
    this.server.flushLater(this)
  }

  /** Hands on what was written. */
  flush(): void {
    if (!this.#open) return
    const output = this.#output.join('')
    this.#output = []
    this.#outputBytes = 0
    if (output !== '') this.onReply(bytesOf(output))
    if (this.#ends) this.kill()
  }

  /** RESET, and what HELLO does not undo. */
  reset(): void {
    this.server.watches.unwatch(this)
    this.server.pubsub.removeAll(this)
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
