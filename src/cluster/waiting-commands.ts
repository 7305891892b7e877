import type { Command } from '../commands/core/command.js'
import { LONGEST_PART } from '../connection/link/command-parts.js'

interface Part {
  readonly commands: Set<Command>
  next: Part | undefined
}

/**
 * A set of commands in order, in parts of bounded size. One Set of a million commands would be copied as a whole each time that
 * it grows or shrinks, which stops the event loop for 25 ms.
 */
export class WaitingCommands {
  #first: Part = { commands: new Set(), next: undefined }
  #last = this.#first
  #size = 0

  get size(): number {
    return this.#size
  }

  add(command: Command): void {
    if (this.#last.commands.size >= LONGEST_PART) {
      const part = { commands: new Set<Command>(), next: undefined }
      this.#last.next = part
      this.#last = part
    }
    this.#last.commands.add(command)
    this.#size++
  }

  has(command: Command): boolean {
    return this.#partOf(command) !== undefined
  }

  delete(command: Command): boolean {
    const part = this.#partOf(command)
    if (part === undefined) return false
    part.commands.delete(command)
    this.#size--
    // An iterator that stands in an empty part still finds the next one.
    while (this.#first.next !== undefined && this.#first.commands.size === 0) this.#first = this.#first.next
    return true
  }

  clear(): void {
    this.#first = { commands: new Set(), next: undefined }
    this.#last = this.#first
    this.#size = 0
  }

  /** All, in order, those that are added meanwhile too. */
  *values(): IterableIterator<Command> {
    for (let part: Part | undefined = this.#first; part !== undefined; part = part.next) yield* part.commands
  }

  [Symbol.iterator](): IterableIterator<Command> {
    return this.values()
  }

  /** Commands mostly leave in the order in which they came: then it is the first part. */
  #partOf(command: Command): Part | undefined {
    let part: Part | undefined = this.#first
    while (part !== undefined && !part.commands.has(command)) part = part.next
    return part
  }
}
