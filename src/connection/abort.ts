/** Calls that listen to an AbortSignal: one listener per signal, however many calls share it. */
import type { Command } from '../commands/command.js'

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

function aborted(this: AbortSignal): void {
  const commands = watched.get(this)
  if (commands === undefined) return
  for (const command of [...commands]) command.holder?.abandon(command, this.reason)
}
