/** A question to the servers of a lock, decided by the majority of them. With one server it is what that one says. */
import { onAbort } from '../commands/core/abort-signals.js'
import { clearTimeout, performance, setTimeout } from '../commands/core/timers.js'
import { TimeoutError } from '../errors/errors.js'
import type { LockClient } from './lock-client.js'

export interface Verdict<R> {
  /** A majority agreed. */
  readonly agreed: boolean
  /** A majority answered, with yes or no. */
  readonly answered: boolean
  readonly replies: readonly R[]
  readonly errors: readonly unknown[]
}

/**
 * Asks every server at once. A server that has not answered after `limit` ms, or when `signal` aborts, is given up: its ballot
 * rejects, and what was not written to it never is.
 */
export function ask<R>(
  clients: readonly LockClient[],
  question: (client: LockClient, index: number) => Promise<R>,
  limit: number,
  signal?: AbortSignal,
): readonly Promise<R>[] {
  if (limit === Number.POSITIVE_INFINITY && signal === undefined) return clients.map(question)
  const controller = new AbortController()
  const forget = onAbort(signal, reason => controller.abort(reason))
  const timer = setTimer(limit, () => {
    controller.abort(
      new TimeoutError(`No reply within ${Math.round(limit)} ms.`, { outcome: 'unknown', elapsed: limit }),
    )
  })
  const ballots = clients.map((client, i) => {
    const asked = question(client.with?.({ signal: controller.signal }) ?? client, i)
    return new Promise<R>((resolve, reject) => {
      onAbort(controller.signal, reject)
      asked.then(resolve, reject)
    })
  })
  void Promise.allSettled(ballots).then(() => {
    clearTimeout(timer)
    forget()
  })
  return ballots
}

/**
 * Resolves as soon as a majority agrees; or cannot any more, and it is known whether a majority answered. Never rejects, and
 * hears every ballot to its end.
 */
export function decide<R>(ballots: readonly Promise<R>[], agrees: (reply: R) => boolean): Promise<Verdict<R>> {
  const majority = Math.floor(ballots.length / 2) + 1
  const replies: R[] = []
  const errors: unknown[] = []
  let yes = 0
  return new Promise(resolve => {
    const count = () => {
      const agreed = yes >= majority
      const answered = replies.length >= majority
      const lost = yes + (ballots.length - replies.length - errors.length) < majority
      const known = answered || errors.length > ballots.length - majority
      if (agreed || (lost && known)) resolve({ agreed, answered, replies: [...replies], errors: [...errors] })
    }
    for (const ballot of ballots) {
      ballot.then(
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

/** Longest time that a timer takes; asked for more, it fires at once. */
const LONGEST = 2 ** 31 - 1

/** A timer that may be asked for any time. One of more than 24 days comes too early, and whoever set it looks at the clock. */
export function setTimer(ms: number, callback: () => void): NodeJS.Timeout | undefined {
  return ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST))
}

/** Resolves with whether `promise`, which never rejects, was done before `until` and before `signal` aborted. */
export function inTime(promise: Promise<unknown>, until: number, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise(resolve => {
    const settle = (done: boolean) => {
      clearTimeout(timer)
      forget()
      resolve(done)
    }
    const timer = setTimer(until - performance.now(), () => settle(false))
    const forget = onAbort(signal, () => settle(false))
    void promise.then(() => settle(true))
  })
}
