/** What handshakes have shown of one server. All that dial it share one: what it refuses is not said to it again. */

import { CLIENT_ID, CLIENT_SETINFO, CLIENT_SETNAME, HELLO, PING } from '../commands/client-internal.js'
import type { Command } from '../commands/core/command.js'

/** Without these a connection is as good: a server that falls silent at them may know them no better than a proxy does. */
const NEEDLESS: ReadonlySet<unknown> = new Set([HELLO, CLIENT_SETINFO, CLIENT_SETNAME, CLIENT_ID, PING])

/** So many attempts in a row that end at what is needless have the next one leave it out. */
const ENOUGH = 2

export class HandshakeMemory {
  readonly #refused = new Set<string>()
  /** Attempts in a row that ended at what is needless. */
  #ends = 0
  /** The last of them ended by time, not by a loss. */
  #silent = false
  /** PING with an argument is answered with that argument, as far as is known. */
  echoes = true

  /** Whether it refused this command for good. */
  refuses(command: string): boolean {
    return this.#refused.has(command)
  }

  refused(command: string): void {
    this.#refused.add(command)
  }

  /** Whether `PING <nonce>` may go out as a mark, which its nonce answers. */
  get takesMarks(): boolean {
    return this.echoes && !this.#refused.has(PING.name)
  }

  /** Whether the attempt that begins leaves out what is needless; once, unless it succeeds. */
  begins(): boolean {
    const bare = this.#ends >= ENOUGH
    if (bare) this.#ends = 0
    return bare
  }

  /** An attempt ended while `step` had no reply: the socket was lost, or `silent`, the time was up. */
  ended({ args, spec }: Command, silent: boolean): void {
    // The mark of a bare attempt has no nonce: nothing shorter can be said.
    const needless = NEEDLESS.has(spec) && !(spec === PING && args.length === 0)
    this.#ends = needless ? this.#ends + 1 : 0
    this.#silent = silent
  }

  /**
   * An attempt succeeded. After a bare one the next asks once more for the rest, which a loss answers at once. A silence
   * would cost each connection its whole time, so it is believed.
   */
  succeeded(bare: boolean): void {
    this.#ends = bare ? (this.#silent ? ENOUGH : ENOUGH - 1) : 0
  }
}
