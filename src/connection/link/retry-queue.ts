/** Retries of commands that the server rejected only for now. */
import { CallDetails, type Command, noteNotRun, State, whenSettled } from '../../commands/core/command.js'
import { backoffDelay, clearTimeout, performance, setTimer } from '../../commands/core/timers.js'
import { BusyLoadingError, ConnectionError, type RedisError, ResponseError } from '../../errors/errors.js'
import { fail } from '../call/completion.js'
import { isGenuine, isRetryable } from '../call/refusals.js'
import { type Resender, sendsText } from '../call/script-text.js'
import type { CommandQueue } from './command-queue.js'

/** Notes that `command` did not run: if it rejects, its outcome is not `'unknown'`. */
export function noteRefusal(command: Command, refusal: RedisError): void {
  noteNotRun(command)
  command.details ??= new CallDetails()
  command.details.refusal = refusal
}

/**
 * Resends `command` over `link` after the error reply `refusal`, or rejects it. `mode` is the mode that the server reports: a
 * standalone server never sends cluster errors itself, so that a script that returned one has run.
 */
export function settleRefused(link: Resender, command: Command, refusal: RedisError, mode: string | undefined): void {
  if (sendsText(link, command, refusal)) return
  const isScripts = command.spec.script && mode === 'standalone' && !(refusal instanceof BusyLoadingError)
  if (isRetryable(command, refusal) && !isScripts) {
    if ((command.state & State.ordered) === 0) {
      link.later(command, refusal)
      return
    }
    // Resent alone it would be overtaken: its pipeline decides when all its commands have settled.
    noteRefusal(command, refusal)
  }
  // The server sends these texts before it runs anything, but a script may return any text after it has written.
  if (refusal instanceof ConnectionError) refusal.outcome = isGenuine(command, refusal) ? 'not sent' : 'unknown'
  fail(command, refusal)
}

/**
 * Holds rejected commands, in order, until they are resent: after 25 ms, doubling up to a second. While the server is loading,
 * only one of them is resent, as a probe, and the others wait.
 */
export class RetryQueue {
  readonly #waiting: CommandQueue
  readonly #commands: CommandQueue
  readonly #flush: () => void
  /** The command that was resent for all. Its place in the queue is reserved, because it may be rejected again. */
  #probe: Command | undefined
  #timer: NodeJS.Timeout | undefined
  #rounds = 0
  #resentAt = 0

  /** Commands to resend are moved to the front of `waiting`, which counts them all the time; then `flush` is called. */
  constructor(waiting: CommandQueue, flush: () => void) {
    this.#waiting = waiting
    this.#commands = waiting.beside()
    this.#flush = flush
  }

  get probe(): Command | undefined {
    return this.#probe
  }

  add(command: Command, refusal: RedisError): void {
    noteRefusal(command, refusal)
    if (command === this.#probe) {
      this.#probe = undefined
      this.#commands.putBack([command])
    } else this.#commands.push(command)
    this.#wait()
  }

  #wait(): void {
    if (this.#timer !== undefined || this.#probe !== undefined) return
    // Long after the last retry the delays begin anew.
    if (performance.now() - this.#resentAt > 2_000) this.#rounds = 0
    this.#timer = setTimer(backoffDelay(this.#rounds++, 25, 1_000, 0.5), () => this.#fire())
  }

  /** Moves all commands back to the front of the waiting ones. */
  putBackAll(): void {
    this.#probe = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting.takeOver(this.#commands)
  }

  #fire(): void {
    this.#timer = undefined
    this.#resentAt = performance.now()
    const first = this.#commands.shift()
    if (first === undefined) return
    if (first.details?.refusal instanceof BusyLoadingError) this.#makeProbe(first)
    else this.putBackAll()
    this.#waiting.putBack([first])
    this.#flush()
  }

  #makeProbe(probe: Command): void {
    this.#probe = probe
    // The command may have been the probe before.
    probe.details?.ignoreSettled(this.#settled)
    whenSettled(probe, this.#settled)
  }

  readonly #settled = (probe: Command, _: unknown, error: unknown): void => {
    if (probe !== this.#probe) return
    this.#probe = undefined
    // Without a reply the state of the server is unknown.
    if (error === undefined || error instanceof ResponseError) {
      this.putBackAll()
      this.#flush()
    } else if (this.#waiting.commands > 0) this.#wait()
  }
}
