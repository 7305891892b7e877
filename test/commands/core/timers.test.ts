import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import {
  backoffDelay,
  clearInterval,
  clearTimeout,
  jittered,
  setRepeatingTimer,
  setTimer,
  sleep,
} from '../../../src/commands/core/timers.js'

/** A thousand draws. */
function draw(of: () => number): number[] {
  return Array.from({ length: 1_000 }, of)
}

test('a timer of more than 24 days does not fire at once, and a timer of Infinity is not set', async () => {
  let fired = 0
  const timer = setTimer(2 ** 40, () => fired++)
  const never = setTimer(Number.POSITIVE_INFINITY, () => fired++)
  await sleep(5)
  clearTimeout(timer)
  expect({ fired, never }).toEqual({ fired: 0, never: undefined })
})

test('a timer does not keep the AsyncLocalStorage store of the code that set it', async () => {
  const storage = new AsyncLocalStorage<string>()
  const store = await storage.run(
    'a request',
    () => new Promise(resolve => setTimer(1, () => resolve(storage.getStore()))),
  )
  expect(store).toBeUndefined()
})

test('a repeating timer repeats without keeping the process alive, and 0 or more than 24 days means never', async () => {
  let count = 0
  const timer = await new Promise<NodeJS.Timeout | undefined>(resolve => {
    const repeating = setRepeatingTimer(1, () => {
      if (++count === 3) resolve(repeating)
    })
    expect(repeating?.hasRef()).toBe(false)
  })
  clearInterval(timer)
  for (const ms of [0, 2 ** 31, Number.POSITIVE_INFINITY]) expect(setRepeatingTimer(ms, () => {})).toBeUndefined()
})

test('a jittered time lies between its share and the whole', () => {
  const all = draw(() => jittered(100, 0.5))
  expect(Math.min(...all)).toBeGreaterThanOrEqual(50)
  expect(Math.max(...all)).toBeLessThanOrEqual(100)
  expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(25)
})

test.each([
  [0, 25],
  [1, 50],
  [3, 200],
  [6, 1_000],
  [2_000, 1_000],
])('the pause before attempt %i is at most %i ms', (attempt, bound) => {
  const all = draw(() => backoffDelay(attempt, 25, 1_000))
  expect(Math.max(...all)).toBeLessThanOrEqual(bound)
  expect(Math.max(...all)).toBeGreaterThan(bound / 2)
  expect(Math.min(...draw(() => backoffDelay(attempt, 25, 1_000, 0.5)))).toBeGreaterThanOrEqual(bound / 2)
})

test('the pause is never NaN when the first bound is 0', () => {
  expect(backoffDelay(5_000, 0, 1_000)).toBe(0)
})
