/**
 * Resends the run of a script with its text, if the server does not have the script, or may not have it.
 *
 *   NOSCRIPT, a server's text       the server does not have the script, and ran nothing: EVAL
 *   NOSCRIPT, another text         of another kind of server, or of the script itself ──▸ SCRIPT EXISTS
 *                                    0 ──▸ EVAL       1 ──▸ the script returned the error: it has run
 *                                    error ──▸ EVAL if the script writes nothing; otherwise the run is rejected
 */
import { Command, type CommandOwner, noteNotRun, State } from '../../commands/core/command.js'
import { ScriptCommand } from '../../commands/script.js'
import { SCRIPT_EXISTS } from '../../commands/scripting.js'
import { NoScriptError, type Phase, type RedisError } from '../../errors/errors.js'
import { fail } from './completion.js'

/** Resends commands: a link. */
export interface Resender {
  send(command: Command): void
  /** Resends a rejected command after a delay. */
  later(command: Command, refusal: RedisError): void
  /** The error with which `command` times out. */
  overdue(command: Command, elapsed: number, phase: Phase): RedisError
}

/** The texts of Redis, and of Valkey since 8.0. */
const OWN_WORDS = /^NOSCRIPT No matching script\.(?: Please use EVAL\.)?$/

/** Whether `command` did not run because the server does not have its script: `error` has the exact text of a server. */
export function lacksText(command: Command, error: unknown): command is ScriptCommand {
  if (!(command instanceof ScriptCommand) || command.hasText) return false
  return error instanceof NoScriptError && OWN_WORDS.test(error.message)
}

/** Resends `command`, rejected with `error`, over `link` with its text, or finds out whether it must. False if it does neither. */
export function sendsText(link: Resender, command: Command, error: RedisError): boolean {
  // A pipeline with writes decides itself: a command that is resent alone would be overtaken.
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
  noteNotRun(command)
  command.state |= State.accepted
  link.send(command)
}

/** Owns a run of a script until SCRIPT EXISTS has shown whether the server has the script. */
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
