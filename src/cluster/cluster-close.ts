/** Waits until a closing client of a cluster has settled everything that it accepted. */
import { clearTimeout, setTimer } from '../commands/core/timers.js'
import { TimeLimit } from '../connection/call/time-limit.js'
import { heldByThisTask } from '../connection/pool/deadlock.js'
import type { Nodes } from './nodes.js'
import type { Router } from './router.js'

/** Time between two checks of waiting commands and leased connections, ms. */
const INTERVAL = 25
/** The longest time between two checks, ms: a node may have joined meanwhile. */
const LONGEST_INTERVAL = 1_000

/**
 * Resolves when every accepted command and every session has ended, or after `timeout` ms. The sessions in which the caller itself
 * runs are not counted: they wait for the caller.
 */
export async function untilIdle(nodes: Nodes, router: Router, timeout: number): Promise<void> {
  let isOver = false
  let wake = () => {}
  const limit = new TimeLimit(timeout, () => {
    isOver = true
    wake()
  })
  while (!isOver && !isIdle(nodes, router)) {
    await new Promise<void>(resolve => {
      wake = resolve
      wakeInTime(nodes, router, resolve)
    })
  }
  limit.cancel()
}

function isIdle(nodes: Nodes, { queues, sessions }: Router): boolean {
  if (queues.length > 0 || !nodes.isIdle) return false
  return sessions.size === 0 || sessions.size <= heldByThisTask(sessions)() + nodes.ownLeases
}

/** Calls `wake` when it is time for the next check. */
function wakeInTime(nodes: Nodes, { queues, sessions }: Router, wake: () => void): void {
  const { pool } = nodes
  const onlyLinks = queues.length + sessions.size + pool.lent + pool.waiting === 0
  const timer = setTimer(onlyLinks ? LONGEST_INTERVAL : INTERVAL, wake)
  if (!onlyLinks) return
  const idle = () => {
    clearTimeout(timer)
    wake()
  }
  nodes.whenIdle().then(idle, idle)
}
