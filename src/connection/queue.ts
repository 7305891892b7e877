import Denque from 'denque'
import type { Command } from '../commands/command.js'
import { isOverdue } from './deadline.js'

/**
 * Commands that are not yet written, in order, with their count and bytes. One that settles meanwhile (aborted, timed out)
 * stays where it is until it comes to the front; where such are the most, the queue is made anew.
 */
export class CommandQueue {
  /** What came, and what was put back before it, in order. */
  #last = new Denque<Command>()
  readonly #before: Denque<Command>[] = []
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
    this.#last.push(command)
    this.count(command)
    if (this.#last.length > 2 * this.#commands + 1024) compact(this.#last)
  }

  /** The next unsettled command; it leaves the queue. One whose time is up is left to be judged, and never sent. */
  shift(): Command | undefined {
    for (let command = this.#next(); command !== undefined; command = this.#next()) {
      if (command.resolve === undefined || isOverdue(command)) continue
      this.#commands--
      this.#bytes -= command.size
      return command
    }
    return undefined
  }

  #next(): Command | undefined {
    while (this.#before.length > 0) {
      const command = this.#before[0]?.shift()
      if (command !== undefined) return command
      this.#before.shift()
    }
    return this.#last.shift()
  }

  /** Puts commands before all others, in their order. */
  putBack(commands: readonly Command[]): void {
    const unsettled = commands.filter(({ resolve }) => resolve !== undefined)
    for (const command of unsettled) this.count(command)
    this.prepend(new Denque(unsettled))
  }

  /** Puts commands that are counted before all others, in their order. */
  prepend(commands: Denque<Command>): void {
    if (commands.length > 0) this.#before.unshift(commands)
  }

  /** A command waits here, or will when it is put back. */
  count(command: Command): void {
    this.#commands++
    this.#bytes += command.size
  }

  /** A command that is counted is about to settle, or to leave. */
  forget(command: Command): void {
    this.#commands--
    this.#bytes -= command.size
    // So that what has settled is not passed over one by one.
    if (this.#commands === 0) this.takeParts()
  }

  /** Takes all out, settled ones too; they stay counted. */
  takeParts(): Denque<Command>[] {
    const parts = [...this.#before.splice(0), this.#last]
    this.#last = new Denque()
    return parts
  }

  /** Takes all out. */
  takeAll(): Command[] {
    const commands: Command[] = []
    for (let command = this.shift(); command !== undefined; command = this.shift()) commands.push(command)
    return commands
  }
}

function compact(commands: Denque<Command>): void {
  for (let left = commands.length; left > 0; left--) {
    const command = commands.shift() as Command
    if (command.resolve !== undefined) commands.push(command)
  }
}
