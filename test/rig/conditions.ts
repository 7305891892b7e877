import { setTimeout as sleep } from 'node:timers/promises'

const POLL = 5

export interface UntilOptions {
  /** Milliseconds. Default 5000. */
  timeout?: number
  /** What is awaited, for the error. */
  what?: string
}

/**
 * Awaits until the condition gives something truthy, and resolves with it. A condition that throws is one that does not hold
 * yet; the last error is told if it never does.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeout = 5_000, what = 'the condition' }: UntilOptions = {},
): Promise<Exclude<Awaited<T>, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + timeout
  let cause: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value) return value as Exclude<Awaited<T>, false | null | undefined | 0 | ''>
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`not so after ${timeout} ms: ${what}`, { cause })
    await sleep(POLL)
  }
}
