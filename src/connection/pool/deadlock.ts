/** Which leased connections the running task and its ancestors hold. */
import { AsyncLocalStorage } from 'node:async_hooks'

interface Held {
  /** Whose the connection is; undefined as long as there is none. */
  readonly pool: () => object | undefined
  above: Held | undefined
  /** False when it was given back, though a task that was started meanwhile may go on. */
  active: boolean
}

// Entering a store costs every promise of the process a little for as long as the store is in use: only the callbacks of
// sessions do, and only then is it made.
let held: AsyncLocalStorage<Held> | undefined

/** Runs `fn`, which holds one connection of `pool` until it settles; all that it calls and awaits knows. */
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
 * The nearest holder that has not ended. Links are shortened on the way: a session that is started inside another, and so
 * on for ever, must not keep all of those that have ended.
 */
function nearestActive(start: Held | undefined): Held | undefined {
  let nearest = start
  while (nearest !== undefined && !nearest.active) nearest = nearest.above
  for (let each = nearest; each !== undefined; each = each.above) {
    while (each.above !== undefined && !each.above.active) each.above = each.above.above
  }
  return nearest
}

/** What tells how many connections of a pool the task that runs now and its ancestors hold, whenever it is asked. */
export function heldByThisTask(pool: object): () => number {
  const nearest = nearestActive(held?.getStore())
  return () => {
    let count = 0
    for (let each = nearest; each !== undefined; each = each.above) if (each.active && each.pool() === pool) count++
    return count
  }
}
