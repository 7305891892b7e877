import { getEventListeners } from 'node:events'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { isSignal, onAbort, unwatchSignal, watchSignal } from '../../../src/commands/core/abort-signals.js'

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

describe('watching abort signals', () => {
  test('a signal has one listener for all its watchers, and none when all of them have left', () => {
    const { signal } = new AbortController()
    const ends = Array.from({ length: 100 }, () => onAbort(signal, () => {}))
    const watcher = { aborted: () => {} }
    watchSignal(signal, watcher)
    expect(listeners(signal)).toBe(1)
    for (const end of ends) end()
    expect(listeners(signal)).toBe(1)
    unwatchSignal(signal, watcher)
    expect(listeners(signal)).toBe(0)
  })

  test('an abort notifies all current watchers with its reason, but none that left before or during it', () => {
    const controller = new AbortController()
    const called: string[] = []
    const ends: Record<string, () => void> = {}
    for (const name of ['a', 'b', 'c', 'd']) {
      ends[name] = onAbort(controller.signal, reason => {
        called.push(`${name} ${reason}`)
        if (name === 'b') ends.c?.()
      })
    }
    ends.a?.()
    controller.abort('enough')
    expect(called).toEqual(['b enough', 'd enough'])
  })

  test('without a signal nothing is watched', () => {
    expect(onAbort(undefined, () => expect.unreachable())()).toBeUndefined()
  })

  test('a signal of another realm is accepted, and an object that only resembles one is not', () => {
    expect(isSignal(AbortSignal.abort())).toBe(true)
    const foreign: unknown = runInNewContext(
      '({ aborted: false, addEventListener() {}, removeEventListener() {}, reason: undefined })',
    )
    expect(isSignal(foreign)).toBe(true)
    for (const value of [
      undefined,
      null,
      1,
      'signal',
      {},
      { aborted: true },
      new AbortController(),
      new EventTarget(),
    ]) {
      expect(isSignal(value)).toBe(false)
    }
  })
})
