/** When a client of a cluster that closes has nothing more to wait for. */
import { clearTimeout, setTimer } from '../commands/core/timers.js'
import { TimeLimit } from '../connection/call/time-limit.js'
import { heldByThisTask } from '../connection/pool/deadlock.js'
import type { Nodes } from './nodes.js'

/** What a client has accepted and not settled. */
export interface Accepted {
  readonly nodes: Nodes
  /** Commands that wait for the cluster, or for the connection of a session. */
  readonly waiting: number
  /** Sessions that run. */
  readonly sessions: ReadonlySet<object>
}

/** How often it is looked whether what waits and what is leased has settled, ms. */
const INTERVAL = 25
/** The longest time between two looks, ms: a node may have joined meanwhile. */
const LONGEST_INTERVAL = 1_000

/**
 * Resolves when nothing that was accepted is unsettled, or `timeout` ms have passed. Sessions in which the caller itself runs
 * are not waited for: they wait for the caller.
 */
export async function untilIdle(accepted: Accepted, timeout: number): Promise<void> {
  let isOver = false
  let wake = () => {}
  const limit = new TimeLimit(timeout, () => {
    isOver = true
    wake()
  })
  while (!isOver && !isIdle(accepted)) {
    await new Promise<void>(resolve => {
      wake = resolve
      wakeInTime(accepted, resolve)
    })
  }
  limit.cancel()
}

function isIdle({ nodes, sessions, waiting }: Accepted): boolean {
  if (waiting > 0 || !nodes.isIdle) return false
  return sessions.size === 0 || sessions.size <= heldByThisTask(sessions)() + nodes.ownLeases
}

/** Calls `wake` when it is worth to look again. */
function wakeInTime({ nodes, sessions, waiting }: Accepted, wake: () => void): void {
  const { pool } = nodes
  const onlyLinks = waiting + sessions.size + pool.lent + pool.waiting === 0
  const timer = setTimer(onlyLinks ? LONGEST_INTERVAL : INTERVAL, wake)
  if (!onlyLinks) return
  const idle = () => {
    clearTimeout(timer)
    wake()
  }
  nodes.whenIdle().then(idle, idle)
}
