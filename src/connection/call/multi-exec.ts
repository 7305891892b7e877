/**
 * MULTI, commands, EXEC: written together, answered one by one, settled once. Each command on the wire is called a line.
 *
 *   MULTI     +OK
 *   SET a 1   +QUEUED           after an error here EXEC replies EXECABORT, and the error becomes its cause
 *   INCR b    +QUEUED
 *   EXEC      [ OK, 2 ]         null: a watched key changed
 */

import { ASKING, EXEC, MULTI } from '../../commands/client-internal.js'
import type { Arguments } from '../../commands/core/argument.js'
import { Command, type CommandOwner, State } from '../../commands/core/command.js'
import { unchanged } from '../../commands/core/decoder.js'
import { itemsOf, word } from '../../commands/core/decoders.js'
import type { Reply } from '../../commands/core/reply.js'
import type { ReplyFormat } from '../../commands/core/reply-format.js'
import { type Script, ScriptCommand, Texts } from '../../commands/script.js'
import { SCRIPT_FLUSH } from '../../commands/scripting.js'
import { ConnectionError, ExecAbortError, type RedisError } from '../../errors/errors.js'
import { errorFromReply } from '../../errors/from-reply.js'
import { withText } from '../resp/reply-text.js'
import { closedByShift, ranOutside, repliesShifted } from './call-errors.js'
import { decoded, fail, succeed } from './completion.js'
import { isGenuine } from './refusals.js'
import type { Watch } from './watch.js'
import { watchedKeyChanged } from './watch-errors.js'

/** The error reply if EXEC itself was rejected (READONLY, LOADING…): the text after this prefix is the reason. */
const DISCARDED = 'EXECABORT Transaction discarded because of: '

function sizeOf(commands: readonly Command[]): number {
  const scripts = new Set<Script<unknown>>()
  let size = 64
  for (const command of commands) {
    size += command.size
    if (command instanceof ScriptCommand) scripts.add(command.script)
  }
  for (const { lua } of scripts) size += lua.length
  return size
}

/** Passes the reply to a line on to its transaction. */
function onLineSettled(value: unknown, line: Command): void {
  ;(line.owner as MultiExec).onLineReply(line, value)
}

function nothing(): void {}

/** An ASKING command, whose reply nobody waits for: the command after it gets an error if ASKING failed. */
export function askingLine(): Command {
  const command = new Command(ASKING, [])
  command.state |= State.pinned | State.batched
  command.resolve = nothing
  return command
}

export class MultiExec extends Command implements CommandOwner {
  readonly commands: readonly Command[]
  /** The watch at the time it was sent: it runs only if no watched key has changed. */
  watch: Watch | undefined = undefined
  /** The first error reply to MULTI or a queued command. */
  #lineError: RedisError | undefined
  /** MULTI was accepted. Without it the commands after it run one by one. */
  #begun = false
  #ran = false
  readonly #execShape: ReplyFormat
  /** The reply to EXEC is read as bytes, although not all commands return bytes. */
  readonly #isMixed: boolean

  /** Resolves with the results in order; the error of a command is at the place of its result. */
  constructor(commands: readonly Command[]) {
    super(EXEC, [], unchanged)
    this.commands = commands
    this.state |= State.multiExec
    this.size = sizeOf(commands)
    const binary = commands.find(({ shape }) => shape.bytes)
    this.#execShape = (binary ?? commands[0] ?? this).shape
    this.#isMixed = binary !== undefined && commands.some(({ shape }) => !shape.bytes)
  }

  get isWithoutMulti(): boolean {
    return !this.#begun && this.#lineError !== undefined
  }

  /** The lines to write. Each attempt needs new ones, because a line that settles releases its arguments. */
  lines(): Command[] {
    this.#lineError = undefined
    this.#begun = false
    this.#ran = false
    const lines = [new Command(MULTI, [])]
    const texts = new Texts()
    for (const command of this.commands) {
      if (command.spec === SCRIPT_FLUSH) texts.clear()
      const { args, spec } = command instanceof ScriptCommand ? command.lineAfter(texts) : command
      const line = new Command(spec, args as Arguments, unchanged)
      line.shape = command.shape
      lines.push(line)
    }
    const exec = new Command(EXEC, [], unchanged)
    exec.shape = this.#execShape
    lines.push(exec)
    for (const line of lines) {
      line.size = 32
      line.owner = this
      line.state |= State.multiPart | State.batched
      line.resolve = onLineSettled
    }
    return lines
  }

