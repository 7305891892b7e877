import { setTimeout as sleep } from 'node:timers/promises'

const POLL = 5

export interface UntilOptions {
  /** Milliseconds. Default 20 000: longer than a busy machine takes, since only what never comes is a failure. */
  timeout?: number
  /** The condition in words, for the error message. */
  what?: string
}

/**
 * Resolves with the first truthy value of the condition. If the condition throws, it does not hold yet; if it never holds, the
 * rejection has the last error as its `cause`.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeout = 20_000, what = 'the condition' }: UntilOptions = {},
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
    if (performance.now() > deadline) throw new Error(`not fulfilled after ${timeout} ms: ${what}`, { cause })
    await sleep(POLL)
  }
}
