/**
 * MULTI, commands, EXEC: written in one piece, answered line by line, settled once.
 *
 *   MULTI     +OK
 *   SET a 1   +QUEUED           a refusal here makes EXEC answer EXECABORT: it becomes its cause
 *   INCR b    +QUEUED
 *   EXEC      [ OK, 2 ]         null: a watched key changed
 */

import { ASKING, EXEC, MULTI } from '../../commands/client-internal.js'
import type { Arguments } from '../../commands/core/argument.js'
import { Command, type CommandOwner, State } from '../../commands/core/command.js'
import { itemsOf, word } from '../../commands/core/decoders.js'
import type { Reply } from '../../commands/core/reply.js'
import type { ReplyFormat } from '../../commands/core/reply-format.js'
import { type Script, ScriptCommand, Texts } from '../../commands/script.js'
import { SCRIPT_FLUSH } from '../../commands/scripting.js'
import { ConnectionError, ExecAbortError, InvalidResponse, type RedisError, WatchError } from '../../errors/errors.js'
import { errorFromReply } from '../../errors/from-reply.js'
import { cloneError, decoded, fail, succeed } from './completion.js'
import { withText } from './exec-reply.js'
import { isGenuine } from './refusals.js'
import type { Watch } from './watch.js'

/** EXEC itself was refused (READONLY, LOADING…): what stands behind this is the refusal. */
const DISCARDED = 'EXECABORT Transaction discarded because of: '

function sizeOf(body: readonly Command[]): number {
  const scripts = new Set<Script<unknown>>()
  let size = 64
  for (const command of body) {
    size += command.size
    if (command instanceof ScriptCommand) scripts.add(command.script)
  }
  for (const { lua } of scripts) size += lua.length
  return size
}

function asItCame(reply: Reply): Reply {
  return reply
}

/** A line's promise is its unit's. */
function heard(value: unknown, line: Command): void {
  ;(line.owner as MultiExec).onLineReply(line, value)
}

function nothing(): void {}

/** ASKING, whose reply nobody waits for: what it was for tells how it went. */
export function askingLine(): Command {
  const command = new Command(ASKING, [])
  command.state |= State.pinned | State.batched
  command.resolve = nothing
  return command
}

export class MultiExec extends Command implements CommandOwner {
  readonly commands: readonly Command[]
  /** The keys that were watched when it was sent: it runs guarded by them or not at all. */
  watch: Watch | undefined = undefined
  #refusal: RedisError | undefined
  /** Without MULTI the commands behind it run one by one. */
  #begun = false
  #ran = false
  readonly #execShape: ReplyFormat
  /** EXEC is read as bytes although not all want them. */
  readonly #isMixed: boolean

  /** Resolves with the results in order; an error of a command inside stays in its place. */
  constructor(body: readonly Command[]) {
    super(EXEC, [], asItCame)
    this.commands = body
    this.state |= State.multiExec
    this.size = sizeOf(body)
    const binary = body.find(({ shape }) => shape.bytes)
    this.#execShape = (binary ?? body[0] ?? this).shape
    this.#isMixed = binary !== undefined && body.some(({ shape }) => !shape.bytes)
  }

  /** What is written, made anew for each try: a line that settles lets go of its arguments. */
  lines(): Command[] {
    this.#refusal = undefined
    this.#begun = false
    this.#ran = false
    const lines = [new Command(MULTI, [])]
    const texts = new Texts()
    for (const command of this.commands) {
      if (command.spec === SCRIPT_FLUSH) texts.clear()
      const { args, spec } = command instanceof ScriptCommand ? command.lineAfter(texts) : command
      const line = new Command(spec, args as Arguments, asItCame)
      line.shape = command.shape
      lines.push(line)
    }
    const exec = new Command(EXEC, [], asItCame)
    exec.shape = this.#execShape
    lines.push(exec)
    for (const line of lines) {
      line.size = 32
      line.owner = this
      line.state |= State.multiPart | State.batched
      line.resolve = heard
    }
    return lines
  }

