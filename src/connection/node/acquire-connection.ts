import { onAbort } from '../../commands/core/abort-signals.js'
import type { TimeoutError } from '../../errors/errors.js'
import { TimeLimit } from '../call/time-limit.js'
import type { LeasedConnection } from '../pool/leased-connection.js'
import { acquireTimedOut } from '../pool/pool-errors.js'
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
      timeout === undefined || timeout === 0 ? undefined : new TimeLimit(timeout, () => leave(timedOut(node, timeout)))
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

function timedOut({ link, name, pool }: Node, timeout: number): TimeoutError {
  const { lent, waiting } = pool.stats
  return acquireTimedOut({ node: name, timeout, leased: lent, waiting, lastError: link.lastError })
}
