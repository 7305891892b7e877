import { CallDetails, type Command, type CommandOwner, State } from '../commands/core/command.js'
import { attachSignal } from '../connection/call/abort-signal.js'
import { fail, succeed } from '../connection/call/completion.js'
import { timedOut } from '../connection/call/timeout-errors.js'
import type { Link } from '../connection/link/link.js'
import type { RedisError } from '../errors/errors.js'

/** What a call waits for: a topic, and the connection that carries it. */
export interface Awaited {
  readonly carrier: { readonly link: Link } | undefined
}

/** A call that waits until the server has confirmed its topics: that they are joined, or that they are left. */
export class SubscribeCall implements CommandOwner {
  readonly command: Command
  readonly #missing = new Set<Awaited>()
  readonly #over: (failed: boolean) => void

  /** `over` is told when it is settled. */
  constructor(command: Command, over: (failed: boolean) => void) {
    this.command = command
    this.#over = over
    command.owner = this
  }

  /** Heeds `signal`; false if it had aborted, and the call is over. */
  heed(signal: AbortSignal | undefined): boolean {
    return signal === undefined || attachSignal(signal, this.command)
  }

  expect(topic: Awaited): void {
    this.#missing.add(topic)
  }

  /** `topic` was confirmed; or undefined: there may be nothing to wait for. */
  confirm(topic: Awaited | undefined): void {
    if (topic !== undefined) this.#missing.delete(topic)
    if (this.#missing.size > 0 || this.command.resolve === undefined) return
    succeed(this.command, null)
    this.#over(false)
  }

  /** The server refused for now: if that lasts to the deadline, it is what the call rejects with. */
  hold(refusal: RedisError): void {
    this.command.details ??= new CallDetails()
    this.command.details.refusal = refusal
  }

  fail(error: unknown): void {
    if (this.command.resolve === undefined) return
    fail(this.command, error)
    this.#over(true)
  }

  // What a holder is asked

  onDeadline(command: Command, elapsed: number, round: number): boolean {
    const [topic] = this.#missing
    const link = topic?.carrier?.link
    const ready = link?.state === 'ready'
    // As long as there was more than a read takes the confirmation may still be in the kernel.
    if (ready && round < 50 && link.connection?.hasMore === true) return false
    if (ready) command.state |= State.written
    this.fail(
      timedOut(command, {
        node: link?.node ?? 'the server',
        phase: ready ? 'written' : 'connecting',
        elapsed,
        queued: this.#missing.size,
        inflight: link?.inflight ?? 0,
        trouble: link?.lastError,
      }),
    )
    return true
  }

  onAbort(_command: Command, reason: unknown): void {
    this.fail(reason)
  }

  onErrorReply(_command: Command, error: RedisError): void {
    this.fail(error)
  }
}
