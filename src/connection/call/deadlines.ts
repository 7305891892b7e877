/**
 * The deadlines of all calls of the process, on its own time.
 *
 *   5000 ms  ▸ [ oldest … newest ]      one list per time-out, in order of their deadlines by themselves;
 *    200 ms  ▸ [ … ]                    each beat looks at the heads only
 *
 * What is due is judged after the poll phase that follows the beat, in slices, so that a million calls whose time is up hold
 * nobody up. A settled command stays in its list until it comes to the head, or until its part of the list is cleared of settled
 * ones. A part is cleared when it has doubled since, and one of the older ones whenever a part is full: so the work per
 * command is constant, in pieces of one part, and what is held is about twice what waits.
 */
import Denque from 'denque'
import type { Command } from '../../commands/core/command.js'
import { detached, setImmediate } from '../../commands/core/timers.js'
import { type BeatWatcher, measuredProcessTime, unwatchBeats, watchBeats } from './process-clock.js'
import { inSlices } from './time-slices.js'

const LEAST = 1024
/** Commands of a part at most: to clear it takes a fraction of a ms. */
const MOST = 16_384

interface Line {
  readonly timeout: number
  /** Full parts, oldest first; none is empty. */
  readonly older: Denque<Denque<Command>>
  /** The part that takes what comes. */
  newest: Denque<Command>
  /** Length at which it is cleared of settled commands. */
  clearAt: number
  /** Which of the older parts is cleared next. */
  turn: number
}

const lines = new Map<number, Line>()
let last: Line | undefined

/** Gives `command` a deadline `timeout` ms after `now`, own time, and watches over it. 0 and Infinity are none. */
export function setDeadline(command: Command, timeout: number, now: number): void {
  if (timeout === 0 || timeout === Number.POSITIVE_INFINITY) return
  command.deadline = Math.ceil(now + timeout)
  // Nearly all calls of a process have the same time-out: one comparison instead of a look-up.
  const line = last !== undefined && last.timeout === timeout ? last : lineOf(timeout)
  line.newest.push(command)
  if (line.newest.length >= line.clearAt) clear(line)
}

/** Whether the time of `command` was up at the last beat: it is about to be judged. */
export function isOverdue(command: Command): boolean {
  return command.deadline !== 0 && command.deadline <= measuredProcessTime()
}

function lineOf(timeout: number): Line {
  let line = lines.get(timeout)
  if (line === undefined) {
    line = { timeout, older: new Denque(), newest: new Denque(), clearAt: LEAST, turn: 0 }
    lines.set(timeout, line)
    watchBeats(calls)
  }
  last = line
  return line
}

function clear(line: Line): void {
  const { newest, older } = line
  dropSettled(newest)
  if (newest.length >= MOST / 2) {
    older.push(newest)
    line.newest = new Denque()
    clearOlder(line)
  }
  line.clearAt = Math.min(MOST, Math.max(LEAST, line.newest.length * 2))
}

function clearOlder(line: Line): void {
  const { older } = line
  line.turn = (line.turn + 1) % older.length
  const part = older.peekAt(line.turn) as Denque<Command>
  dropSettled(part)
  const before = line.turn === 0 ? undefined : older.peekAt(line.turn - 1)
  // What is left of a part joins the one before it, so that parts do not become many and small.
  if (part.length > 0 && (before === undefined || before.length + part.length > MOST)) return
  for (let command = part.shift(); command !== undefined; command = part.shift()) before?.push(command)
  older.removeOne(line.turn)
}

function dropSettled(commands: Denque<Command>): void {
  for (let left = commands.length; left > 0; left--) {
    const command = commands.shift() as Command
    if (command.resolve !== undefined) commands.push(command)
  }
}

function headOf({ newest, older }: Line): Command | undefined {
  return (older.peekFront() ?? newest).peekFront()
}

function dropHead({ newest, older }: Line): void {
  const first = older.peekFront() ?? newest
  first.shift()
  if (first !== newest && first.length === 0) older.shift()
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
const calls: BeatWatcher = {
  get since() {
    let oldest = Number.POSITIVE_INFINITY
    for (const line of lines.values()) {
      const { older, newest, timeout } = line
      dropSettled(older.peekFront() ?? newest)
      if (older.peekFront()?.length === 0) older.shift()
      const head = headOf(line)
      if (head !== undefined) oldest = Math.min(oldest, head.deadline - Math.ceil(timeout))
    }
    return oldest
  },
  onBeat() {
    if (judging) return
    for (const line of lines.values()) {
      const head = headOf(line)
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
  detached(() => setImmediate(judge))
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
  const { timeout } = line
  const command = headOf(line)
  if (command === undefined) {
    lines.delete(timeout)
    if (last === line) last = undefined
    if (lines.size === 0) unwatchBeats(calls)
    return false
  }
  if (command.resolve !== undefined && !isOverdue(command)) return false
  dropHead(line)
  expire({ command, timeout, round: 1 })
  return true
}

function expire({ command, timeout, round }: Overdue): void {
  const { deadline, owner: holder, resolve } = command
  if (resolve === undefined) return
  const elapsed = timeout + measuredProcessTime() - deadline
  if (holder?.onDeadline(command, elapsed, round) === false) unread.push({ command, timeout, round: round + 1 })
}
