import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LockError } from '../../src/errors/errors.js'
import { type Grant, LockLease } from '../../src/lock/lease.js'
import { lockError, lostError } from '../../src/lock/lock-errors.js'

// A lock uses Node's own clock, even if a test fakes the global one: this file replaces it by a clock that the test controls.
vi.hoisted(() => {
  vi.doMock('../../src/commands/core/timers.js', () => ({
    setTimer: (ms: number, fn: () => void) =>
      Number.isFinite(ms) ? setTimeout(fn, Math.min(ms, 2 ** 31 - 1)) : undefined,
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

/** Valid for 900 ms; `renew` extends it to 900 ms from now. */
function hold(change: Partial<Grant> = {}): { lease: LockLease; renewals: number[] } {
  const renewals: number[] = []
  const lease = new LockLease({
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
  return { lease, renewals }
}

describe('the lease of a lock', () => {
  test('a held lock is lost at its end, and stays lost', async () => {
    const { lease } = hold()
    await vi.advanceTimersByTimeAsync(TTL - 1)
    expect([lease.valid, lease.signal.aborted]).toEqual([true, false])
    const { signal } = lease
    await vi.advanceTimersByTimeAsync(2)
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toMatchObject({ name: 'LockNotOwnedError', reason: 'expired', lockName: 'job' })
    await expect(lease.extend(async () => performance.now() + TTL)).rejects.toBe(signal.reason)
    expect(lease.valid).toBe(false)
  })

  test('an extended lock is lost at its new end', async () => {
    const { lease } = hold()
    await lease.extend(async () => performance.now() + 5_000)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(lease.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(2)
    expect(lease.signal.aborted).toBe(true)
  })

  test('a lock that is extended too late is lost', async () => {
    const { lease } = hold()
    const extended = lease.extend(async () => {
      await new Promise(resolve => setTimeout(resolve, TTL + 10))
      return performance.now() + TTL
    })
    const refused = expect(extended).rejects.toMatchObject({ reason: 'expired' })
    await vi.advanceTimersByTimeAsync(TTL + 20)
    await refused
    expect(lease.valid).toBe(false)
  })

  test('a lock with a ttl over 24 days stays valid', async () => {
    const { lease } = hold({ validUntil: performance.now() + 40 * 86_400_000 })
    await vi.advanceTimersByTimeAsync(30 * 86_400_000)
    expect(lease.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(11 * 86_400_000)
    expect(lease.signal.aborted).toBe(true)
  })

  test('a lock extends itself with two thirds of the ttl left', async () => {
    const { lease, renewals } = hold()
    lease.autoExtend()
    await vi.advanceTimersByTimeAsync(10 * TTL)
    expect(renewals).toHaveLength(30)
    expect(lease.valid).toBe(true)
    await lease.end()
    await vi.advanceTimersByTimeAsync(10 * TTL)
    expect(renewals).toHaveLength(30)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a lock that cannot be extended retries, and is lost at its end', async () => {
    let tries = 0
    const { lease } = hold({
      renew: async () => {
        tries++
        throw lockError('unreachable', 'job')
      },
    })
    lease.autoExtend()
    await vi.advanceTimersByTimeAsync(TTL - 1)
    expect(tries).toBeGreaterThan(3)
    expect(lease.valid).toBe(true)
    await vi.advanceTimersByTimeAsync(2)
    expect(lease.signal.reason).toMatchObject({ reason: 'expired' })
    const before = tries
    await vi.advanceTimersByTimeAsync(10 * TTL)
    expect(tries).toBe(before)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a lock whose extension is in flight is lost at its end', async () => {
    const { lease } = hold({ renew: () => new Promise(() => {}) })
    lease.autoExtend()
    await vi.advanceTimersByTimeAsync(TTL + 1)
    expect(lease.signal.aborted).toBe(true)
  })

  test('a lock has one timer, however often it is extended', async () => {
    const { lease } = hold()
    lease.autoExtend()
    for (let i = 0; i < 20; i++) {
      await lease.extend(async () => performance.now() + TTL)
      expect(vi.getTimerCount()).toBe(1)
    }
  })

  test('a lock sends one extension at a time, and ends after the one in flight', async () => {
    const { lease } = hold()
    const order: string[] = []
    const extension = (name: string) => async () => {
      order.push(`${name} begins`)
      await new Promise(resolve => setTimeout(resolve, 10))
      order.push(`${name} ends`)
      return performance.now() + TTL
    }
    const first = lease.extend(extension('first'))
    const second = lease.extend(extension('second'))
    const ended = lease.end().then(() => order.push('over'))
    expect(lease.valid).toBe(false)
    await vi.advanceTimersByTimeAsync(30)
    await Promise.all([first, second, ended])
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends', 'over'])
  })

  test('shortening a lock never makes it longer', () => {
    const { lease } = hold()
    const { validUntil } = lease
    lease.shorten(validUntil + 1)
    expect(lease.validUntil).toBe(validUntil)
    lease.shorten(validUntil - 1)
    expect(lease.validUntil).toBe(validUntil - 1)
  })

  test('a lock is lost once, with the first reason', () => {
    const { lease } = hold()
    const reason = lostError('not owned', 'job')
    lease.lose(reason)
    lease.lose(lostError('expired', 'job'))
    expect([lease.lost, lease.signal.reason]).toEqual([reason, reason])
    expect(reason).toBeInstanceOf(LockError)
    expect(vi.getTimerCount()).toBe(0)
  })
})
