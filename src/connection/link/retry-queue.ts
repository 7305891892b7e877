/** Commands that the server refused for now. */
import { CallDetails, type Command, State, whenSettled } from '../../commands/core/command.js'
import { backoffDelay, clearTimeout, performance, setTimer } from '../../commands/core/timers.js'
import { BusyLoadingError, type RedisError, ResponseError } from '../../errors/errors.js'
import { fail } from '../call/completion.js'
import { isRetryable } from '../call/refusals.js'
import { type Resender, sendsText } from '../call/script-text.js'
import type { CommandQueue } from './command-queue.js'

/** `command` did not run: whatever becomes of it, nothing is unknown. */
export function noteRefusal(command: Command, refusal: RedisError): void {
  command.state &= ~State.written
  command.details ??= new CallDetails()
  command.details.refusal = refusal
}

/**
 * What becomes of a refused `command` that nobody else takes: it is sent again over `link`, or rejects with `refusal`. `mode` is what
 * the server says that it is: where it is no cluster, a script that names one has run.
 */
export function settleRefused(link: Resender, command: Command, refusal: RedisError, mode: string | undefined): void {
  if (sendsText(link, command, refusal)) return
  const isScripts = command.spec.script && mode === 'standalone' && !(refusal instanceof BusyLoadingError)
  if (isRetryable(command, refusal) && !isScripts) {
    if ((command.state & State.ordered) === 0) {
      link.later(command, refusal)
      return
    }
    // Alone it would be overtaken: its pipeline decides when all have settled.
    noteRefusal(command, refusal)
  }
  if (refusal instanceof BusyLoadingError) refusal.outcome = 'not sent'
  fail(command, refusal)
}

/**
 * Keeps refused commands in their order until it is time to send them again: 25 ms, doubling up to a second. While the server
 * is loading one of them is sent again for all, so that the others stay where they are.
 */
export class RetryQueue {
  readonly #waiting: CommandQueue
  readonly #commands: CommandQueue
  readonly #flush: () => void
  /** It was sent again for all, and keeps its place: it may be refused again. */
  #probe: Command | undefined
  #timer: NodeJS.Timeout | undefined
  #rounds = 0
  #sentAgainAt = 0

  /** What is to be sent again goes to the front of `waiting`, where it is counted all the time; then `flush` is called. */
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
    // Long after the last refusal it begins anew.
    if (performance.now() - this.#sentAgainAt > 2_000) this.#rounds = 0
    this.#timer = setTimer(backoffDelay(this.#rounds++, 25, 1_000, 0.5), () => this.#fire())
  }

  /** Puts all back to what waits. */
  giveBack(): void {
    this.#probe = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting.takeOver(this.#commands)
  }

  #fire(): void {
    this.#timer = undefined
    this.#sentAgainAt = performance.now()
    const first = this.#commands.shift()
    if (first === undefined) return
    if (first.details?.refusal instanceof BusyLoadingError) this.#makeProbe(first)
    else this.giveBack()
    this.#waiting.putBack([first])
    this.#flush()
  }

  #makeProbe(probe: Command): void {
    this.#probe = probe
    // It may have been the probe before.
    probe.details?.ignoreSettled(this.#settled)
    whenSettled(probe, this.#settled)
  }

  readonly #settled = (probe: Command, _: unknown, error: unknown): void => {
    if (probe !== this.#probe) return
    this.#probe = undefined
    // Without a reply nothing is known.
    if (error === undefined || error instanceof ResponseError) {
      this.giveBack()
      this.#flush()
    } else if (this.#waiting.commands > 0) this.#wait()
  }
}
