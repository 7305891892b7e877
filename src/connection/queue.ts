import Denque from 'denque'
import type { Command } from '../commands/command.js'
import { isOverdue } from './deadline.js'

/**
 * Commands that are not yet written, in order, with their count and bytes. One that settles meanwhile (aborted, timed out)
 * stays where it is until it comes to the front; where such are the most, the queue is made anew.
 */
export class CommandQueue {
  readonly #queue = new Denque<Command>()
  #commands = 0
  #bytes = 0

  /** Commands that are not settled. */
  get commands(): number {
    return this.#commands
  }

  /** What they take, roughly. */
  get bytes(): number {
    return this.#bytes
  }

  push(command: Command): void {
    this.#queue.push(command)
    this.#count(command)
    if (this.#queue.length > 2 * this.#commands + 1024) this.#compact()
  }

  /** The next unsettled command; it leaves the queue. One whose time is up is left to be judged, and never sent. */
  shift(): Command | undefined {
    for (let command = this.#queue.shift(); command !== undefined; command = this.#queue.shift()) {
      if (command.resolve === undefined || isOverdue(command)) continue
      this.#commands--
      this.#bytes -= command.size
      return command
    }
    return undefined
  }

  /** Puts commands before all others, in their order. */
  putBack(commands: readonly Command[]): void {
    for (const command of commands.toReversed()) {
      if (command.resolve === undefined) continue
      this.#queue.unshift(command)
      this.#count(command)
    }
  }

  /** A command in the queue is about to settle. */
  forget(command: Command): void {
    this.#commands--
    this.#bytes -= command.size
  }

  /** Takes all out. */
  takeAll(): Command[] {
    const commands: Command[] = []
    for (let command = this.shift(); command !== undefined; command = this.shift()) commands.push(command)
    return commands
  }

  #count(command: Command): void {
    this.#commands++
    this.#bytes += command.size
  }

  #compact(): void {
    for (let left = this.#queue.length; left > 0; left--) {
      const command = this.#queue.shift() as Command
      if (command.resolve !== undefined) this.#queue.push(command)
    }
  }
}
