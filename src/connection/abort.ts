import { type Command, whenSettled } from '../commands/command.js'
import { unwatchSignal, watchSignal } from '../commands/signals.js'
import { fail } from './settle.js'

/** Heeds `signal` until `command` has settled; false if it had aborted, and the call is over. */
export function heedSignal(signal: AbortSignal, command: Command): boolean {
  if (signal.aborted) {
    fail(command, signal.reason)
    return false
  }
  whenSettled(command, settled => unwatchSignal(signal, settled))
  watchSignal(signal, command)
  return true
}
