/**
 * Probes in the stream of a connection: PING with a text that no other reply equals. The reply to a probe shows whether
 * replies still belong to their commands.
 *
 *   GET a    (its reply is lost)
 *   GET b    ◂── gets the reply to a later command
 *   PING m   ◂── a reply other than m proves it
 */
import type Denque from 'denque'
import { PING } from '../../commands/client-internal.js'
import { Command, State } from '../../commands/core/command.js'
import { unchanged } from '../../commands/core/decoder.js'
import type { Reply } from '../../commands/core/reply.js'
import { NoPermissionError, type RedisError } from '../../errors/errors.js'
import type { HandshakeMemory } from '../handshake-memory.js'
import { answeredByProbe, probeNotEchoed } from './connection-errors.js'
import { isUnknownCommand } from './handshake-errors.js'
import { nonce } from './nonce.js'

/** Whether `reply` is the reply to PING with `text`: under RESP2 a subscribed connection gets a list. */
function isEcho(reply: unknown, text: string): boolean {
  const echo = Array.isArray(reply) && reply.length === 2 && String(reply[0]) === 'pong' ? reply[1] : reply
  // The text of a probe is ASCII, so its length in bytes is known, and no big reply is converted to a string.
  return (typeof echo === 'string' || Buffer.isBuffer(echo)) && echo.length === text.length && String(echo) === text
}

class Probe extends Command {
  readonly check: ReplyOrderCheck
  readonly text: string

  constructor(check: ReplyOrderCheck, text: string) {
    super(PING, [text], unchanged)
    this.check = check
    this.text = text
    this.size = 64
    this.state = State.pinned | State.batched
    this.resolve = onSettled
  }
}

/** Called inside the read, so that the probe is checked before any reply after it is passed on. */
function onSettled(value: unknown, command: Command): void {
  const probe = command as Probe
  if ((probe.state & State.failed) !== 0) probe.check.onError(value as RedisError)
  else probe.check.onReply(value, probe.text)
}

/** The probes of one connection: at most one is outstanding. */
export class ReplyOrderCheck {
  readonly #memory: HandshakeMemory
  readonly #probeAgain: () => void
  /** The text of the outstanding probe. */
  awaited: string | undefined = undefined
  /** A probe was requested while one was outstanding, which may have been written too early to serve for it. */
  #wanted = false

  /** `probeAgain` is called when the next probe is needed. */
  constructor(memory: HandshakeMemory, probeAgain: () => void) {
    this.#memory = memory
    this.#probeAgain = probeAgain
  }

  /** Whether the server answers probes; true until it has shown otherwise. */
  get supported(): boolean {
    return this.#memory.acceptsProbes
  }

  /** Whether a probe is outstanding. The next one is sent after its reply, unless the probe is the `newest` command: it then serves. */
  wait(newest: Command | undefined): boolean {
    const outstanding = this.awaited !== undefined
    this.#wanted = outstanding && !(newest instanceof Probe)
    return outstanding
  }

  /** Creates the next probe; the caller must write it. */
  next(): Command {
    this.awaited = `respire:${nonce()}`
    return new Probe(this, this.awaited)
  }

  /** Checks a reply to `command` while a probe is outstanding. If it is the probe's reply, an earlier reply is missing. */
  check(command: Command | undefined, reply: Reply): void {
    if (command === undefined || command instanceof Probe || !isEcho(reply, this.awaited as string)) return
    throw answeredByProbe(command)
  }

  onReply(reply: unknown, text: string): void {
    if (!isEcho(reply, text)) throw probeNotEchoed()
    this.#ended()
  }

  /** An error proves nothing: a server that is busy or loading answers every command with one. */
  onError(error: RedisError): void {
    if (error instanceof NoPermissionError || isUnknownCommand(error)) this.#memory.noteRejected(PING.name)
    this.#ended()
  }

  #ended(): void {
    this.awaited = undefined
    if (!this.#wanted) return
    this.#wanted = false
    this.#probeAgain()
  }
}

/**
 * Whether the server may block on one of the commands in flight. No command of a caller is written after a blocking one, so
 * only the newest command of a caller matters.
 */
export function mayBlock(inflight: Denque<Command>): boolean {
  for (let i = inflight.length - 1; i >= 0; i--) {
    const { state } = inflight.peekAt(i) as Command
    if ((state & State.blocking) !== 0) return true
    if ((state & State.pinned) === 0) return false
  }
  return false
}
