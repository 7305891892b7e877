/** Commands that the server refused for now. */
import { type Command, Keep, State } from '../commands/command.js'
import {
  BusyLoadingError,
  ClusterDownError,
  ExecAbortError,
  MasterDownError,
  RedisError,
  TryAgainError,
} from '../errors/errors.js'
import { outside } from './outside.js'

/**
 * Refusals that pass by themselves: the server did not run the command, and waiting helps. A script can return any text:
 * for it only the server's own words count, which name no script.
 */
export function isPassing(command: Command, refusal: RedisError): boolean {
  const error = refusal instanceof ExecAbortError ? refusal.cause : refusal
  if (!(error instanceof RedisError)) return false
  if (command.spec.script && error.message.includes('script:')) return false
  if (error instanceof BusyLoadingError || error instanceof TryAgainError) return true
  return error instanceof ClusterDownError && !(error instanceof MasterDownError)
}

/** Keeps refused commands in their order until it is time to send them again: 25 ms, doubling up to a second. */
export class Refused {
  readonly #again: (commands: Command[]) => void
  /** In order; a set, since those whose time is up leave from anywhere. */
  #commands = new Set<Command>()
  #timer: NodeJS.Timeout | undefined
  #rounds = 0
  #sentAgainAt = 0

  constructor(again: (commands: Command[]) => void) {
    this.#again = again
  }

  get length(): number {
    return this.#commands.size
  }

  add(command: Command, refusal: RedisError): void {
    // It did not run: whatever becomes of it, nothing is unknown.
    command.state &= ~State.written
    command.keep ??= new Keep()
    command.keep.refusal = refusal
    this.#commands.add(command)
    if (this.#timer !== undefined) return
    // A refusal long after the last one is the first of a new trouble.
    if (performance.now() - this.#sentAgainAt > 2_000) this.#rounds = 0
    const delay = Math.min(1_000, 25 * 2 ** this.#rounds) * (0.5 + Math.random() / 2)
    this.#rounds = Math.min(this.#rounds + 1, 6)
    this.#timer = outside(() => setTimeout(() => this.#fire(), delay))
  }

  /** True if `command` was here. */
  remove(command: Command): boolean {
    return this.#commands.delete(command)
  }

  takeAll(): Command[] {
    const commands = [...this.#commands]
    this.#commands.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
    return commands
  }

  #fire(): void {
    this.#sentAgainAt = performance.now()
    this.#again(this.takeAll())
  }
}
