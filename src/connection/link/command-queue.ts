import Denque from 'denque'
import type { Command } from '../../commands/core/command.js'
import { isOverdue } from '../call/deadlines.js'
import { inSlices } from '../call/time-slices.js'
import { isFull } from './handfuls.js'

/** The count and the bytes of the commands of a link that wait. */
interface Sum {
  commands: number
  bytes: number
}

/**
 * Commands that are not yet written, in order, with their count and bytes. A command that settles here (aborted, timed out)
 * stays in the queue until it reaches the front. If most of the commands have settled, the queue is compacted.
 */
export class CommandQueue {
  /** Pushed commands; `#before` has those that were put back in front of them, in order. */
  #last = new Denque<Command>()
  readonly #before: Denque<Command>[] = []
  readonly #sum: Sum

  constructor(sum: Sum = { commands: 0, bytes: 0 }) {
    this.#sum = sum
  }

  /** Another queue, whose commands are counted here too. */
  beside(): CommandQueue {
    return new CommandQueue(this.#sum)
  }

  /** The count of unsettled commands, including those in queues beside it. */
  get commands(): number {
    return this.#sum.commands
  }

  /** The approximate bytes of these commands. */
  get bytes(): number {
    return this.#sum.bytes
  }

  push(command: Command): void {
    this.#last.push(command)
    this.count(command)
    if (this.#last.length > 2 * this.#sum.commands + 1024) this.#compact()
  }

  /**
   * Removes and returns the next unsettled command. An overdue command is never sent, and is about to time out. If `holds`, no
   * command is returned until it has: commands after a SELECT or a WATCH must not run without it.
   */
  shift(holds = false): Command | undefined {
    for (let command = this.#next(); command !== undefined; command = this.#next()) {
      if (command.resolve === undefined) continue
      if (isOverdue(command)) {
        if (!holds) continue
        this.prepend([new Denque([command])])
        return undefined
      }
      this.#sum.commands--
      this.#sum.bytes -= command.size
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

  /** Puts commands in front of all others, in order. */
  putBack(commands: readonly Command[]): void {
    const unsettled = commands.filter(({ resolve }) => resolve !== undefined)
    for (const command of unsettled) this.count(command)
    this.prepend([new Denque(unsettled)])
  }

  /** Puts commands that are counted already in front of all others, in order. */
  prepend(parts: readonly Denque<Command>[]): void {
    this.#before.unshift(...parts.filter(({ length }) => length > 0))
  }

  /** Counts a command that waits here, or will be put back. */
  count(command: Command): void {
    this.#sum.commands++
    this.#sum.bytes += command.size
  }

  /** Uncounts a command that is about to settle or to leave. */
  forget(command: Command): void {
    this.#sum.commands--
    this.#sum.bytes -= command.size
    // All have settled: drop them at once instead of one by one.
    if (this.#sum.commands === 0) this.takeParts()
  }

  /** Takes all commands out, settled ones too; they stay counted. */
  takeParts(): Denque<Command>[] {
    const parts = [...this.#before.splice(0), this.#last]
    this.#last = new Denque()
    return parts
  }

  /** Moves all commands of `other`, a queue beside this one, in front of all others, in order. */
  takeOver(other: CommandQueue): void {
    this.prepend(other.takeParts())
  }

  /**
   * Takes out all commands that wait now, and passes them to `takes` in order, in slices, some at a time. Commands of one group
   * that follow each other are passed together.
   */
  handOver(takes: (commands: readonly Command[]) => void, done: () => void): void {
    // All are taken out at once: a command that is pushed between two slices is not one of them.
    const taken = this.beside()
    taken.takeOver(this)
    const step = () => {
      const commands = taken.#takeHandful()
      if (commands.length > 0) takes(commands)
      return commands.length > 0
    }
    inSlices(step, done)
  }

  #takeHandful(): Command[] {
    const commands: Command[] = []
    for (let command = this.shift(); command !== undefined; command = this.shift()) {
      if (isFull(commands, command)) {
        this.putBack([command])
        break
      }
      commands.push(command)
    }
    return commands
  }

  /** Drops settled commands, in slices. The order of the others stays correct between the slices. */
  #compact(): void {
    const kept = new Denque<Command>()
    const rest = this.#last
    this.#last = new Denque()
    this.#before.push(kept, rest)
    inSlices(() => {
      // `kept` was taken out empty: `rest` is at the front, and needs no compaction any more.
      if (!this.#before.includes(kept)) return false
      const command = rest.shift()
      if (command?.resolve !== undefined) kept.push(command)
      return command !== undefined
    })
  }
}
