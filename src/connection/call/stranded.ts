import type Denque from 'denque'
import { type Command, State } from '../../commands/core/command.js'
import type { RedisError } from '../../errors/errors.js'
import { fail } from './completion.js'

/** What a connection had in flight when it ended, oldest first. */
export class Stranded {
  readonly #commands: Denque<Command>
  readonly #error: RedisError
  #unit: unknown

  /** Our own commands die with the connection, for `error`. */
  constructor(commands: Denque<Command>, error: RedisError) {
    this.#commands = commands
    this.#error = error
    // Of a connection that never was ready, or that was never a caller's, there are no others.
    while (isOurs(commands.peekFront())) this.#take()
  }

  get length(): number {
    return this.#commands.length
  }

  /** The next command of a caller. Of a unit that was cut anywhere the whole is left, once. */
  next(): Command | undefined {
    for (let command = this.#take(); command !== undefined; command = this.#take()) {
      if ((command.state & State.pinned) !== 0) continue
      if ((command.state & State.multiPart) === 0) return command
      if (command.owner === this.#unit) continue
      this.#unit = command.owner
      return command.owner as unknown as Command
    }
    return undefined
  }

  #take(): Command | undefined {
    const command = this.#commands.shift()
    if (isOurs(command)) fail(command, this.#error)
    return command
  }
}

function isOurs(command: Command | undefined): command is Command {
  return command !== undefined && (command.state & State.pinned) !== 0
}
