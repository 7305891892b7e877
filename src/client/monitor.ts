/** MONITOR: every command that a server processes, read on a connection of its own. */
import { Command } from '../commands/core/command.js'
import type { Reply } from '../commands/core/reply.js'
import { MONITOR } from '../commands/server.js'
import type { Settings } from '../connection/options/options.js'
import { Connection } from '../connection/socket/connection.js'
import type { ConnectionOwner } from '../connection/socket/connection-owner.js'
import type { RedisError } from '../errors/errors.js'
import { monitorClosed } from './client-errors.js'

/** A command that the server has processed. */
export interface MonitorEntry {
  /** When the server processed it, seconds since the epoch, with microseconds. */
  readonly time: number
  /** The number of the database. */
  readonly db: number
  /** The client that sent it: `host:port`, `lua` for a script, `unix:path` for a socket. */
  readonly client: string
  /** The name of the command and its arguments. */
  readonly args: readonly string[]
}

/** The most queued lines. If there are more, the oldest are dropped and counted. */
const MAX_QUEUE = 100_000
/** The most characters of queued lines: a slow reader of a busy server must not use up the memory. */
const MAX_CHARACTERS = 64 * 1024 * 1024
/** The longest line, in bytes, with its escapes. After a longer one the loop throws. */
const MAX_LINE = 32 * 1024 * 1024

export class Monitor implements ConnectionOwner<Connection> {
  readonly #connection: Connection
  /** Unparsed lines, because a line that is dropped need not be parsed. */
  #queue: string[] = []
  /** The index of the oldest queued line. Lines before it were read or dropped. */
  #oldest = 0
  #characters = 0
  readonly #onEnd: (monitor: Monitor) => void
  /** The number of entries that were dropped because they were not read in time. */
  dropped = 0
  #wake = () => {}
  #closed = false
  #error: RedisError | undefined

  /** Calls `onEnd` when it has ended in any way. */
  constructor(settings: Settings, onEnd: (monitor: Monitor) => void) {
    // No health check: its reply could not be distinguished from the lines, which are simple strings too.
    this.#connection = new Connection({ ...settings, healthCheckInterval: 0 }, this, { maxLine: MAX_LINE })
    this.#onEnd = onEnd
    this.#connection.open(() => settings.endpoint, 1)
  }

  /** Returns the entries until the loop is left or the client is closed. Throws if the connection is lost. */
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

  /** Ends the monitor. Queued entries are still read. After them the loop ends, or throws `error`. */
  close(error?: RedisError): void {
    if (this.#closed) return
    this.#closed = true
    this.#error = error
    this.#connection.destroy(monitorClosed())
    this.#onEnd(this)
    this.#wake()
  }

  // ConnectionOwner

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
    // The queue is copied when most of it is empty, so each line is copied about once.
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

/** Parses `1700000000.123456 [0 127.0.0.1:5000] "set" "k" "\x00"`, without a regular expression over untrusted text. */
export function readLine(line: string): MonitorEntry | undefined {
  const open = line.indexOf(' [')
  const close = line.indexOf('] "', open)
  if (open < 0 || close < 0) return undefined
  const source = line.slice(open + 2, close)
  const space = source.indexOf(' ')
  return {
    time: Number(line.slice(0, open)),
    db: Number(source.slice(0, space)),
    client: source.slice(space + 1),
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
 * Valkey 8.1 escapes neither quotes nor backslashes. So a quote ends an argument only before a space or the end of the line, and a
 * backslash that escapes nothing is a plain character.
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
