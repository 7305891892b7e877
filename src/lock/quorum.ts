/** Calls to the servers of a lock, decided by the majority of their replies. With one server its reply decides. */
import { onAbort } from '../commands/core/abort-signals.js'
import { clearTimeout, performance, setTimer } from '../commands/core/timers.js'
import type { LockClient } from './lock-client.js'
import { noReplyInTime } from './lock-errors.js'

export interface Verdict<R> {
  /** A majority of the servers agreed. */
  readonly agreed: boolean
  /** A majority of the servers replied, with yes or no. */
  readonly answered: boolean
  readonly replies: readonly R[]
  readonly errors: readonly unknown[]
}

/**
 * Calls every server at once. Returns a promise for each reply. It rejects after `limit` ms, or when `signal` aborts; a command
 * that is not written by then is never sent.
 */
export function callAll<R>(
  clients: readonly LockClient[],
  call: (client: LockClient, index: number) => Promise<R>,
  limit: number,
  signal?: AbortSignal,
): readonly Promise<R>[] {
  if (limit === Number.POSITIVE_INFINITY && signal === undefined) return clients.map(call)
  const controller = new AbortController()
  const stopWatching = onAbort(signal, reason => controller.abort(reason))
  const timer = setTimer(limit, () => {
    controller.abort(noReplyInTime(limit))
  })
  const promises = clients.map((client, i) => {
    const called = call(client.with?.({ signal: controller.signal }) ?? client, i)
    return new Promise<R>((resolve, reject) => {
      onAbort(controller.signal, reject)
      called.then(resolve, reject)
    })
  })
  void Promise.allSettled(promises).then(() => {
    clearTimeout(timer)
    stopWatching()
  })
  return promises
}

/**
 * Resolves as soon as a majority agrees; or when no majority can agree any more and it is known whether a majority replied.
 * Never rejects, and handles the rejection of every promise.
 */
export function decide<R>(promises: readonly Promise<R>[], agrees: (reply: R) => boolean): Promise<Verdict<R>> {
  const majority = Math.floor(promises.length / 2) + 1
  const replies: R[] = []
  const errors: unknown[] = []
  let yes = 0
  return new Promise(resolve => {
    const count = () => {
      const agreed = yes >= majority
      const answered = replies.length >= majority
      const cannotAgree = yes + (promises.length - replies.length - errors.length) < majority
      const known = answered || errors.length > promises.length - majority
      if (agreed || (cannotAgree && known)) resolve({ agreed, answered, replies: [...replies], errors: [...errors] })
    }
    for (const promise of promises) {
      promise.then(
        reply => {
          replies.push(reply)
          if (agrees(reply)) yes++
          count()
        },
        error => {
          errors.push(error)
          count()
        },
      )
    }
  })
}

/** Resolves with whether `promise`, which must not reject, resolves before `until` and before `signal` aborts. */
export function inTime(promise: Promise<unknown>, until: number, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise(resolve => {
    const settle = (done: boolean) => {
      clearTimeout(timer)
      stopWatching()
      resolve(done)
    }
    const timer = setTimer(until - performance.now(), () => settle(false))
    const stopWatching = onAbort(signal, () => settle(false))
    void promise.then(() => settle(true))
  })
}
