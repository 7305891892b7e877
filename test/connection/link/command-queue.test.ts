import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Command } from '../../../src/commands/core/command.js'
import { write } from '../../../src/commands/core/spec.js'
import { unwatchBeats, watchBeats } from '../../../src/connection/call/process-clock.js'
import { CommandQueue } from '../../../src/connection/link/command-queue.js'

const clock = { since: 0, onBeat: () => {} }
const LINE = write('SIMULATED.LINE', String)

/** An unsettled command, whose time is up if `isLate`. */
function waiting(isLate: boolean): Command {
  const command = new Command(LINE, ['k', 'v'])
  command.resolve = () => {}
  command.deadline = isLate ? 1 : 0
  return command
}

describe('an overdue command that has not rejected yet', () => {
  beforeEach(() => watchBeats(clock))
  afterEach(() => unwatchBeats(clock))

  test('an overdue command on a leased connection holds back later commands, which may depend on it', () => {
    const queue = new CommandQueue()
    const [late, next] = [waiting(true), waiting(false)]
    queue.push(late)
    queue.push(next)
    expect(queue.shift(true)).toBeUndefined()
    queue.forget(late)
    late.resolve = undefined
    expect(queue.shift(true)).toBe(next)
    expect(queue.commands).toBe(0)
  })

  test('an overdue command on a shared connection is skipped', () => {
    const queue = new CommandQueue()
    const next = waiting(false)
    queue.push(waiting(true))
    queue.push(next)
    expect(queue.shift()).toBe(next)
  })
})
