import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LockError } from '../../src/errors/errors.js'
import { type Grant, LockLease } from '../../src/lock/lease.js'
import { lockError, lostError } from '../../src/lock/lock-errors.js'

// A lock lives on Node's own clock, whatever a test puts in its place: this file gives it one that the test turns.
vi.hoisted(() => {
  vi.doMock('../../src/commands/core/timers.js', () => ({
    setTimeout: (...args: Parameters<typeof setTimeout>) => setTimeout(...args),
    clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
    performance: { now: () => performance.now() },
  }))
  vi.resetModules()
})

afterAll(() => {
  vi.doUnmock('../../src/commands/core/timers.js')
  vi.resetModules()
})

const TTL = 900

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Valid for 900 ms; `renew` gives as much from now on. */
function hold(change: Partial<Grant> = {}): { tenure: LockLease; renewals: number[] } {
  const renewals: number[] = []
  const tenure = new LockLease({
    lockName: 'job',
    token: 'token',
    fencing: 1,
    ttl: TTL,
    validUntil: performance.now() + TTL,
    renew: async () => {
      renewals.push(performance.now())
      return performance.now() + TTL
    },
    ...change,
  })
  return { tenure, renewals }
}

describe('a tenure', () => {
  test('is lost at its end, and stays lost', async () => {
    const { tenure } = hold()
    await vi.advanceTimersByTimeAsync(TTL - 1)
    expect([tenure.valid, tenure.signal.aborted]).toEqual([true, false])
    const { signal } = tenure
    await vi.advanceTimersByTimeAsync(2)
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toMatchObject({ name: 'LockNotOwnedError', reason: 'expired', lockName: 'job' })
    await expect(tenure.extend(async () => performance.now() + TTL)).rejects.toBe(signal.reason)
    expect(tenure.valid).toBe(false)
  })

  test('that was extended is lost at its new end', async () => {
    const { tenure } = hold()
    await tenure.extend(async () => performance.now() + 5_000)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(tenure.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(2)
    expect(tenure.signal.aborted).toBe(true)
  })

  test('that was extended too late is lost', async () => {
    const { tenure } = hold()
    const extended = tenure.extend(async () => {
      await new Promise(resolve => setTimeout(resolve, TTL + 10))
      return performance.now() + TTL
    })
    const refused = expect(extended).rejects.toMatchObject({ reason: 'expired' })
    await vi.advanceTimersByTimeAsync(TTL + 20)
    await refused
    expect(tenure.valid).toBe(false)
  })

  test('of more than 24 days is not lost at once', async () => {
    const { tenure } = hold({ validUntil: performance.now() + 40 * 86_400_000 })
    await vi.advanceTimersByTimeAsync(30 * 86_400_000)
    expect(tenure.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(11 * 86_400_000)
    expect(tenure.signal.aborted).toBe(true)
  })

  test('extends itself with two thirds of the ttl left', async () => {
    const { tenure, renewals } = hold()
    tenure.autoExtend()
    await vi.advanceTimersByTimeAsync(10 * TTL)
    expect(renewals).toHaveLength(30)
    expect(tenure.valid).toBe(true)
    await tenure.end()
    await vi.advanceTimersByTimeAsync(10 * TTL)
    expect(renewals).toHaveLength(30)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('that cannot be extended tries again, then is lost in time', async () => {
    let tries = 0
    const { tenure } = hold({
      renew: async () => {
        tries++
        throw lockError('unreachable', 'job')
      },
    })
    tenure.autoExtend()
    await vi.advanceTimersByTimeAsync(TTL - 1)
    expect(tries).toBeGreaterThan(3)
    expect(tenure.valid).toBe(true)
    await vi.advanceTimersByTimeAsync(2)
    expect(tenure.signal.reason).toMatchObject({ reason: 'expired' })
    const before = tries
    await vi.advanceTimersByTimeAsync(10 * TTL)
    expect(tries).toBe(before)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('whose extension is under way is lost in time too', async () => {
    const { tenure } = hold({ renew: () => new Promise(() => {}) })
    tenure.autoExtend()
    await vi.advanceTimersByTimeAsync(TTL + 1)
    expect(tenure.signal.aborted).toBe(true)
  })

  test('has one timer, however often it is extended', async () => {
    const { tenure } = hold()
    tenure.autoExtend()
    for (let i = 0; i < 20; i++) {
      await tenure.extend(async () => performance.now() + TTL)
      expect(vi.getTimerCount()).toBe(1)
    }
  })

  test('extends one at a time, and ends behind the one under way', async () => {
    const { tenure } = hold()
    const order: string[] = []
    const extension = (name: string) => async () => {
      order.push(`${name} begins`)
      await new Promise(resolve => setTimeout(resolve, 10))
      order.push(`${name} ends`)
      return performance.now() + TTL
    }
    const first = tenure.extend(extension('first'))
    const second = tenure.extend(extension('second'))
    const ended = tenure.end().then(() => order.push('over'))
    expect(tenure.valid).toBe(false)
    await vi.advanceTimersByTimeAsync(30)
    await Promise.all([first, second, ended])
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends', 'over'])
  })

  test('that was shortened is never made longer by that', () => {
    const { tenure } = hold()
    const { validUntil } = tenure
    tenure.shorten(validUntil + 1)
    expect(tenure.validUntil).toBe(validUntil)
    tenure.shorten(validUntil - 1)
    expect(tenure.validUntil).toBe(validUntil - 1)
  })

  test('is lost once: the first reason counts', () => {
    const { tenure } = hold()
    const reason = lostError('not owned', 'job')
    tenure.lose(reason)
    tenure.lose(lostError('expired', 'job'))
    expect([tenure.lost, tenure.signal.reason]).toEqual([reason, reason])
    expect(reason).toBeInstanceOf(LockError)
    expect(vi.getTimerCount()).toBe(0)
  })
})
