/** What handshakes have revealed about one server. All its connections share it, so that a rejected command is not sent again. */

import { CLIENT_ID, CLIENT_SETINFO, CLIENT_SETNAME, HELLO, PING } from '../commands/client-internal.js'
import type { Command } from '../commands/core/command.js'

/** A connection works without these commands. Some servers and proxies close the connection at one, or never reply to it. */
const OPTIONAL: ReadonlySet<unknown> = new Set([HELLO, CLIENT_SETINFO, CLIENT_SETNAME, CLIENT_ID, PING])

/** After so many attempts in a row that failed at an optional command, the next attempt leaves these commands out. */
const ENOUGH = 2

export class HandshakeMemory {
  readonly #rejected = new Set<string>()
  /** Attempts in a row that failed at an optional command. */
  #failures = 0
  /** The last of them timed out; the socket was not closed. */
  #silent = false
  /** Whether the server replies to PING with its argument; true until it replied otherwise. */
  echoes = true

  /** Whether the server has rejected `command` for good. */
  rejects(command: string): boolean {
    return this.#rejected.has(command)
  }

  noteRejected(command: string): void {
    this.#rejected.add(command)
  }

  /** Whether `PING <nonce>` can be sent as a probe: the server replies with the nonce. */
  get acceptsProbes(): boolean {
    return this.echoes && !this.#rejected.has(PING.name)
  }

  /** Called when an attempt begins: true if it must leave out the optional commands. True once, unless the attempt succeeds. */
  beginAttempt(): boolean {
    const minimal = this.#failures >= ENOUGH
    if (minimal) this.#failures = 0
    return minimal
  }

  /** An attempt failed while `step` had no reply: the socket was closed, or the time was up (`silent`). */
  noteFailure({ args, spec }: Command, silent: boolean): void {
    // The PING of a minimal attempt has no nonce; it cannot be left out.
    const optional = OPTIONAL.has(spec) && !(spec === PING && args.length === 0)
    this.#failures = optional ? this.#failures + 1 : 0
    this.#silent = silent
  }

  /**
   * An attempt succeeded. After a minimal attempt, the next one sends the optional commands once more if the server had closed
   * the socket at them, because such a failure costs no time. If the server had been silent, it does not: each new connection
   * would wait for the whole timeout.
   */
  noteSuccess(minimal: boolean): void {
    this.#failures = minimal ? (this.#silent ? ENOUGH : ENOUGH - 1) : 0
  }
}
