import { Commands } from '../../src/commands/commands.js'
import type { Argument } from '../../src/commands/core/argument.js'
import { measure } from '../../src/commands/core/check-arguments.js'
import type { Command } from '../../src/commands/core/command.js'
import type { Context } from '../../src/commands/core/context.js'
import type { Reply } from '../../src/commands/core/reply.js'
import { PLAIN, type ReplyFormat } from '../../src/commands/core/reply-format.js'
import { DataError } from '../../src/errors/errors.js'

/** The command of a call, and how it would decode a reply. */
export interface Recorded {
  readonly command: Command
  /** The words that would be sent, or the DataError with which the call would reject. */
  readonly argv: Argument[] | DataError
  decode(reply: Reply, shape?: Partial<ReplyFormat>): unknown
}

interface Recording extends Context {
  readonly text: string
  readonly int: number
  readonly outcome: Recorded
}

/** A runner that sends nothing: each call returns the command that it would send. */
export class Recorder extends Commands<Recording> {
  run<R>(command: Command): Recorded & { readonly reply?: R } {
    const size = measure(command)
    return {
      command,
      argv: size instanceof DataError ? size : [...command.spec.name.split(' '), ...command.args],
      decode: (reply, shape) => command.decode(reply, { ...PLAIN, ...shape }),
    }
  }
}
