import Denque from 'denque'
import type { Command } from '../../commands/core/command.js'

/** The most commands of one part. To copy so many takes a fraction of a millisecond. */
export const LONGEST_PART = 16_384

/**
 * Commands in order, in lists of bounded length. One list of a million commands would be copied as a whole each time that it
 * grows, which stops the event loop for more than 10 ms.
 */
export class CommandParts {
  readonly #parts: Denque<Command>[]
  #length = 0

  constructor(parts: readonly Denque<Command>[] = []) {
    this.#parts = parts.filter(({ length }) => length > 0)
    for (const { length } of this.#parts) this.#length += length
  }

  get length(): number {
    return this.#length
  }

  push(command: Command): void {
    let last = this.#parts.at(-1)
    if (last === undefined || last.length >= LONGEST_PART) {
      last = new Denque()
      this.#parts.push(last)
    }
    last.push(command)
    this.#length++
  }

  shift(): Command | undefined {
    const first = this.#parts[0]
    const command = first?.shift()
    if (command === undefined) return undefined
    this.#length--
    if (first?.length === 0) this.#parts.shift()
    return command
  }

  /** Takes all commands out, as the lists in which they are. */
  take(): Denque<Command>[] {
    this.#length = 0
    return this.#parts.splice(0)
  }
}
