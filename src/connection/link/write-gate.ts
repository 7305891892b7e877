import { type Command, State } from '../../commands/core/command.js'

/**
 * Whether a link may write. A fence (a blocking call, a SELECT) lets nothing be written after it on its connection until the
 * server has replied; a hold lets nothing be written at all until it is released.
 */
export class WriteGate {
  #fenced = false
  #holds = 0

  /** `command` was written. What blocks, and what is sent alone, lets nothing be written after it either. */
  pass(command: Command): void {
    if ((command.state & (State.fence | State.blocking | State.alone)) !== 0) this.#fenced = true
  }

  /** Whether the last command that was written is a fence, and not known to be answered. */
  get isFenced(): boolean {
    return this.#fenced
  }

  get isHeld(): boolean {
    return this.#holds > 0
  }

  /** Whether nothing may be written to a connection that has `inflight` commands unanswered. */
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

  /** The fence was answered, or its connection has ended. */
  open(): void {
    this.#fenced = false
  }
}