  /**
   * Takes the reply to `line`, also after the transaction has settled.
   * @throws ConnectionError if the reply is none that `line` can have: the connection must end
   */
  onLineReply(line: Command, value: unknown): void {
    // What most lines are answered with.
    if (value === 'QUEUED' && this.#begun && line.spec !== EXEC && line.spec !== MULTI) return
    const failed = (line.state & State.failed) !== 0
    if (line.spec === EXEC) {
      if (failed) this.#refused(value as RedisError)
      else this.#executed(value as Reply)
      if (this.commands.some(command => (command.state & State.suspected) !== 0)) line.state |= State.suspected
    } else if (line.spec === MULTI) {
      if (failed) this.#refusal = value as RedisError
      else if (word(value as Reply) === 'OK') this.#begun = true
      else this.#shifted('MULTI was not answered with OK')
    } else if (this.#begun) {
      if (failed) this.#refusal ??= value as RedisError
      else if (word(value as Reply) !== 'QUEUED') this.#shifted(`${line.spec.name} was not answered with QUEUED`)
    } else if (!failed || this.#mayHaveRun(line, value as RedisError)) this.#ran = true
  }

  /** Whether a command behind a refused MULTI ran, although the reply to it is an error: unless it was refused likewise. */
  #mayHaveRun(line: Command, error: RedisError): boolean {
    return error.code !== this.#refusal?.code || !isGenuine(line, error)
  }

  #refused(error: RedisError): void {
    if (this.resolve === undefined) return
    const refusal = this.#refusal
    if (error instanceof ExecAbortError) error.cause = refusal ?? causeOf(error)
    // If nothing of it ran, it is sent again where the refusal passes, or leads elsewhere.
    if (this.#ran) fail(this, ranOutside(refusal ?? error))
    else {
      const told = error instanceof ExecAbortError ? error : (refusal ?? error)
      if (this.owner === undefined) fail(this, told)
      else this.owner.onErrorReply?.(this, told)
    }
  }

  #executed(reply: Reply): void {
    const items = itemsOf(reply)
    if (!this.#begun) this.#shifted('EXEC was executed although MULTI was refused')
    if (reply !== null && items === undefined) this.#shifted('EXEC was answered with no list')
    if (items !== undefined && items.length !== this.commands.length) {
      this.#shifted(`EXEC was answered with ${items.length} results for ${this.commands.length} commands`)
    }
    if (this.resolve === undefined) return
    if (items === undefined) {
      fail(this, new WatchError('A watched key was changed: nothing of the transaction ran.', { command: 'EXEC' }))
      return
    }
    const results = this.commands.map((command, i) => this.#resultOf(command, items[i] ?? null))
    succeed(this, results as Reply)
  }

  #resultOf(command: Command, item: Reply): unknown {
    if (!this.#isMixed || command.shape.bytes) return decoded(command, item)
    try {
      return decoded(command, withText(item))
    } catch (error) {
      return error
    }
  }

  /** The replies are not those of our lines: which belongs to what is not known any more. */
  #shifted(what: string): never {
    const details = { command: 'EXEC', outcome: 'unknown' } as const
    fail(this, new InvalidResponse(`${what}: replies belong to other commands.`, details))
    throw new ConnectionError(`The connection was ended, since replies belong to other commands: ${what}.`)
  }

  /** Lets go of the arguments of all its commands. */
  override release(): void {
    super.release()
    for (const command of this.commands) command.release()
  }

  // Lines have no deadline and no signal of their own, and their refusals are heard above.

  onDeadline(): boolean {
    return true
  }

  onAbort(): void {}
}

/** Why EXEC discarded the transaction, where EXEC itself was refused. */
function causeOf({ message }: ExecAbortError): RedisError | undefined {
  return message.startsWith(DISCARDED) ? errorFromReply(message.slice(DISCARDED.length)) : undefined
}

/** MULTI was refused, and commands behind it were not. */
function ranOutside(refusal: RedisError): RedisError {
  const message = `MULTI was refused, and the commands behind it ran outside of MULTI, one by one, as far as they were not refused: ${refusal.message}`
  return cloneError(refusal, { command: 'MULTI', outcome: 'unknown' }, message)
}
