/** Calls that listen to an AbortSignal: one listener per signal, however many calls share it. */
import { type Command, Keep } from '../commands/command.js'
import { fail } from './settle.js'

const watched = new WeakMap<AbortSignal, Set<Command>>()

/** Has `command` abandoned by its holder when `signal` aborts. Returns what ends the watch. */
export function watchSignal(signal: AbortSignal, command: Command): void {
  let commands = watched.get(signal)
  if (commands === undefined) {
    commands = new Set()
    watched.set(signal, commands)
  }
  if (commands.size === 0) signal.addEventListener('abort', aborted)
  commands.add(command)
}

/** Ends the watch: the command has settled. */
export function unwatchSignal(signal: AbortSignal, command: Command): void {
  const commands = watched.get(signal)
  if (commands?.delete(command) && commands.size === 0) signal.removeEventListener('abort', aborted)
}

/** Heeds `signal` until `command` has settled; false if it had aborted, and the call is over. */
export function heedSignal(signal: AbortSignal, command: Command): boolean {
  if (signal.aborted) {
    fail(command, signal.reason)
    return false
  }
  command.keep ??= new Keep()
  const { keep } = command
  const before = keep.onSettled
  keep.onSettled = (settled, value, error) => {
    before?.(settled, value, error)
    unwatchSignal(signal, settled)
  }
  watchSignal(signal, command)
  return true
}

function aborted(this: AbortSignal): void {
  const commands = watched.get(this)
  if (commands === undefined) return
  for (const command of [...commands]) command.holder?.abandon(command, this.reason)
}
