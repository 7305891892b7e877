/**
 * The deadlines of all calls of the process, on its own time.
 *
 *   5000 ms  ▸ [ oldest … newest ]      one list per time-out, in order of their deadlines by themselves;
 *    200 ms  ▸ [ … ]                    each beat looks at the heads only
 *
 * What is due is judged after the poll phase that follows the beat, in slices, so that a million calls whose time is up hold
 * nobody up. A settled command stays in its list until it comes to the head, or until a list has doubled since it was last
 * cleared of settled ones: so the work per command is constant, and what is held is at most twice what waits.
 */
import Denque from 'denque'
import type { Command } from '../commands/command.js'
import { setImmediate } from '../commands/timers.js'
import { outside } from './outside.js'
import { heedBeats, ignoreBeats, measuredTime, type Waiting } from './own-time.js'
import { inSlices } from './slices.js'

const LEAST = 1024

interface Line {
  readonly timeout: number
  readonly commands: Denque<Command>
  /** Length at which settled commands are cleared out. */
  clearAt: number
}

const lines = new Map<number, Line>()
let last: Line | undefined

/** Gives `command` a deadline `timeout` ms after `now`, own time, and watches over it. 0 and Infinity are none. */
export function setDeadline(command: Command, timeout: number, now: number): void {
  if (timeout === 0 || timeout === Number.POSITIVE_INFINITY) return
  command.deadline = Math.ceil(now + timeout)
  // Nearly all calls of a process have the same time-out: one comparison instead of a look-up.
  const line = last !== undefined && last.timeout === timeout ? last : lineOf(timeout)
  line.commands.push(command)
  if (line.commands.length >= line.clearAt) clear(line)
}

/** Whether the time of `command` was up at the last beat: it is about to be judged. */
export function isOverdue(command: Command): boolean {
  return command.deadline !== 0 && command.deadline <= measuredTime()
}

function lineOf(timeout: number): Line {
  let line = lines.get(timeout)
  if (line === undefined) {
    line = { timeout, commands: new Denque(), clearAt: LEAST }
    lines.set(timeout, line)
    heedBeats(calls)
  }
  last = line
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

/** What is due, and whose reply may still be in the kernel. */
interface Overdue {
  readonly command: Command
  readonly timeout: number
  readonly round: number
}

let unread: Overdue[] = []
let judging = false

/** All who wait for a reply. */
const calls: Waiting = {
  get since() {
    let oldest = Number.POSITIVE_INFINITY
    for (const { commands, timeout } of lines.values()) {
      let head = commands.peekFront()
      for (; head !== undefined && head.resolve === undefined; head = commands.peekFront()) commands.shift()
      if (head !== undefined) oldest = Math.min(oldest, head.deadline - Math.ceil(timeout))
    }
    return oldest
  },
  onBeat() {
    if (judging) return
    for (const { commands } of lines.values()) {
      const head = commands.peekFront()
      if (head === undefined || head.resolve === undefined || isOverdue(head)) {
        judgeSoon()
        return
      }
    }
  },
}

/** After the poll phase: by then the sockets were read. */
function judgeSoon(): void {
  judging = true
  outside(() => setImmediate(judge))
}

function judge(): void {
  const again = unread
  unread = []
  const due = [...lines.values()]
  let at = 0
  inSlices(
    () => {
      const overdue = again[at]
      if (overdue !== undefined) {
        at++
        expire(overdue)
        return true
      }
      const line = due.at(-1)
      if (line === undefined) return false
      if (!expireHead(line)) due.pop()
      return true
    },
    () => {
      judging = false
      if (unread.length > 0) judgeSoon()
    },
  )
}

/** Takes the head of a list if it is settled or due; false if it is neither. */
function expireHead(line: Line): boolean {
  const { commands, timeout } = line
  const command = commands.peekFront()
  if (command === undefined) {
    lines.delete(timeout)
    if (last === line) last = undefined
    if (lines.size === 0) ignoreBeats(calls)
    return false
  }
  if (command.resolve !== undefined && !isOverdue(command)) return false
  commands.shift()
  expire({ command, timeout, round: 1 })
  return true
}

function expire({ command, timeout, round }: Overdue): void {
  const { deadline, holder, resolve } = command
  if (resolve === undefined) return
  const elapsed = timeout + measuredTime() - deadline
  if (holder?.expire(command, elapsed, round) === false) unread.push({ command, timeout, round: round + 1 })
}
