/**
 * MULTI, commands, EXEC: written in one piece, answered line by line, settled once.
 *
 *   MULTI     +OK
 *   SET a 1   +QUEUED           a refusal here makes EXEC answer EXECABORT: it becomes its cause
 *   INCR b    +QUEUED
 *   EXEC      [ OK, 2 ]         null: a watched key changed
 */

import type { Arguments } from '../commands/argument.js'
import { Command, type Holder, State } from '../commands/command.js'
import { itemsOf } from '../commands/replies.js'
import type { Reply } from '../commands/reply.js'
import { ASKING, EXEC, MULTI } from '../commands/transactions.js'
import { ExecAbortError, RedisError, WatchError } from '../errors/errors.js'
import { decoded, fail, succeed } from './settle.js'
import type { Watch } from './watch.js'

function asItCame(reply: Reply): Reply {
  return reply
}

/** A line's promise is its unit's. */
function heard(value: unknown, line: Command): void {
  ;(line.holder as Unit).hear(line, value)
}

function nothing(): void {}

/** ASKING, whose reply nobody waits for: what it was for tells how it went. */
export function askingLine(): Command {
  const command = new Command(ASKING, [])
  command.state |= State.bound | State.collected
  command.resolve = nothing
  return command
}

export class Unit extends Command implements Holder {
  readonly body: readonly Command[]
  /** The keys that were watched when it was sent: it runs guarded by them or not at all. */
  watch: Watch | undefined = undefined
  #refusal: RedisError | undefined
  /** Without MULTI the commands behind it run one by one. */
  #begun = false
  #ran = false

  /** Resolves with the results in order; an error of a command inside stays in its place. */
  constructor(body: readonly Command[]) {
    super(EXEC, [], asItCame)
    this.body = body
    this.state |= State.unit
    this.size = body.reduce((size, command) => size + command.size, 64)
  }

  /** What is written, made anew for each try: a line that settles lets go of its arguments. */
  lines(): Command[] {
    this.#refusal = undefined
    this.#begun = false
    this.#ran = false
    const lines = [new Command(MULTI, [])]
    for (const { args, shape, spec } of this.body) {
      const line = new Command(spec, args as Arguments, asItCame)
      line.shape = shape
      lines.push(line)
    }
    const exec = new Command(EXEC, [], asItCame)
    exec.shape = this.body[0]?.shape ?? exec.shape
    lines.push(exec)
    for (const line of lines) {
      line.size = 32
      line.holder = this
      line.state |= State.line | State.collected
      line.resolve = heard
    }
    return lines
  }

  hear(line: Command, value: unknown): void {
    const failed = (line.state & State.failed) !== 0
    if (line.spec !== EXEC) {
      if (failed) this.#refusal ??= value as RedisError
      else if (line.spec === MULTI) this.#begun = true
      else if (!this.#begun) this.#ran = true
    } else if (failed) this.#refused(value as RedisError)
    else {
      this.#executed(value as Reply)
      if (this.body.some(command => (command.state & State.suspected) !== 0)) line.state |= State.suspected
    }
  }

  #refused(error: RedisError): void {
    if (this.resolve === undefined) return
    if (error instanceof ExecAbortError) error.cause = this.#refusal
    const told = error instanceof ExecAbortError ? error : (this.#refusal ?? error)
    // If nothing of it ran, it goes again where the refusal passes, or leads elsewhere.
    if (this.#ran || this.holder === undefined) fail(this, told)
    else this.holder.refuse(this, told)
  }

  #executed(reply: Reply): void {
    if (this.resolve === undefined) return
    if (reply === null) {
      fail(this, new WatchError('A watched key was changed: nothing of the transaction ran.', { command: 'EXEC' }))
      return
    }
    const items = itemsOf(reply)
    if (items?.length !== this.body.length) {
      const message = `EXEC answered ${items?.length ?? 'no'} results for ${this.body.length} commands.`
      fail(this, new RedisError(message, { command: 'EXEC', outcome: 'unknown' }))
      return
    }
    const results = this.body.map((command, i) => decoded(command, items[i] ?? null))
    for (const command of this.body) command.release()
    succeed(this, results as Reply)
  }

  // Lines have no deadline and no signal of their own, and their refusals are heard above.

  expire(): boolean {
    return true
  }

  abandon(): void {}

  refuse(): void {}
}