  /**
   * Processes the reply to `line`, also after the transaction has settled.
   * @throws ConnectionError if `line` cannot have this reply: the connection must be closed
   */
  onLineReply(line: Command, value: unknown): void {
    // The reply to most lines.
    if (value === 'QUEUED' && this.#begun && line.spec !== EXEC && line.spec !== MULTI) return
    const failed = (line.state & State.failed) !== 0
    if (line.spec === EXEC) {
      if (failed) this.#onExecError(value as RedisError)
      else this.#executed(value as Reply)
      if (this.commands.some(command => (command.state & State.suspected) !== 0)) line.state |= State.suspected
    } else if (line.spec === MULTI) {
      if (failed) {
        this.#lineError = value as RedisError
        this.watch?.goOn()
      } else if (word(value as Reply) === 'OK') this.#begun = true
      else this.#shifted('MULTI was not answered with OK')
    } else if (this.#begun) {
      if (failed) this.#lineError ??= value as RedisError
      else if (word(value as Reply) !== 'QUEUED') this.#shifted(`${line.spec.name} was not answered with QUEUED`)
    } else if (!failed || this.#mayHaveRun(line, value as RedisError)) this.#ran = true
  }

  /** Whether a command after a rejected MULTI may have run although it got an error: yes, unless the error is the same as MULTI's. */
  #mayHaveRun(line: Command, error: RedisError): boolean {
    return error.code !== this.#lineError?.code || !isGenuine(line, error)
  }

  #onExecError(error: RedisError): void {
    if (this.resolve === undefined) return
    const lineError = this.#lineError
    if (error instanceof ExecAbortError) error.cause = lineError ?? causeOf(error)
    if (this.#ran) fail(this, ranOutside(lineError ?? error))
    else {
      // Nothing ran, so the transaction can be retried: here after LOADING, elsewhere after MOVED.
      const reported = error instanceof ExecAbortError ? error : (lineError ?? error)
      if (this.owner === undefined) fail(this, reported)
      else this.owner.onErrorReply?.(this, reported)
    }
  }

  #executed(reply: Reply): void {
    const items = itemsOf(reply)
    if (!this.#begun) this.#shifted('EXEC succeeded although MULTI was rejected')
    if (reply !== null && items === undefined) this.#shifted('EXEC was not answered with a list')
    if (items !== undefined && items.length !== this.commands.length) {
      this.#shifted(`EXEC was answered with ${items.length} results for ${this.commands.length} commands`)
    }
    if (this.resolve === undefined) return
    if (items === undefined) {
      fail(this, watchedKeyChanged())
      return
    }
    const results = this.commands.map((command, i) => this.#resultOf(command, items[i] ?? null))
    succeed(this, results as Reply)
  }

  #resultOf(command: Command, item: Reply): unknown {
    // Only a script that ran can return such an error here, and the script may have written before.
    if ((item as unknown) instanceof ConnectionError) (item as ConnectionError).outcome = 'unknown'
    if (!this.#isMixed || command.shape.bytes) return decoded(command, item)
    try {
      return decoded(command, withText(item))
    } catch (error) {
      return error
    }
  }

  /** Replies belong to other commands than our lines, so that no later reply can be trusted. */
  #shifted(proof: string): never {
    fail(this, repliesShifted(proof))
    throw closedByShift(proof)
  }

  /** Releases the arguments of all its commands. */
  override release(): void {
    super.release()
    for (const command of this.commands) command.release()
  }

  // The lines share the deadline and the signal of the transaction; `onLineReply` handles their errors.

  onDeadline(): boolean {
    return true
  }

  onAbort(): void {}
}

/** The reason why EXEC discarded the transaction, if EXEC itself was rejected. */
function causeOf({ message }: ExecAbortError): RedisError | undefined {
  return message.startsWith(DISCARDED) ? errorFromReply(message.slice(DISCARDED.length)) : undefined
}
