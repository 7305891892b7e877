import { unwatchSignal, watchSignal } from '../../commands/core/abort-signals.js'
import { type Command, whenSettled } from '../../commands/core/command.js'
import { fail } from './completion.js'

/** Aborts `command` with `signal` until it settles. False if the signal is aborted already: the command is then rejected. */
export function attachSignal(signal: AbortSignal, command: Command): boolean {
  if (signal.aborted) {
    fail(command, signal.reason)
    return false
  }
  whenSettled(command, settled => unwatchSignal(signal, settled))
  watchSignal(signal, command)
  return true
}
