/**
 * A script whose text the server does not have, or may not have: its run is sent again with the text.
 *
 *   NOSCRIPT in Redis' own words   the server has forgotten the script, and ran nothing: EVAL
 *   NOSCRIPT in other words        another server's, or the script's own ──▸ SCRIPT EXISTS
 *                                    0 ──▸ EVAL       1 ──▸ the script said it: it has run
 *                                    refused ──▸ EVAL if the script writes nothing, else nobody knows: rejected
 */
import { Command, type CommandOwner, State } from '../../commands/core/command.js'
import { ScriptCommand } from '../../commands/script.js'
import { SCRIPT_EXISTS } from '../../commands/scripting.js'
import { NoScriptError, type Phase, type RedisError } from '../../errors/errors.js'
import { fail } from './completion.js'

/** What sends commands again: a link. */
export interface Resender {
  send(command: Command): void
  /** Sends a refused command after a while. */
  later(command: Command, refusal: RedisError): void
  /** What `command` rejects with when its time is up. */
  overdue(command: Command, elapsed: number, phase: Phase): RedisError
}

const OWN_WORDS = 'NOSCRIPT No matching script. Please use EVAL.'

/** Whether `command` did not run, since the server does not have its script: `error` is in Redis' own words. */
export function lacksText(command: Command, error: unknown): command is ScriptCommand {
  if (!(command instanceof ScriptCommand) || command.hasText) return false
  return error instanceof NoScriptError && error.message === OWN_WORDS
}

/** True if `command`, which was refused with `error`, is sent again over `link` with its text, or if that is being found out. */
export function sendsText(link: Resender, command: Command, error: RedisError): boolean {
  // A pipeline that changes something decides itself: what is sent again alone is overtaken.
  if (!(error instanceof NoScriptError) || (command.state & State.ordered) !== 0) return false
  if (!(command instanceof ScriptCommand) || command.hasText) return false
  if (lacksText(command, error)) sendWithText(link, command, error)
  else new Doubt(link, command, error).ask()
  return true
}

function sendWithText(link: Resender, command: ScriptCommand, error: NoScriptError): void {
  error.command ??= command.spec.name
  command.giveText()
  command.details?.onReplaced?.(error)
  command.state = (command.state & ~State.written) | State.accepted
  link.send(command)
}

/** Has a run of a script until it is known whether the server has the script. */
class Doubt implements CommandOwner {
  readonly #link: Resender
  readonly #command: ScriptCommand
  readonly #error: NoScriptError

  constructor(link: Resender, command: ScriptCommand, error: NoScriptError) {
    this.#link = link
    this.#command = command
    this.#error = error
    command.owner = this
  }

  ask(): void {
    const question = new Command(SCRIPT_EXISTS, [this.#command.script.sha1])
    question.size = 64
    question.state = State.pinned | State.batched | State.accepted
    question.resolve = (answer, asked) => this.#decide(answer, (asked.state & State.failed) !== 0)
    this.#link.send(question)
  }

  #decide(answer: unknown, failed: boolean): void {
    const command = this.#command
    if (command.resolve === undefined) return
    const isMissing = failed ? command.script.readonly : Array.isArray(answer) && answer[0] === 0
    if (isMissing) sendWithText(this.#link, command, this.#error)
    else fail(command, this.#error)
  }

  onDeadline(command: Command, elapsed: number): boolean {
    fail(command, this.#link.overdue(command, elapsed, 'written'))
    return true
  }

  onAbort(command: Command, reason: unknown): void {
    fail(command, reason)
  }

  onErrorReply(command: Command, error: RedisError): void {
    fail(command, error)
  }
}
