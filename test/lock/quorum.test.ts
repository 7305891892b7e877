import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TimeoutError } from '../../src/errors/errors.js'
import type { LockClient } from '../../src/lock/lock-client.js'
import { ask, decide } from '../../src/lock/quorum.js'

const never = (): Promise<never> => new Promise(() => {})
const no = (): Promise<boolean> => Promise.resolve(false)
const yes = (): Promise<boolean> => Promise.resolve(true)
const fails = (): Promise<never> => Promise.reject(new Error('no reply'))
const agrees = (reply: boolean): boolean => reply

describe('decide', () => {
  test.each([
    ['one', [yes], true, true],
    ['one that does not', [no], false, true],
    ['one that fails', [fails], false, false],
    ['a majority of yes, the others never', [never, yes, yes, never, yes], true, true],
    ['a majority of no, the others never', [no, never, no, no, never], false, true],
    ['two of four are none', [yes, yes, no, no], false, true],
    ['a majority fails, the others never', [fails, fails, fails, never, never], false, false],
    ['too few that could agree', [yes, yes, fails, fails, fails], false, false],
    ['a majority answers, not with yes', [yes, yes, no, fails, fails], false, true],
  ])('%s', async (_, ballots, agreed, answered) => {
    const cast = ballots.map(ballot => ballot())
    expect(await decide(cast, agrees)).toMatchObject({ agreed, answered })
  })

  test('is what counting says, in whatever order they come', () => {
    const ballot = fc.constantFrom(yes, no, fails)
    return fc.assert(
      fc.asyncProperty(fc.array(ballot, { minLength: 1, maxLength: 9 }), fc.scheduler(), async (all, scheduler) => {
        const ballots = all.map(each => scheduler.schedule(each()))
        const verdict = decide(ballots, agrees)
        await scheduler.waitAll()
        const { agreed, answered } = await verdict
        const count = (which: typeof yes) => all.filter(each => each === which).length
        expect(agreed).toBe(count(yes) > all.length / 2)
        if (!agreed) expect(answered).toBe(count(yes) + count(no) > all.length / 2)
      }),
    )
  })
})

describe('ask', () => {
  const deaf: LockClient = { run: never }

  test('gives up after the limit, and what was given up is told to the client', async () => {
    const signals: AbortSignal[] = []
    const client: LockClient = {
      run: never,
      with: ({ signal }) => {
        signals.push(signal)
        return deaf
      },
    }
    const [ballot] = ask([client], on => (on === deaf ? never() : no()), 20)
    await expect(ballot).rejects.toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
    expect(signals.map(signal => signal.reason)).toEqual([expect.any(TimeoutError)])
  })

  test('a client that takes no signal is given up all the same', async () => {
    await expect(ask([deaf], () => never(), 5)[0]).rejects.toBeInstanceOf(TimeoutError)
  })

  test('gives up when the signal aborts, and listens to it no longer than it must', async () => {
    const controller = new AbortController()
    const { signal } = controller
    expect(await Promise.all(ask([deaf, deaf], yes, 10_000, signal))).toEqual([true, true])
    await Promise.resolve()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    const [ballot] = ask([deaf], never, Number.POSITIVE_INFINITY, signal)
    controller.abort('enough')
    await expect(ballot).rejects.toBe('enough')
  })
})
