/** Iteration over keys, fields and members with SCAN, HSCAN, SSCAN and ZSCAN. */

/** The result of one call of SCAN: its items, and the cursor of the next call. `'0'` is the end. */
export interface Step<T> {
  readonly cursor: string
  readonly items: readonly T[]
}

/**
 * The items of a scan, for `for await`. Each loop is a new iteration, and can be left at any time: the server keeps no state. An
 * item that exists during the whole iteration is returned at least once; an item may be returned twice if the data changes
 * meanwhile.
 */
export class Scan<T> implements AsyncIterable<T> {
  readonly #batches: () => AsyncIterable<readonly T[]>

  constructor(batches: () => AsyncIterable<readonly T[]>) {
    this.#batches = batches
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const batch of this.#batches()) yield* batch
  }

  /** Returns the same items in the batches that the server sent, without empty ones. */
  batches(): AsyncIterable<readonly T[]> {
    return this.#batches()
  }
}

/** Calls `step` with one cursor after another until the server returns the last one. */
export async function* stepping<T>(
  step: (cursor: string) => Promise<Step<T>>,
): AsyncGenerator<readonly T[], void, undefined> {
  let cursor = '0'
  do {
    const found = await step(cursor)
    if (found.items.length > 0) yield found.items
    cursor = found.cursor
  } while (cursor !== '0')
}
