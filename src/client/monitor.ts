/** Every command that a server processes, told on a connection of its own. */
import { Command } from '../commands/core/command.js'
import type { Reply } from '../commands/core/reply.js'
import { MONITOR } from '../commands/server.js'
import type { Settings } from '../connection/options/options.js'
import { Connection } from '../connection/socket/connection.js'
import type { ConnectionOwner } from '../connection/socket/connection-owner.js'
import { ConnectionError, type RedisError } from '../errors/errors.js'

/** A command that the server processed. */
export interface MonitorEntry {
  /** Seconds since the epoch, with microseconds. */
  readonly time: number
  readonly db: number
  /** `host:port` of who sent it, `lua` for a script, `unix:path` for a socket. */
  readonly client: string
  readonly args: readonly string[]
}

/** What waits to be read at most; beyond it the oldest are dropped, and counted. */
const MAX_QUEUE = 100_000
/** Characters of the lines that wait: a reader that has fallen behind a server under load must not cost all memory. */
const MAX_CHARACTERS = 64 * 1024 * 1024
/** Bytes of a command as it is told, with its escapes; beyond it the loop throws. */
const MAX_LINE = 32 * 1024 * 1024

export class Monitor implements ConnectionOwner<Connection> {
  readonly #connection: Connection
  /** Lines as they came: what is dropped need not be taken apart. */
  #queue: string[] = []
  /** The oldest of the queue; what stands before it was read or dropped. */
  #oldest = 0
  #characters = 0
  readonly #ended: (monitor: Monitor) => void
  /** How many entries were dropped because nobody read them in time. */
  dropped = 0
  #wake = () => {}
  #closed = false
  #error: RedisError | undefined

  /** `ended` hears of its end, however it comes. */
  constructor(settings: Settings, ended: (monitor: Monitor) => void) {
    // A sign of life would be answered among the lines, which look like replies.
    this.#connection = new Connection({ ...settings, healthCheckInterval: 0 }, this, { maxLine: MAX_LINE })
    this.#ended = ended
    this.#connection.open(() => settings.endpoint, 1)
  }

  /** Reads until the caller breaks off, the client is closed, or the connection is lost: then it throws. */
  async *entries(): AsyncGenerator<MonitorEntry, void, undefined> {
    try {
      for (;;) {
        const line = this.#shift()
        if (line !== undefined) {
          const entry = readLine(line)
          if (entry !== undefined) yield entry
          continue
        }
        if (this.#error !== undefined) throw this.#error
        if (this.#closed) return
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
    } finally {
      this.close()
    }
  }

  /** Ends it; what is queued is still read. With an `error` the reader is told that. */
  close(error?: RedisError): void {
    if (this.#closed) return
    this.#closed = true
    this.#error = error
    this.#connection.destroy(new ConnectionError('The monitor was closed.'))
    this.#ended(this)
    this.#wake()
  }

  // What the connection tells

  onReady(connection: Connection): void {
    connection.ask(new Command(MONITOR, [])).catch(error => this.close(error))
  }

  onStray(_connection: Connection, reply: Reply): void {
    if (typeof reply !== 'string') return
    this.#queue.push(reply)
    this.#characters += reply.length
    while (this.#waiting > MAX_QUEUE || (this.#characters > MAX_CHARACTERS && this.#waiting > 1)) {
      this.#shift()
      this.dropped++
    }
    this.#wake()
  }

  get #waiting(): number {
    return this.#queue.length - this.#oldest
  }

  #shift(): string | undefined {
    const line = this.#queue[this.#oldest]
    if (line === undefined) return undefined
    this.#queue[this.#oldest++] = ''
    this.#characters -= line.length
    // Moved when most of it is empty, so each line is moved about once.
    if (this.#oldest * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#oldest)
      this.#oldest = 0
    }
    return line
  }

  onClosed(_connection: Connection, error: RedisError): void {
    this.close(error)
  }
}

/** `1700000000.123456 [0 127.0.0.1:5000] "set" "k" "\x00"`, read by hand: no expression runs over what was sent. */
export function readLine(line: string): MonitorEntry | undefined {
  const open = line.indexOf(' [')
  const close = line.indexOf('] "', open)
  if (open < 0 || close < 0) return undefined
  const who = line.slice(open + 2, close)
  const space = who.indexOf(' ')
  return {
    time: Number(line.slice(0, open)),
    db: Number(who.slice(0, space)),
    client: who.slice(space + 1),
    args: readArguments(line, close + 2),
  }
}

const ESCAPES: ReadonlyMap<string, number> = new Map([
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['a', 7],
  ['b', 8],
  ['"', 34],
  ['\\', 92],
])

const BACKSLASH = 0x5c

/**
 * Valkey 8.1 escapes neither quotes nor backslashes: so a quote ends an argument only where a blank or nothing follows, and a
 * backslash that escapes nothing is itself.
 */
function readArguments(line: string, from: number): string[] {
  const args: string[] = []
  let bytes: number[] = []
  let inside = false
  for (let at = from; at < line.length; at++) {
    const character = line[at] as string
    if (character === '"' && (!inside || at + 1 === line.length || line[at + 1] === ' ')) {
      if (inside) {
        args.push(Buffer.from(bytes).toString())
        bytes = []
      }
      inside = !inside
    } else if (inside && character === '\\') {
      const next = line[++at] ?? ''
      if (next === 'x') {
        bytes.push(Number.parseInt(line.slice(at + 1, at + 3), 16))
        at += 2
      } else {
        const escaped = ESCAPES.get(next)
        bytes.push(escaped ?? BACKSLASH)
        if (escaped === undefined) at--
      }
    } else if (inside) bytes.push(character.charCodeAt(0))
  }
  return args
}
