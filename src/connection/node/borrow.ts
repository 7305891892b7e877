import { onAbort } from '../../commands/core/abort-signals.js'
import { TimeoutError } from '../../errors/errors.js'
import { TimeLimit } from '../call/time-limit.js'
import type { LeasedConnection } from '../pool/leased-connection.js'
import type { Node } from './node.js'

/**
 * A connection of the pool; rejects with TimeoutError if the caller's own deadline is shorter than the pool's. `accepted`: for a
 * session that has begun, which `close()` lets finish.
 */
export function borrow(
  node: Node,
  timeout: number | undefined,
  signal: AbortSignal | undefined,
  accepted = false,
): Promise<LeasedConnection> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const leave = (error: unknown) => {
      ticket.cancel()
      done()
      reject(error)
    }
    const limit =
      timeout === undefined || timeout === 0
        ? undefined
        : new TimeLimit(timeout, () => leave(noneInTime(node, timeout)))
    const done = () => {
      limit?.cancel()
      forget()
    }
    const forget = onAbort(signal, leave)
    const ticket = node.pool.request({
      accepted,
      taken: lent => {
        done()
        resolve(lent)
      },
      refused: error => {
        done()
        reject(error)
      },
    })
  })
}
function noneInTime(node: Node, timeout: number): TimeoutError {
  const { lent, waiting } = node.pool.stats
  return new TimeoutError(
    `No connection of the pool came free within ${timeout} ms (${lent} lent, ${waiting} callers waiting).`,
    {
      code: 'ETIMEDOUT',
      node: node.name,
      outcome: 'not sent',
      phase: 'queued',
      elapsed: timeout,
      cause: node.link.lastError,
    },
  )
}
