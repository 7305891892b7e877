import { unwatchSignal, watchSignal } from '../../commands/core/abort-signals.js'
import { type Command, whenSettled } from '../../commands/core/command.js'
import { fail } from './completion.js'

/** Heeds `signal` until `command` has settled; false if it had aborted, and the call is over. */
export function attachSignal(signal: AbortSignal, command: Command): boolean {
  if (signal.aborted) {
    fail(command, signal.reason)
    return false
  }
  whenSettled(command, settled => unwatchSignal(signal, settled))
  watchSignal(signal, command)
  return true
}
