/** Several commands with one promise: what a pipeline sends. */

import { onAbort, unwatchSignal, watchSignal } from '../commands/core/abort-signals.js'
import { blockTime, type Command, keyIndexes, State, whenSettled } from '../commands/core/command.js'
import { Carried, ScriptCommand } from '../commands/script.js'
import { SCRIPT_FLUSH } from '../commands/scripting.js'
import { cloneError, fail } from '../connection/call/completion.js'
import { setDeadline } from '../connection/call/deadlines.js'
import { processTime } from '../connection/call/process-clock.js'
import { lacksText } from '../connection/call/script-text.js'
import { type BatchContext, batchChannel, finish, isObserved } from '../connection/diagnostics.js'
import { RedisError } from '../errors/errors.js'
import type { Sender } from './sender.js'

export interface BatchOptions {
  /** Deadline of the whole, ms; 0 or Infinity is none. */
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  /** Each of them may run twice. */
  readonly idempotent: boolean
}

/**
 * Sends `commands` one after the other and resolves with what each came to, in order: its value, or its error.
 *
 * - If the server refuses all of them in a way that passes (LOADING), they are sent again together, so that their order stays.
 * - The text of a script is sent once to each connection. If the server has forgotten it all the same, the runs that it did not
 *   know are sent again with it, unless one would be overtaken by a command after it that has its keys.
 */
export function sendBatch(engine: Sender, commands: readonly Command[], options: BatchOptions): Promise<unknown[]> {
  const { signal } = options
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    new Batch(engine, commands, options, resolve, reject).start()
  })
}

/** A pipeline under way. It decides in the turn of the last reply what is sent again, so that `close()` waits for it. */
class Batch {
  readonly #engine: Sender
  readonly #commands: readonly Command[]
  readonly #options: BatchOptions
  readonly #resolve: (results: unknown[]) => void
  readonly #reject: (reason: unknown) => void
  readonly #forget: () => void
  readonly #end: number
  readonly #ordered: number
  readonly #blocks: boolean
  #left = 0

  constructor(
    engine: Sender,
    commands: readonly Command[],
    options: BatchOptions,
    resolve: (results: unknown[]) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#engine = engine
    this.#commands = commands
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    const { idempotent, signal, timeout } = options
    this.#end = timeout === 0 ? Number.POSITIVE_INFINITY : engine.now() + timeout
    // Reads alone may each be sent again, whatever became of their neighbours.
    this.#ordered = idempotent || commands.every(({ spec }) => spec.repeatable) ? 0 : State.ordered
    // An aborted pipeline is over at once, with the reason; nobody waits for what its commands come to. One that blocks may
    // have been given an element: its replies are waited for.
    this.#blocks = commands.some(command => blockTime(command) !== undefined)
    this.#forget = this.#blocks ? () => {} : onAbort(signal, reject)
  }

  start(): void {
    this.#prepare(this.#commands, 0, this.#options.timeout)
    this.#engine.sendAll(this.#commands)
  }

