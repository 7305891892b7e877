/** Commands that the server refused for now. */
import { type Command, Keep, keyIndexes, State } from '../commands/command.js'
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
 * is loading one of them is sent again for all, so that the others stay where they are counted.
 */
export class Refused {
  readonly #again: (commands: Command[]) => void
  /** In order; a set, since those whose time is up leave from anywhere. */
  #commands = new Set<Command>()
  #bytes = 0
  /** It was sent again for all, and keeps its place: it may be refused again. */
  #probe: Command | undefined
  /** Those that have been probes: their settling is heard of. */
  readonly #heard = new WeakSet<Command>()
  #timer: NodeJS.Timeout | undefined
  #rounds = 0
  #sentAgainAt = 0

  constructor(again: (commands: Command[]) => void) {
    this.#again = again
  }

  get length(): number {
    return this.#commands.size - (this.#probe === undefined ? 0 : 1)
  }

  /** What they take, roughly. */
  get bytes(): number {
    return this.#bytes
  }

  get probe(): Command | undefined {
    return this.#probe
  }

  add(command: Command, refusal: RedisError): void {
    noteRefusal(command, refusal)
    if (command === this.#probe) this.#probe = undefined
    this.#commands.add(command)
    this.#bytes += command.size
    this.#wait()
  }

  #wait(): void {
    if (this.#timer !== undefined || this.#probe !== undefined) return
    // A refusal long after the last one is the first of a new trouble.
    if (performance.now() - this.#sentAgainAt > 2_000) this.#rounds = 0
    const delay = Math.min(1_000, 25 * 2 ** this.#rounds) * (0.5 + Math.random() / 2)
    this.#rounds = Math.min(this.#rounds + 1, 6)
    this.#timer = outside(() => setTimeout(() => this.#fire(), delay))
  }

  /** True if `command` was here. */
  remove(command: Command): boolean {
    if (command === this.#probe || !this.#commands.delete(command)) return false
    this.#bytes -= command.size
    return true
  }

  takeAll(): Command[] {
    if (this.#probe !== undefined) this.#commands.delete(this.#probe)
    this.#probe = undefined
    const commands = [...this.#commands]
    this.#commands.clear()
    this.#bytes = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
    return commands
  }

  #fire(): void {
    this.#timer = undefined
    this.#sentAgainAt = performance.now()
    const [first] = this.#commands
    if (this.#commands.size > 1 && first?.keep?.refusal instanceof BusyLoadingError) this.#sendProbe(first, first.keep)
    else this.#again(this.takeAll())
  }

  #sendProbe(probe: Command, keep: Keep): void {
    this.#probe = probe
    this.#bytes -= probe.size
    if (!this.#heard.has(probe)) {
      this.#heard.add(probe)
      const before = keep.onSettled
      keep.onSettled = (settled, value, error) => {
        before?.(settled, value, error)
        this.#settled(settled, error)
      }
    }
    this.#again([probe])
  }

  #settled(probe: Command, error: unknown): void {
    if (probe !== this.#probe) return
    this.#probe = undefined
    this.#commands.delete(probe)
    // Without a reply nothing is known.
    const answered = error === undefined || error instanceof ResponseError
    if (answered) this.#again(this.takeAll())
    else if (this.#commands.size > 0) this.#wait()
  }
}
