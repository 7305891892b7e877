/** Finds the leased connections that the running task and its ancestors hold. */
import { AsyncLocalStorage } from 'node:async_hooks'

interface Held {
  /** The pool of the connection; undefined while there is no connection. */
  readonly pool: () => object | undefined
  above: Held | undefined
  /** False after the connection was released; a task that was started before may still run. */
  active: boolean
}

// While a store is in use, it costs every promise of the process a little. So only the callbacks of sessions use it, and it is
// created by the first of them.
let held: AsyncLocalStorage<Held> | undefined

/** Runs `fn`, which holds one connection of `pool` until it settles. `heldByThisTask` counts it in everything that `fn` calls. */
export async function whileHolding<T>(pool: () => object | undefined, fn: () => Promise<T>): Promise<T> {
  held ??= new AsyncLocalStorage<Held>()
  const mine: Held = { pool, above: nearestActive(held.getStore()), active: true }
  try {
    return await held.run(mine, fn)
  } finally {
    mine.active = false
  }
}

/**
 * The nearest holder that is active. References to inactive holders are skipped for good: a chain of sessions, each started
 * inside the one before, must not keep all of them in memory.
 */
function nearestActive(start: Held | undefined): Held | undefined {
  let nearest = start
  while (nearest !== undefined && !nearest.active) nearest = nearest.above
  for (let each = nearest; each !== undefined; each = each.above) {
    while (each.above !== undefined && !each.above.active) each.above = each.above.above
  }
  return nearest
}

/** Returns a function that counts the connections of `pool` that the current task and its ancestors hold at the time of the call. */
export function heldByThisTask(pool: object): () => number {
  const nearest = nearestActive(held?.getStore())
  return () => {
    let count = 0
    for (let each = nearest; each !== undefined; each = each.above) if (each.active && each.pool() === pool) count++
    return count
  }
}
