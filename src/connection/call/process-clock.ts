/**
 * The process's own time, in whole ms: a clock that stops while the process is blocked (a long synchronous call, a debugger,
 * SIGSTOP, a frozen container). All time limits use it, so that no call fails for time in which this process could not read
 * its reply.
 *
 *   performance.now()   ──┬──┬──┬──┬────────────────┬──┬──▸
 *   beats               ──┼──┼──┼──┼    blocked     ┼──┼──▸    the clock skips the whole gap
 *   own time            ──┴──┴──┴──┴────────────────▾──┴──▸
 *
 * A beat every 25 ms measures it while there is a time limit.
 */
import { clearInterval, performance, setRepeatingTimer } from '../../commands/core/timers.js'

/** The interval of the checks of all limits, ms. A call may take this much longer than its timeout. */
const BEAT = 25
/** If two beats are further apart than this, the process was blocked between them. */
const LATE = 2 * BEAT
/**
 * The clock skips at most so many blocks in a row, and one more for each second that it counts. A process whose beats are always
 * late is slow, not blocked, and its limits must still end: else a silent server would never be noticed. Ten turns are enough
 * for a connect, a handshake, a redirect and a reply. A call whose reply is in the kernel does not depend on this, because a
 * written call times out only after a read.
 */
const MOST = 10

/** A time limit or a list of them. The clock is measured while there is one. */
export interface BeatWatcher {
  /** When it began to wait, in own time. */
  readonly since: number
  onBeat?(): void
}

/** The difference between `performance.now()` and own time: the sum of all skipped gaps. */
let skipped = 0
let lastBeat = 0
/** The limit of own time before the next beat, which may find that the process was blocked. */
let bound = Number.POSITIVE_INFINITY
/** Gaps that were skipped for the current watchers, minus one for each second; and own time at the first of these gaps. */
let count = 0
let countedFrom = 0
let timer: NodeJS.Timeout | undefined
const waiting = new Set<BeatWatcher>()

/** The process's own time, from which new limits are counted. */
export function processTime(): number {
  return Math.min(Math.trunc(performance.now()) - skipped, bound)
}

/** Own time at the last beat: a limit that ended before it has ended for certain. */
export function measuredProcessTime(): number {
  return lastBeat
}

/** Measures own time, and calls back at each beat, until `unwatchBeats`. */
export function watchBeats(one: BeatWatcher): void {
  waiting.add(one)
  if (timer !== undefined) return
  lastBeat = Math.trunc(performance.now()) - skipped
  setBound()
  // Unreferenced: the socket of a waiting call, or the timer of its next attempt, keeps the process alive.
  timer = setRepeatingTimer(BEAT, beat)
}

export function unwatchBeats(one: BeatWatcher): void {
  waiting.delete(one)
  if (waiting.size > 0) return
  clearInterval(timer)
  timer = undefined
  bound = Number.POSITIVE_INFINITY
  // A watcher that comes later was given nothing back.
  count = 0
}

function beat(): void {
  const passed = Math.trunc(performance.now()) - skipped - lastBeat
  // The gap itself is not counted as time: otherwise turns of a second each would stop own time for good.
  count = Math.max(0, count - Math.min(passed, LATE) / 1_000)
  // One ms passes in a gap too: it distinguishes calls made before the gap from calls made after it.
  const isSkipped = passed > LATE && maySkip()
  if (isSkipped) skipped += passed - 1
  lastBeat += isSkipped ? 1 : passed
  setBound()
  for (const one of waiting) one.onBeat?.()
}

function maySkip(): boolean {
  let oldest = Number.POSITIVE_INFINITY
  for (const { since } of waiting) oldest = Math.min(oldest, since)
  if (count === 0 || oldest > countedFrom) {
    count = 0
    countedFrom = lastBeat
  }
  count++
  return count <= MOST
}

function setBound(): void {
  bound = count < MOST ? lastBeat + LATE : Number.POSITIVE_INFINITY
}
