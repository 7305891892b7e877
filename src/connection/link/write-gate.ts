import { type Command, State } from '../../commands/core/command.js'

/**
 * Decides whether a link may write. After a fence (a blocking call, a SELECT) nothing is written to its connection until the
 * server has replied. While there is a hold, nothing is written at all.
 */
export class WriteGate {
  #fenced = false
  #holds = 0

  /** Notes that `command` was written. Blocking commands and commands sent alone are fences too. */
  pass(command: Command): void {
    if ((command.state & (State.fence | State.blocking | State.alone)) !== 0) this.#fenced = true
  }

  /** Whether the last command written is a fence without a reply so far. */
  get isFenced(): boolean {
    return this.#fenced
  }

  get isHeld(): boolean {
    return this.#holds > 0
  }

  /** Whether nothing may be written to a connection with `inflight` unanswered commands. */
  isClosed(inflight: number): boolean {
    if (this.#holds > 0) return true
    if (inflight === 0) this.#fenced = false
    return this.#fenced
  }

  hold(): void {
    this.#holds++
  }

  release(): void {
    this.#holds--
  }

  /** The fence was answered, or its connection was closed. */
  open(): void {
    this.#fenced = false
  }
}
