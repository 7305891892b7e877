import Denque from 'denque'
import { type Command, Keep, State } from '../commands/command.js'
import type { RedisError } from '../errors/errors.js'
import type { CommandQueue } from './queue.js'
import { errorLike, fail } from './settle.js'

export interface Salvaged {
  /** What may be sent again, in order. */
  readonly again: Command[]
  /** The pipelines that lost a command. */
  readonly broken: Set<unknown>
}

/** Sorts what a lost connection had in flight: what may be sent again is kept, the rest is rejected as 'unknown'. */
export function salvage(left: Denque<Command>, error: RedisError, mayRepeat: boolean): Salvaged {
  const again: Command[] = []
  const broken = new Set<unknown>()
  for (let command = left.shift(); command !== undefined; command = left.shift()) {
    command.state &= ~State.flying
    if (command.resolve === undefined) continue
    if (mayRepeat && (command.state & (State.repeatable | State.ordered)) === State.repeatable) {
      command.keep ??= new Keep()
      command.keep.attempts++
      again.push(command)
      continue
    }
    if ((command.state & State.ordered) !== 0) broken.add(command.batch)
    fail(command, errorLike(error, { command: command.spec.name, outcome: 'unknown' }))
  }
  return { again, broken }
}

/** Rejects the unwritten tails of the pipelines in `broken`, which must not be sent without their heads; the others stay. */
export function withoutTails(waiting: readonly Command[], broken: ReadonlySet<unknown>, error: RedisError): Command[] {
  const kept: Command[] = []
  for (const command of waiting) {
    if (!broken.has(command.batch)) kept.push(command)
    else fail(command, errorLike(error, { command: command.spec.name, outcome: 'not sent' }))
  }
  return kept
}

/** Rejects commands that wait to be sent, some of them again. */
export function rejectAll(commands: readonly Command[], error: RedisError): void {
  for (const command of commands) {
    const outcome = (command.state & State.written) === 0 ? 'not sent' : 'unknown'
    fail(command, errorLike(error, { command: command.spec.name, outcome }))
  }
}

/** Of what a connection had in flight that of callers, which is its owner's to judge; our own commands die with it. */
export function ofCallers(left: Denque<Command>, error: RedisError): Denque<Command> {
  const theirs = new Denque<Command>()
  for (let command = left.shift(); command !== undefined; command = left.shift()) {
    if ((command.state & State.bound) !== 0) fail(command, error)
    else if ((command.state & State.line) === 0) theirs.push(command)
    // Of a unit that is cut anywhere the whole is left, once.
    else if (theirs.peekBack() !== (command.holder as unknown)) theirs.push(command.holder as unknown as Command)
  }
  return theirs
}

/** The pipeline of a command that keeps its place in it. */
export function pipelineOf(command: Command | undefined): unknown {
  return command === undefined || (command.state & State.ordered) === 0 ? undefined : command.batch
}

/** Takes what belongs to `pipelines` out of the queue. */
export function takeTails(queue: CommandQueue, pipelines: readonly unknown[]): Command[] {
  const tails: Command[] = []
  const kept: Command[] = []
  for (const command of queue.takeAll()) {
    const pipeline = pipelineOf(command)
    if (pipeline !== undefined && pipelines.includes(pipeline)) tails.push(command)
    else kept.push(command)
  }
  queue.putBack(kept)
  return tails
}
