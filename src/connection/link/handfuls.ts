import { type Command, State } from '../../commands/core/command.js'

/** Commands that are handed over at once. */
const HANDFUL = 64

/** The pipeline of a command that must keep its order in it. */
export function pipelineOf(command: Command | undefined): object | undefined {
  return command === undefined || (command.state & State.ordered) === 0 ? undefined : (command.batch as object)
}

/** Whether `handful` is handed over without `next`. Neighbours of one pipeline stay together. */
export function isFull(handful: readonly Command[], next: Command): boolean {
  if (handful.length < HANDFUL) return false
  const pipeline = pipelineOf(handful.at(-1))
  return pipeline === undefined || pipeline !== pipelineOf(next)
}
