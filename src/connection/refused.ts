/** Commands that the server refused for now. */
import { type Command, Keep, keyIndexes, State, whenSettled } from '../commands/command.js'
import { hasFlags } from '../commands/script.js'
import { clearTimeout, performance, setTimeout } from '../commands/timers.js'
import {
  BusyLoadingError,
  ClusterDownError,
  ExecAbortError,
  MasterDownError,
  ReadOnlyError,
  RedisError,
  ResponseError,
  TryAgainError,
} from '../errors/errors.js'
import { outside } from './outside.js'
import type { CommandQueue } from './queue.js'
import { type Resender, sendsText } from './script-text.js'
import { fail } from './settle.js'

const OWN_WORDS =
  /^(?:LOADING \w+ is loading the dataset in memory|CLUSTERDOWN (?:The cluster is down(?: and only accepts read commands)?|Hash slot not served)|MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'\.|READONLY You can't write against a read only replica\.|TRYAGAIN Multiple keys request during rehashing of slot)$/

/** A script can return any text, so what it seems to be refused with counts only in the server's own words. */
export function isServersOwn(command: Command, refusal: RedisError): boolean {
  if (!command.spec.script) return true
  if (refusal instanceof ReadOnlyError && !hasFlags(command)) return false
  if (refusal instanceof TryAgainError && keyIndexes(command).length < 2) return false
  return OWN_WORDS.test(refusal.message)
}

/** Refusals that pass by themselves: the server did not run the command, and waiting helps. */
export function isPassing(command: Command, refusal: RedisError): boolean {
  const error = refusal instanceof ExecAbortError ? refusal.cause : refusal
  if (!(error instanceof RedisError)) return false
  if (!isServersOwn(command, error)) return false
  if (error instanceof BusyLoadingError || error instanceof TryAgainError) return true
  return error instanceof ClusterDownError && !(error instanceof MasterDownError)
}

/** The server is a replica, and did not run the command or transaction. */
export function isReadOnly(error: RedisError): boolean {
  return (error instanceof ExecAbortError ? error.cause : error) instanceof ReadOnlyError
}

/** `command` did not run: whatever becomes of it, nothing is unknown. */
export function noteRefusal(command: Command, refusal: RedisError): void {
  command.state &= ~State.written
  command.keep ??= new Keep()
  command.keep.refusal = refusal
}

/**
 * What becomes of a refused `command` that nobody else takes: it is sent again over `link`, or rejects with `refusal`. `mode` is what
 * the server says that it is: where it is no cluster, a script that names one has run.
 */
export function settleRefused(link: Resender, command: Command, refusal: RedisError, mode: string | undefined): void {
  if (sendsText(link, command, refusal)) return
  const isScripts = command.spec.script && mode === 'standalone' && !(refusal instanceof BusyLoadingError)
  if (isPassing(command, refusal) && !isScripts) {
    if ((command.state & State.ordered) === 0) {
      link.later(command, refusal)
      return
    }
    // Alone it would be overtaken: its pipeline decides when all have settled.
    noteRefusal(command, refusal)
  }
  if (refusal instanceof BusyLoadingError) refusal.outcome = 'not sent'
  fail(command, refusal)
}

/**
 * Keeps refused commands in their order until it is time to send them again: 25 ms, doubling up to a second. While the server
 * is loading one of them is sent again for all, so that the others stay where they are.
 */
export class Refused {
  readonly #waiting: CommandQueue
  readonly #commands: CommandQueue
  readonly #flush: () => void
  /** It was sent again for all, and keeps its place: it may be refused again. */
  #probe: Command | undefined
  #timer: NodeJS.Timeout | undefined
  #rounds = 0
  #sentAgainAt = 0

  /** What is to be sent again goes to the front of `waiting`, where it is counted all the time; then `flush` is called. */
  constructor(waiting: CommandQueue, flush: () => void) {
    this.#waiting = waiting
    this.#commands = waiting.beside()
    this.#flush = flush
  }

  get probe(): Command | undefined {
    return this.#probe
  }

  add(command: Command, refusal: RedisError): void {
    noteRefusal(command, refusal)
    if (command === this.#probe) {
      this.#probe = undefined
      this.#commands.putBack([command])
    } else this.#commands.push(command)
    this.#wait()
  }

  #wait(): void {
    if (this.#timer !== undefined || this.#probe !== undefined) return
    // Long after the last refusal it begins anew.
    if (performance.now() - this.#sentAgainAt > 2_000) this.#rounds = 0
    const delay = Math.min(1_000, 25 * 2 ** this.#rounds) * (0.5 + Math.random() / 2)
    this.#rounds = Math.min(this.#rounds + 1, 6)
    this.#timer = outside(() => setTimeout(() => this.#fire(), delay))
  }

  /** Puts all back to what waits. */
  giveBack(): void {
    this.#probe = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting.takeOver(this.#commands)
  }

  #fire(): void {
    this.#timer = undefined
    this.#sentAgainAt = performance.now()
    const first = this.#commands.shift()
    if (first === undefined) return
    if (first.keep?.refusal instanceof BusyLoadingError) this.#makeProbe(first)
    else this.giveBack()
    this.#waiting.putBack([first])
    this.#flush()
  }

  #makeProbe(probe: Command): void {
    this.#probe = probe
    // It may have been the probe before.
    probe.keep?.ignoreSettled(this.#settled)
    whenSettled(probe, this.#settled)
  }

  readonly #settled = (probe: Command, _: unknown, error: unknown): void => {
    if (probe !== this.#probe) return
    this.#probe = undefined
    // Without a reply nothing is known.
    if (error === undefined || error instanceof ResponseError) {
      this.giveBack()
      this.#flush()
    } else if (this.#waiting.commands > 0) this.#wait()
  }
}
