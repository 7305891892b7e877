/**
 * The deadlines of all calls of the process, in the process's own time.
 *
 *   5000 ms  ▸ [ oldest … newest ]      one list per timeout, which is sorted by deadline without further work;
 *    200 ms  ▸ [ … ]                    each beat checks the heads only
 *
 * Overdue commands are checked again after the poll phase that follows the beat, in slices, so that a million timeouts do not
 * block the event loop. A settled command stays in its list until it is at the head, or until its part of the list is cleared
 * of settled commands. The newest part is cleared when it has doubled, and one older part whenever a part is full. So the work
 * per command is constant, in units of one part, and a list holds about twice as many commands as are waiting.
 */
import Denque from 'denque'
import type { Command } from '../../commands/core/command.js'
import { detached, setImmediate } from '../../commands/core/timers.js'
import { type BeatWatcher, measuredProcessTime, unwatchBeats, watchBeats } from './process-clock.js'
import { inSlices } from './time-slices.js'

const LEAST = 1024
/** The most commands of a part: clearing it takes a fraction of a ms. */
const MOST = 16_384

/** The commands with the same timeout. */
interface List {
  readonly timeout: number
  /** Full parts, oldest first; none is empty. */
  readonly older: Denque<Denque<Command>>
  /** The part to which new commands are added. */
  newest: Denque<Command>
  /** The length at which the newest part is cleared of settled commands. */
  clearAt: number
  /** The index of the older part that is cleared next. */
  turn: number
}

const lists = new Map<number, List>()
let last: List | undefined

/** Sets the deadline of `command` to `timeout` ms after `now` (own time), and watches it. 0 and Infinity set none. */
export function setDeadline(command: Command, timeout: number, now: number): void {
  if (timeout === 0 || timeout === Number.POSITIVE_INFINITY) return
  command.deadline = Math.ceil(now + timeout)
  // Nearly all calls of a process have the same timeout: one comparison instead of a lookup in the map.
  const list = last !== undefined && last.timeout === timeout ? last : listOf(timeout)
  list.newest.push(command)
  if (list.newest.length >= list.clearAt) clear(list)
}

/** Whether `command` was overdue at the last beat: it is about to time out. */
export function isOverdue(command: Command): boolean {
  return command.deadline !== 0 && command.deadline <= measuredProcessTime()
}

function listOf(timeout: number): List {
  let list = lists.get(timeout)
  if (list === undefined) {
    list = { timeout, older: new Denque(), newest: new Denque(), clearAt: LEAST, turn: 0 }
    lists.set(timeout, list)
    watchBeats(calls)
  }
  last = list
  return list
}

function clear(list: List): void {
  const { newest, older } = list
  dropSettled(newest)
  if (newest.length >= MOST / 2) {
    older.push(newest)
    list.newest = new Denque()
    clearOlder(list)
  }
  list.clearAt = Math.min(MOST, Math.max(LEAST, list.newest.length * 2))
}

function clearOlder(list: List): void {
  const { older } = list
  list.turn = (list.turn + 1) % older.length
  const part = older.peekAt(list.turn) as Denque<Command>
  dropSettled(part)
  const before = list.turn === 0 ? undefined : older.peekAt(list.turn - 1)
  // The rest of a part is moved to the part before it, so that there are never many small parts.
  if (part.length > 0 && (before === undefined || before.length + part.length > MOST)) return
  for (let command = part.shift(); command !== undefined; command = part.shift()) before?.push(command)
  older.removeOne(list.turn)
}

function dropSettled(commands: Denque<Command>): void {
  for (let left = commands.length; left > 0; left--) {
    const command = commands.shift() as Command
    if (command.resolve !== undefined) commands.push(command)
  }
}

function headOf({ newest, older }: List): Command | undefined {
  return (older.peekFront() ?? newest).peekFront()
}

function dropHead({ newest, older }: List): void {
  const first = older.peekFront() ?? newest
  first.shift()
  if (first !== newest && first.length === 0) older.shift()
}

/** An overdue command whose reply may still be in the kernel. */
interface Overdue {
  readonly command: Command
  readonly timeout: number
  readonly round: number
}

let unread: Overdue[] = []
let checking = false

/** All calls that wait for a reply. */
const calls: BeatWatcher = {
  get since() {
    let oldest = Number.POSITIVE_INFINITY
    for (const list of lists.values()) {
      const { older, newest, timeout } = list
      dropSettled(older.peekFront() ?? newest)
      if (older.peekFront()?.length === 0) older.shift()
      const head = headOf(list)
      if (head !== undefined) oldest = Math.min(oldest, head.deadline - Math.ceil(timeout))
    }
    return oldest
  },
  onBeat() {
    if (checking) return
    for (const list of lists.values()) {
      const head = headOf(list)
      if (head === undefined || head.resolve === undefined || isOverdue(head)) {
        checkSoon()
        return
      }
    }
  },
}

/**
 * Checks again in `setImmediate`, after Node has read its sockets: a blocked event loop must not time out calls whose replies
 * have already arrived.
 */
function checkSoon(): void {
  checking = true
  detached(() => setImmediate(check))
}

function check(): void {
  const again = unread
  unread = []
  const due = [...lists.values()]
  let at = 0
  inSlices(
    () => {
      const overdue = again[at]
      if (overdue !== undefined) {
        at++
        expire(overdue)
        return true
      }
      const list = due.at(-1)
      if (list === undefined) return false
      if (!expireHead(list)) due.pop()
      return true
    },
    () => {
      checking = false
      if (unread.length > 0) checkSoon()
    },
  )
}

/** Removes the head of a list if it is settled or overdue; false if it is neither. */
function expireHead(list: List): boolean {
  const { timeout } = list
  const command = headOf(list)
  if (command === undefined) {
    lists.delete(timeout)
    if (last === list) last = undefined
    if (lists.size === 0) unwatchBeats(calls)
    return false
  }
  if (command.resolve !== undefined && !isOverdue(command)) return false
  dropHead(list)
  expire({ command, timeout, round: 1 })
  return true
}

function expire({ command, timeout, round }: Overdue): void {
  const { deadline, owner, resolve } = command
  if (resolve === undefined) return
  const elapsed = timeout + measuredProcessTime() - deadline
  if (owner?.onDeadline(command, elapsed, round) === false) unread.push({ command, timeout, round: round + 1 })
}
