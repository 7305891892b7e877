import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TimeoutError } from '../../src/errors/errors.js'
import type { LockClient } from '../../src/lock/lock-client.js'
import { callAll, decide } from '../../src/lock/quorum.js'

const never = (): Promise<never> => new Promise(() => {})
const no = (): Promise<boolean> => Promise.resolve(false)
const yes = (): Promise<boolean> => Promise.resolve(true)
const fails = (): Promise<never> => Promise.reject(new Error('no reply'))
const agrees = (reply: boolean): boolean => reply

describe('decide', () => {
  test.each([
    ['one server that agrees', [yes], true, true],
    ['one server that does not agree', [no], false, true],
    ['one server that fails', [fails], false, false],
    ['a majority that agrees, while the others never answer', [never, yes, yes, never, yes], true, true],
    ['a majority that does not agree, while the others never answer', [no, never, no, no, never], false, true],
    ['two of four, which are no majority', [yes, yes, no, no], false, true],
    ['a majority that fails, while the others never answer', [fails, fails, fails, never, never], false, false],
    ['too few servers that could agree', [yes, yes, fails, fails, fails], false, false],
    ['a majority that answers without agreeing', [yes, yes, no, fails, fails], false, true],
  ])('decide is right for %s', async (_, replies, agreed, answered) => {
    const cast = replies.map(reply => reply())
    expect(await decide(cast, agrees)).toMatchObject({ agreed, answered })
  })

  test('decide equals counting, in any order of answers', () => {
    const reply = fc.constantFrom(yes, no, fails)
    return fc.assert(
      fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 9 }), fc.scheduler(), async (all, scheduler) => {
        const replies = all.map(each => scheduler.schedule(each()))
        const verdict = decide(replies, agrees)
        await scheduler.waitAll()
        const { agreed, answered } = await verdict
        const count = (which: typeof yes) => all.filter(each => each === which).length
        expect(agreed).toBe(count(yes) > all.length / 2)
        if (!agreed) expect(answered).toBe(count(yes) + count(no) > all.length / 2)
      }),
    )
  })
})

describe('calls to several servers', () => {
  const deaf: LockClient = { run: never }

  test('a call stops waiting after the limit and aborts the call of the client', async () => {
    const signals: AbortSignal[] = []
    const client: LockClient = {
      run: never,
      with: ({ signal }) => {
        signals.push(signal)
        return deaf
      },
    }
    const [reply] = callAll([client], on => (on === deaf ? never() : no()), 20)
    await expect(reply).rejects.toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
    expect(signals.map(signal => signal.reason)).toEqual([expect.any(TimeoutError)])
  })

  test('a call stops waiting for a client without support for signals', async () => {
    await expect(callAll([deaf], () => never(), 5)[0]).rejects.toBeInstanceOf(TimeoutError)
  })

  test('a call stops when the signal aborts, and removes its listener when it is done', async () => {
    const controller = new AbortController()
    const { signal } = controller
    expect(await Promise.all(callAll([deaf, deaf], yes, 10_000, signal))).toEqual([true, true])
    await Promise.resolve()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    const [reply] = callAll([deaf], never, Number.POSITIVE_INFINITY, signal)
    controller.abort('enough')
    await expect(reply).rejects.toBe('enough')
  })
})
