import type Denque from 'denque'
import { type Command, State } from '../../commands/core/command.js'
import type { RedisError } from '../../errors/errors.js'
import { fail } from './completion.js'

/** The commands that a connection had in flight when it was closed, oldest first. */
export class Stranded {
  readonly #commands: Denque<Command>
  readonly #error: RedisError
  #transaction: unknown

  /** Rejects our own commands with `error`; they are never resent. */
  constructor(commands: Denque<Command>, error: RedisError) {
    this.#commands = commands
    this.#error = error
    // At once, because a connection that no caller has used has no other commands, and nobody calls `next`.
    while (isOurs(commands.peekFront())) this.#take()
  }

  get length(): number {
    return this.#commands.length
  }

  /** The next command of a caller. A transaction, of which any part is left, is returned once, as a whole. */
  next(): Command | undefined {
    for (let command = this.#take(); command !== undefined; command = this.#take()) {
      if ((command.state & State.pinned) !== 0) continue
      if ((command.state & State.multiPart) === 0) return command
      if (command.owner === this.#transaction) continue
      this.#transaction = command.owner
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
