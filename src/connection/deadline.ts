/**
 * The deadlines of all calls of the process, on one coarse clock.
 *
 *   5000 ms  ▸ [ oldest … newest ]      one list per time-out, in order of their deadlines by themselves;
 *    200 ms  ▸ [ … ]                    each tick looks at the heads only
 *
 * A settled command stays in its list until it comes to the head, or until a list has doubled since it was last cleared
 * of settled ones: so the work per command is constant, and what is held is at most twice what waits.
 */
import Denque from 'denque'
import type { Command } from '../commands/command.js'
import { outside } from './outside.js'

/** How often deadlines are looked at, ms. A call may live this much longer than asked for. */
const TICK = 25
const LEAST = 1024

interface Line {
  readonly timeout: number
  readonly commands: Denque<Command>
  /** Length at which settled commands are cleared out. */
  clearAt: number
}

const lines = new Map<number, Line>()
let timer: NodeJS.Timeout | undefined
let last: Line | undefined

/** Gives `command` a deadline `timeout` ms after `now` and watches over it. 0 and Infinity are none. */
export function setDeadline(command: Command, timeout: number, now: number): void {
  if (timeout === 0 || timeout === Number.POSITIVE_INFINITY) return
  command.deadline = Math.ceil(now + timeout)
  // Nearly all calls of a process have the same time-out: one comparison instead of a look-up.
  const line = last !== undefined && last.timeout === timeout ? last : lineOf(timeout)
  line.commands.push(command)
  if (line.commands.length >= line.clearAt) clear(line)
}

function lineOf(timeout: number): Line {
  let line = lines.get(timeout)
  if (line === undefined) {
    line = { timeout, commands: new Denque(), clearAt: LEAST }
    lines.set(timeout, line)
  }
  last = line
  // Unreferenced: what keeps the process alive for a waiting call is its socket, or the timer of its next attempt.
  timer ??= outside(() => setInterval(tick, TICK).unref())
  return line
}

function clear(line: Line): void {
  const { commands } = line
  for (let left = commands.length; left > 0; left--) {
    const command = commands.shift() as Command
    if (command.resolve !== undefined) commands.push(command)
  }
  line.clearAt = Math.max(LEAST, commands.length * 2)
}

function tick(): void {
  const now = performance.now()
  let waiting: Overdue[] | undefined
  for (const line of lines.values()) {
    const { commands } = line
    for (let command = commands.peekFront(); command !== undefined; command = commands.peekFront()) {
      if (command.resolve === undefined) {
        commands.shift()
        continue
      }
      if (command.deadline > now) break
      commands.shift()
      if (command.holder?.expire(command, line.timeout + now - command.deadline, 0) === false) {
        waiting ??= []
        waiting.push({ command, timeout: line.timeout })
      }
    }
    if (commands.length === 0) {
      lines.delete(line.timeout)
      if (last === line) last = undefined
    }
  }
  if (waiting !== undefined) later(waiting, 1)
  if (lines.size === 0) {
    clearInterval(timer)
    timer = undefined
  }
}

interface Overdue {
  readonly command: Command
  readonly timeout: number
}

/**
 * Comes again behind the poll phase: by then the sockets were read. A loop that stood still must not fail calls whose
 * replies have come meanwhile.
 */
function later(overdue: readonly Overdue[], round: number): void {
  outside(() =>
    setImmediate(() => {
      const now = performance.now()
      const still = overdue.filter(({ command, timeout }) => {
        const { deadline, holder, resolve } = command
        return resolve !== undefined && holder?.expire(command, timeout + now - deadline, round) === false
      })
      if (still.length > 0) later(still, round + 1)
    }),
  )
}
