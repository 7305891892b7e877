/** Iterations over keys, fields and members, in the steps of SCAN and its kin. */

/** One step: what it found, and the cursor of the next; `'0'` is the end. */
export interface Step<T> {
  readonly cursor: string
  readonly items: readonly T[]
}

/**
 * What `for await` reads one by one; `batches()` gives them as the server did, step by step. Each loop is an iteration of its
 * own. `break` ends it: nothing is left open on the server. Whatever was there all the time comes at least once; with
 * changes meanwhile something may come twice.
 */
export class Scan<T> implements AsyncIterable<T> {
  readonly #batches: () => AsyncIterable<readonly T[]>

  constructor(batches: () => AsyncIterable<readonly T[]>) {
    this.#batches = batches
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const batch of this.#batches()) yield* batch
  }

  /** Step by step, without the empty ones. */
  batches(): AsyncIterable<readonly T[]> {
    return this.#batches()
  }
}

/** Goes on from cursor to cursor until the server says that it is the end. */
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