  /** Makes `commands` ready for one more round. */
  #prepare(commands: readonly Command[], accepted: number, timeout: number): void {
    const { idempotent, signal } = this.#options
    // A function of its own for each round: it is what tells the commands of a round from others.
    const settled = (value: unknown, command: Command) => this.#settled(value, command)
    const now = this.#engine.now()
    let carried = new Carried()
    this.#left = commands.length
    for (const command of commands) {
      const { spec } = command
      command.state = State.batched | accepted | this.#ordered | (idempotent || spec.repeatable ? State.repeatable : 0)
      command.resolve = settled
      if (spec === SCRIPT_FLUSH) carried = new Carried()
      else if (spec.script && command instanceof ScriptCommand) {
        command.state |= State.scripted
        command.carried = carried
      }
      if (signal !== undefined) {
        whenSettled(command, each => unwatchSignal(signal, each))
        watchSignal(signal, command)
      }
      setDeadline(command, timeout, now)
    }
  }

  #settled(value: unknown, command: Command): void {
    command.result = value
    if (--this.#left > 0) return
    const { signal } = this.#options
    if (signal?.aborted && !(this.#blocks && this.#commands.some(wasServed))) this.#reject(signal.reason)
    else {
      if (this.#sendsAgain()) return
      this.#resolve(this.#commands.map(({ result }) => result))
    }
    this.#forget()
    // Lists of deadlines hold what has settled for a while.
    for (const each of this.#commands) {
      each.result = undefined
      each.release()
    }
  }

  #sendsAgain(): boolean {
    const commands = this.#commands
    const left = this.#end - processTime()
    if (left <= 0 || commands.length === 0) return false
    // Whole milliseconds: calls of one time-out share a list of deadlines.
    const timeout = left === Number.POSITIVE_INFINITY ? 0 : Math.ceil(left)
    if (commands.every(({ details, result }) => result !== undefined && result === details?.refusal)) {
      const refusals = commands.map(({ result }) => result as RedisError)
      this.#prepare(commands, State.accepted, timeout)
      for (const [i, command] of commands.entries()) this.#engine.later(command, refusals[i] as RedisError)
      return true
    }
    const lacking = commands.filter(command => lacksText(command, command.result))
    if (lacking.length === 0 || !standAlone(commands, lacking)) return false
    this.#prepare(lacking, State.accepted, timeout)
    this.#engine.sendAll(lacking)
    return true
  }
}

/** Whether a blocking command of an aborted pipeline came to an element, which would be lost with the reason alone. */
function wasServed({ result, spec, state }: Command): boolean {
  return spec.blocks !== undefined && (state & State.failed) === 0 && result !== null
}

/** Whether no command that ran has a key in common with one of `refused` that stands before it. */
function standAlone(commands: readonly Command[], refused: readonly Command[]): boolean {
  const waits = new Set(refused)
  const touched = new Set<string>()
  let everything = false
  for (const command of commands.toReversed()) {
    const keys = keysOf(command)
    if (waits.has(command)) {
      const meets = keys.length === 0 ? touched.size > 0 : keys.some(key => touched.has(key))
      if (everything || meets) return false
    } else if (!(command.result instanceof RedisError && command.result.outcome === 'not sent')) {
      if (keys.length === 0) everything = true
      for (const key of keys) touched.add(key)
    }
  }
  return true
}

/** The keys of `command`, byte by byte. */
function keysOf(command: Command): string[] {
  return keyIndexes(command).map(index => {
    const key = command.args[index]
    return Buffer.from(key instanceof Uint8Array ? key : String(key)).toString('latin1')
  })
}

/**
 * Hands `commands` over one by one. If one of a pipeline is not taken at all, the queue being full, those of the pipeline that stand
 * after it and go to the same place are not sent without it where their order matters.
 */
export function sendInOrder(
  commands: readonly Command[],
  send: (command: Command) => void,
  placeOf: (command: Command) => unknown = nowhere,
): void {
  let refusals: { readonly batch: unknown; readonly place: unknown; readonly error: RedisError }[] | undefined
  const last = commands.at(-1)
  for (const command of commands) {
    const { batch } = command
    const refusal = refusals?.find(refused => refused.batch === batch && refused.place === placeOf(command))
    if (refusal === undefined) send(command)
    else {
      fail(command, cloneError(refusal.error, { command: command.spec.name, outcome: 'not sent' }))
      continue
    }
    if ((command.state & State.ordered) === 0 || command.resolve !== undefined || command === last) continue
    if (!(command.result instanceof RedisError)) continue
    refusals ??= []
    refusals.push({ batch, place: placeOf(command), error: command.result })
  }
}

function nowhere(): undefined {}

/** Tells observers of a batch, if there are any. */
export function traceBatch<R>(
  engine: Sender,
  batchMode: BatchContext['batchMode'],
  batchSize: number,
  run: () => Promise<R>,
): Promise<R> {
  if (!isObserved(batchChannel)) return run()
  const context: BatchContext = { batchMode, batchSize, ...engine.where }
  return batchChannel.start.runStores(context, () => {
    const promise = run()
    promise.then(
      value => finish(batchChannel, context, value, undefined),
      error => finish(batchChannel, context, undefined, error),
    )
    batchChannel.end.publish(context)
    return promise
  })
}
