import Denque from 'denque'
import type { Command } from '../../commands/core/command.js'
import { isOverdue } from '../call/deadlines.js'
import { inSlices } from '../call/time-slices.js'

/** Commands that are handed over at a time. */
const HANDFUL = 64

/** How many commands of a link wait, and what they take. */
interface Sum {
  commands: number
  bytes: number
}

/**
 * Commands that are not yet written, in order, with their count and bytes. One that settles meanwhile (aborted, timed out)
 * stays where it is until it comes to the front; where such are the most, the queue is made anew.
 */
export class CommandQueue {
  /** What came, and what was put back before it, in order. */
  #last = new Denque<Command>()
  readonly #before: Denque<Command>[] = []
  readonly #sum: Sum

  constructor(sum: Sum = { commands: 0, bytes: 0 }) {
    this.#sum = sum
  }

  /** Another queue, of commands that are counted here too. */
  beside(): CommandQueue {
    return new CommandQueue(this.#sum)
  }

  /** Commands that are not settled, also those in queues beside it. */
  get commands(): number {
    return this.#sum.commands
  }

  /** What they take, roughly. */
  get bytes(): number {
    return this.#sum.bytes
  }

  push(command: Command): void {
    this.#last.push(command)
    this.count(command)
    if (this.#last.length > 2 * this.#sum.commands + 1024) this.#compact()
  }

  /**
   * The next unsettled command; it leaves the queue. One whose time is up is left to be judged, and never sent; where it `holds`
   * there is none until it was judged: what comes after a SELECT or a WATCH must not run without it.
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

  /** Puts commands before all others, in their order. */
  putBack(commands: readonly Command[]): void {
    const unsettled = commands.filter(({ resolve }) => resolve !== undefined)
    for (const command of unsettled) this.count(command)
    this.prepend([new Denque(unsettled)])
  }

  /** Puts commands that are counted before all others, in their order. */
  prepend(parts: readonly Denque<Command>[]): void {
    this.#before.unshift(...parts.filter(({ length }) => length > 0))
  }

  /** A command waits here, or will when it is put back. */
  count(command: Command): void {
    this.#sum.commands++
    this.#sum.bytes += command.size
  }

  /** A command that is counted is about to settle, or to leave. */
  forget(command: Command): void {
    this.#sum.commands--
    this.#sum.bytes -= command.size
    // So that what has settled is not passed over one by one.
    if (this.#sum.commands === 0) this.takeParts()
  }

  /** Takes all out, settled ones too; they stay counted. */
  takeParts(): Denque<Command>[] {
    const parts = [...this.#before.splice(0), this.#last]
    this.#last = new Denque()
    return parts
  }

  /** Puts all that waits in `other`, a queue beside this one, before all others, in its order. */
  takeOver(other: CommandQueue): void {
    this.prepend(other.takeParts())
  }

  /**
   * Takes out all that waits now, in its order and in slices, and hands it over by the handful. What belongs to one `group` and
   * comes in a row is handed over together.
   */
  handOver(
    groupOf: (command: Command) => unknown,
    takes: (commands: readonly Command[]) => void,
    done: () => void,
  ): void {
    // At once, all of it: a command that comes between two slices belongs to somebody else.
    const taken = this.beside()
    taken.takeOver(this)
    const step = () => {
      const commands = taken.#take(HANDFUL, groupOf)
      if (commands.length > 0) takes(commands)
      return commands.length > 0
    }
    inSlices(step, done)
  }

  #take(count: number, groupOf: (command: Command) => unknown): Command[] {
    const commands: Command[] = []
    for (let command = this.shift(); command !== undefined; command = this.shift()) {
      const last = commands.length < count ? undefined : commands.at(-1)
      if (last !== undefined && (groupOf(last) === undefined || groupOf(last) !== groupOf(command))) {
        this.putBack([command])
        break
      }
      commands.push(command)
    }
    return commands
  }

  /** Drops what has settled, in slices. Whoever takes from the queue meanwhile finds everything in its order. */
  #compact(): void {
    const kept = new Denque<Command>()
    const rest = this.#last
    this.#last = new Denque()
    this.#before.push(kept, rest)
    inSlices(() => {
      // As soon as it was emptied from its front the rest is at the front itself.
      if (!this.#before.includes(kept)) return false
      const command = rest.shift()
      if (command?.resolve !== undefined) kept.push(command)
      return command !== undefined
    })
  }
}
