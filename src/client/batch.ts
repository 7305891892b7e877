/** Several commands with one promise: what a pipeline sends. */
import { type Command, Keep, State } from '../commands/command.js'
import { onAbort, unwatchSignal, watchSignal } from '../commands/signals.js'
import { clearTimeout, setTimeout } from '../commands/timers.js'
import { setDeadline } from '../connection/deadline.js'
import { type BatchContext, batchChannel, finish, isObserved } from '../connection/diagnostics.js'
import { outside } from '../connection/outside.js'
import { ownTime } from '../connection/own-time.js'
import { isPassing } from '../connection/refused.js'
import { errorLike, fail } from '../connection/settle.js'
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
 * Sends `commands` behind each other and resolves with what each came to, in order: its value, or its error. If the
 * server refuses all of them in a way that passes (LOADING), they are sent again together, so that their order stays.
 */
export async function sendBatch(
  engine: Sender,
  commands: readonly Command[],
  options: BatchOptions,
): Promise<unknown[]> {
  const { signal } = options
  if (signal?.aborted) throw signal.reason
  const end = ownTime() + (options.timeout === 0 ? Number.POSITIVE_INFINITY : options.timeout)
  // Reads alone may each be sent again, whatever became of their neighbours.
  const ordered = options.idempotent || commands.every(({ spec }) => spec.repeatable) ? 0 : State.ordered
  for (let round = 0; ; round++) {
    // Whole milliseconds: calls of one time-out share a list of deadlines.
    const timeout = round === 0 ? options.timeout : Math.max(1, Math.ceil(end - ownTime()))
    const results = await sendOnce(engine, commands, { ...options, timeout }, ordered)
    const refused = commands.every((command, i) => results[i] instanceof RedisError && isPassing(command, results[i]))
    const delay = Math.min(1_000, 25 * 2 ** round) * (0.5 + Math.random() / 2)
    if (!refused || commands.length === 0 || ownTime() + delay >= end) {
      for (const command of commands) command.release()
      return results
    }
    await pause(delay, signal)
  }
}

/** Resolves after `ms`; rejects with the reason of `signal` as soon as it aborts. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = () => {
      clearTimeout(timer)
      forget()
    }
    const timer = outside(() =>
      setTimeout(() => {
        over()
        resolve()
      }, ms),
    )
    const forget = onAbort(signal, reason => {
      over()
      reject(reason)
    })
  })
}

function sendOnce(
  engine: Sender,
  commands: readonly Command[],
  options: BatchOptions,
  ordered: number,
): Promise<unknown[]> {
  const { idempotent, signal, timeout } = options
  return new Promise((resolve, reject) => {
    let left = commands.length
    const settled = (value: unknown, command: Command) => {
      command.result = value
      if (--left > 0) return
      forget()
      // The signal may have reached the commands first, each of which has settled with its reason.
      if (signal?.aborted) reject(signal.reason)
      else resolve(commands.map(({ result }) => result))
      // Lists of deadlines hold what has settled for a while.
      for (const each of commands) each.result = undefined
    }
    // An aborted pipeline is over at once, with the reason; nobody waits for what its commands come to.
    const forget = onAbort(signal, reject)
    const now = engine.now()
    for (const command of commands) {
      command.state = State.collected | ordered | (idempotent || command.spec.repeatable ? State.repeatable : 0)
      command.resolve = settled
      if (signal !== undefined) {
        command.keep ??= new Keep()
        command.keep.onSettled = each => unwatchSignal(signal, each)
        watchSignal(signal, command)
      }
      setDeadline(command, timeout, now)
    }
    engine.sendAll(commands)
  })
}

/**
 * Hands `commands` over one by one. If one is not taken at all, the queue being full, those behind it are not sent without it
 * where their order matters.
 */
export function sendInOrder(commands: readonly Command[], send: (command: Command) => void): void {
  let refusal: unknown
  for (const command of commands) {
    if (refusal === undefined) send(command)
    else fail(command, errorLike(refusal as RedisError, { command: command.spec.name, outcome: 'not sent' }))
    if ((command.state & State.ordered) !== 0 && command.resolve === undefined) refusal ??= command.result
  }
}

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
