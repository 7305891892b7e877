/** Which lent connections the running task and its ancestors hold. */
import { AsyncLocalStorage } from 'node:async_hooks'

interface Held {
  /** Whose the connection is; undefined as long as there is none. */
  readonly pool: () => object | undefined
  readonly above: Held | undefined
  /** False when it was given back, though a task that was started meanwhile may go on. */
  active: boolean
}

// Entering a store costs every promise of the process a little for as long as the store is in use: only the callbacks of
// sessions do, and only then is it made.
let held: AsyncLocalStorage<Held> | undefined

/** Runs `fn`, which holds one connection of `pool` until it settles; all that it calls and awaits knows. */
export async function holding<T>(pool: () => object | undefined, fn: () => Promise<T>): Promise<T> {
  held ??= new AsyncLocalStorage<Held>()
  const mine: Held = { pool, above: held.getStore(), active: true }
  try {
    return await held.run(mine, fn)
  } finally {
    mine.active = false
  }
}

/** How many connections of `pool` the running task and its ancestors hold. */
export function heldByAncestors(pool: object): number {
  let count = 0
  for (let each = held?.getStore(); each !== undefined; each = each.above)
    if (each.active && each.pool() === pool) count++
  return count
}
