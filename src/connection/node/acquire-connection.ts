import { onAbort } from '../../commands/core/abort-signals.js'
import { TimeoutError } from '../../errors/errors.js'
import { TimeLimit } from '../call/time-limit.js'
import type { LeasedConnection } from '../pool/leased-connection.js'
import type { Node } from './node.js'

/**
 * Leases a connection of the pool. Rejects with TimeoutError if the timeout of the caller ends before that of the pool.
 * `accepted`: for a session that has begun, which `close()` lets finish.
 */
export function acquireConnection(
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
        : new TimeLimit(timeout, () => leave(acquireTimedOut(node, timeout)))
    const done = () => {
      limit?.cancel()
      forget()
    }
    const forget = onAbort(signal, leave)
    const ticket = node.pool.request({
      accepted,
      taken: leased => {
        done()
        resolve(leased)
      },
      refused: error => {
        done()
        reject(error)
      },
    })
  })
}

function acquireTimedOut(node: Node, timeout: number): TimeoutError {
  const { lent, waiting } = node.pool.stats
  return new TimeoutError(
    `No connection of the pool was released within ${timeout} ms (${lent} leased, ${waiting} callers waiting).`,
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
