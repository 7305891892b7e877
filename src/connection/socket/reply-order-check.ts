/**
 * Marks in the stream of a connection: PING with a text that no other reply can be. What answers one tells whether replies
 * still come to the commands that they belong to.
 *
 *   GET a    (its reply is lost)
 *   GET b    ◂── the reply of GET a's neighbour, and so on
 *   PING m   ◂── something else than m: proof
 */
import type Denque from 'denque'
import { PING } from '../../commands/client-internal.js'
import { Command, State } from '../../commands/core/command.js'
import type { Reply } from '../../commands/core/reply.js'
import { InvalidResponse, NoPermissionError, type RedisError } from '../../errors/errors.js'
import type { HandshakeMemory } from '../handshake-memory.js'
import { isUnknownCommand } from './handshake-errors.js'
import { nonce } from './nonce.js'

/** Whether `reply` is that of PING with `text`: under RESP2 a subscribed connection gets a list. */
function isEcho(reply: unknown, text: string): boolean {
  const echo = Array.isArray(reply) && reply.length === 2 && String(reply[0]) === 'pong' ? reply[1] : reply
  // A text of ours is as long in bytes as in characters; no big reply is turned into text for it.
  return (typeof echo === 'string' || Buffer.isBuffer(echo)) && echo.length === text.length && String(echo) === text
}

function asItCame(reply: Reply): Reply {
  return reply
}

class Mark extends Command {
  readonly marks: ReplyOrderCheck
  readonly text: string

  constructor(marks: ReplyOrderCheck, text: string) {
    super(PING, [text], asItCame)
    this.marks = marks
    this.text = text
    this.size = 64
    this.state = State.pinned | State.batched
    this.resolve = answered
  }
}

/** Called within the read, so that no reply behind that of the mark is handed out before it is judged. */
function answered(value: unknown, command: Command): void {
  const mark = command as Mark
  if ((mark.state & State.failed) !== 0) mark.marks.refused(value as RedisError)
  else mark.marks.answered(value, mark.text)
}

/** The marks of one connection: at most one is outstanding. */
export class ReplyOrderCheck {
  readonly #memory: HandshakeMemory
  readonly #again: () => void
  /** The text of the mark that is outstanding. */
  awaited: string | undefined = undefined
  /** A mark was asked for while one was outstanding, which may have been written too early for it. */
  #wanted = false

  /** `again` asks for the next mark. */
  constructor(memory: HandshakeMemory, again: () => void) {
    this.#memory = memory
    this.#again = again
  }

  /** Whether the server takes marks, as far as is known. */
  get taken(): boolean {
    return this.#memory.takesMarks
  }

  /** Whether one is outstanding; then the next will be asked for when it has been answered. */
  wait(): boolean {
    const outstanding = this.awaited !== undefined
    this.#wanted = outstanding
    return outstanding
  }

  /** The next mark: it must be written. */
  make(): Command {
    this.awaited = `respire:${nonce()}`
    return new Mark(this, this.awaited)
  }

  /** A reply came for `command` while a mark is outstanding: if it is that of the mark, one before it is missing. */
  check(command: Command | undefined, reply: Reply): void {
    if (command === undefined || command instanceof Mark || !isEcho(reply, this.awaited as string)) return
    throw new InvalidResponse(`The server answered ${command.spec.name} with the reply of a PING that was sent later.`)
  }

  answered(reply: unknown, text: string): void {
    if (!isEcho(reply, text)) {
      throw new InvalidResponse('The server answered a PING with the reply of another command.')
    }
    this.#ended()
  }

  /** An error proves nothing: a server that is busy or loads its data answers every command with one. */
  refused(error: RedisError): void {
    if (error instanceof NoPermissionError || isUnknownCommand(error)) this.#memory.refused(PING.name)
    this.#ended()
  }

  #ended(): void {
    this.awaited = undefined
    if (!this.#wanted) return
    this.#wanted = false
    this.#again()
  }
}

/**
 * Whether the server may block on one of the commands in flight. No command of a caller is written after one that blocks, so
 * the newest of them tells, however many there are.
 */
export function mayBlock(inflight: Denque<Command>): boolean {
  for (let i = inflight.length - 1; i >= 0; i--) {
    const { state } = inflight.peekAt(i) as Command
    if ((state & State.blocking) !== 0) return true
    if ((state & State.pinned) === 0) return false
  }
  return false
}
