/** The commands of a pipeline, which share one promise. */
import { onAbort, unwatchSignal, watchSignal } from '../commands/core/abort-signals.js'
import { blockTime, type Command, keyIndexes, State, whenSettled } from '../commands/core/command.js'
import { Carried, ScriptCommand } from '../commands/script.js'
import { SCRIPT_FLUSH } from '../commands/scripting.js'
import { cloneError } from '../connection/call/call-errors.js'
import { fail } from '../connection/call/completion.js'
import { setDeadline } from '../connection/call/deadlines.js'
import { processTime } from '../connection/call/process-clock.js'
import { lacksText } from '../connection/call/script-text.js'
import { type BatchContext, batchChannel, finish, isObserved } from '../connection/diagnostics.js'
import { RedisError } from '../errors/errors.js'
import type { Sender } from './sender.js'

export interface BatchOptions {
  /** Deadline of the whole batch, ms; 0 or Infinity is none. */
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  /** Whether each command may run twice. */
  readonly idempotent: boolean
}

/**
 * Sends `commands` in order. Resolves with the value or error of each command, in order.
 *
 * - If the server rejects all of them with a retryable error (LOADING), they are sent again together, so their order is kept.
 * - The text of a script is sent once to each connection. If the server has lost it all the same, the rejected runs are sent
 *   again with the text, unless a command after one of them has the same keys and would overtake it.
 */
export function sendBatch(engine: Sender, commands: readonly Command[], options: BatchOptions): Promise<unknown[]> {
  const { signal } = options
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    new Batch(engine, commands, options, resolve, reject).start()
  })
}

/** A running pipeline. It resends commands in the same turn as the last reply, so that `close()` waits for them. */
class Batch {
  readonly #engine: Sender
  readonly #commands: readonly Command[]
  readonly #options: BatchOptions
  readonly #resolve: (results: unknown[]) => void
  readonly #reject: (reason: unknown) => void
  readonly #stopWatching: () => void
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
    // If all commands are reads, each may be retried on its own.
    this.#ordered = idempotent || commands.every(({ spec }) => spec.repeatable) ? 0 : State.ordered
    // An aborted pipeline rejects at once with the reason, before its commands have settled. A pipeline that blocks waits for its
    // replies: the server may have removed an element for it.
    this.#blocks = commands.some(command => blockTime(command) !== undefined)
    this.#stopWatching = this.#blocks ? () => {} : onAbort(signal, reject)
  }

  start(): void {
    this.#prepare(this.#commands, 0, this.#options.timeout)
    this.#engine.sendAll(this.#commands)
  }

  /** Prepares `commands` for one more round. */
  #prepare(commands: readonly Command[], accepted: number, timeout: number): void {
    const { idempotent, signal } = this.#options
    // A new function for each round: `command.batch` is this function, and so identifies the round.
    const settled = (value: unknown, command: Command) => this.#onSettled(value, command)
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

  #onSettled(value: unknown, command: Command): void {
    command.result = value
    if (--this.#left > 0) return
    const { signal } = this.#options
    if (signal?.aborted && !(this.#blocks && this.#commands.some(gotElement))) this.#reject(signal.reason)
    else {
      if (this.#resend()) return
      this.#resolve(this.#commands.map(({ result }) => result))
    }
    this.#stopWatching()
    // The lists of deadlines keep settled commands for a while: release their results.
    for (const each of this.#commands) {
      each.result = undefined
      each.release()
    }
  }

  /** Returns false if no command has to be sent again. */
  #resend(): boolean {
    const commands = this.#commands
    const left = this.#end - processTime()
    if (left <= 0 || commands.length === 0) return false
    // Whole milliseconds, because calls with the same timeout share a list of deadlines.
    const timeout = left === Number.POSITIVE_INFINITY ? 0 : Math.ceil(left)
    if (commands.every(({ details, result }) => result !== undefined && result === details?.refusal)) {
      const refusals = commands.map(({ result }) => result as RedisError)
      this.#prepare(commands, State.accepted, timeout)
      for (const [i, command] of commands.entries()) this.#engine.later(command, refusals[i] as RedisError)
      return true
    }
    const lacking = commands.filter(command => lacksText(command, command.result))
    if (lacking.length === 0 || !canReorder(commands, lacking)) return false
    this.#prepare(lacking, State.accepted, timeout)
    this.#engine.sendAll(lacking)
    return true
  }
}

/** Whether a blocking command of an aborted pipeline got an element, which would be lost if the pipeline rejected. */
function gotElement({ result, spec, state }: Command): boolean {
  return spec.blocks !== undefined && (state & State.failed) === 0 && result !== null
}

/** Whether the commands of `refused` may run after all others: no command that ran has a key of a refused one before it. */
function canReorder(commands: readonly Command[], refused: readonly Command[]): boolean {
  const notRun = new Set(refused)
  const touched = new Set<string>()
  let touchedAll = false
  for (const command of commands.toReversed()) {
    const keys = keysOf(command)
    if (notRun.has(command)) {
      const overlaps = keys.length === 0 ? touched.size > 0 : keys.some(key => touched.has(key))
      if (touchedAll || overlaps) return false
    } else if (!(command.result instanceof RedisError && command.result.outcome === 'not sent')) {
      if (keys.length === 0) touchedAll = true
      for (const key of keys) touched.add(key)
    }
  }
  return true
}

/** Returns the keys of `command`, each byte as one character. */
function keysOf(command: Command): string[] {
  return keyIndexes(command).map(index => {
    const key = command.args[index]
    return Buffer.from(key instanceof Uint8Array ? key : String(key)).toString('latin1')
  })
}

/**
 * Sends `commands` in order. If a command of an ordered pipeline is rejected before it is sent (full queue), the rest of that
 * pipeline with the same place is rejected too.
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

/** Runs `run`, and publishes it on the diagnostics channel if that has subscribers. */
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
