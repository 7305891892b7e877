import { CallDetails, type Command, type CommandOwner, State } from '../commands/core/command.js'
import { attachSignal } from '../connection/call/abort-signal.js'
import { timedOut } from '../connection/call/call-errors.js'
import { fail, succeed } from '../connection/call/completion.js'
import type { Link } from '../connection/link/link.js'
import type { RedisError } from '../errors/errors.js'

/** A topic that a call waits for, with its connection. */
export interface AwaitedTopic {
  readonly subscriber: { readonly link: Link } | undefined
}

/** A call of the user: resolves when the server has confirmed all of its topics as subscribed, or as unsubscribed. */
export class SubscribeCall implements CommandOwner {
  readonly command: Command
  readonly #unconfirmed = new Set<AwaitedTopic>()
  readonly #onSettled: (failed: boolean) => void

  constructor(command: Command, onSettled: (failed: boolean) => void) {
    this.command = command
    this.#onSettled = onSettled
    command.owner = this
  }

  /** Watches `signal`. Returns false if it is aborted already: the call is then rejected. */
  attachSignal(signal: AbortSignal | undefined): boolean {
    return signal === undefined || attachSignal(signal, this.command)
  }

  expect(topic: AwaitedTopic): void {
    this.#unconfirmed.add(topic)
  }

  /** `topic` was confirmed. The call resolves if that was the last one. */
  confirm(topic: AwaitedTopic): void {
    this.#unconfirmed.delete(topic)
    this.resolveIfConfirmed()
  }

  resolveIfConfirmed(): void {
    if (this.#unconfirmed.size > 0 || this.command.resolve === undefined) return
    succeed(this.command, null)
    this.#onSettled(false)
  }

  /** The topic cannot be subscribed to for now. If that lasts until the deadline, the call rejects with `error`. */
  setDeadlineError(error: RedisError): void {
    this.command.details ??= new CallDetails()
    this.command.details.refusal = error
  }

  fail(error: unknown): void {
    if (this.command.resolve === undefined) return
    fail(this.command, error)
    this.#onSettled(true)
  }

  // CommandOwner

  onDeadline(command: Command, elapsed: number, round: number): boolean {
    const [topic] = this.#unconfirmed
    const link = topic?.subscriber?.link
    const ready = link?.state === 'ready'
    // The confirmation may still be in the kernel as long as a read of the socket filled its buffer.
    if (ready && round < 50 && link.connection?.hasMore === true) return false
    if (ready) command.state |= State.written
    this.fail(
      timedOut(command, {
        node: link?.node ?? 'the server',
        phase: ready ? 'written' : 'connecting',
        elapsed,
        queued: this.#unconfirmed.size,
        inflight: link?.inflight ?? 0,
        lastError: link?.lastError,
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
