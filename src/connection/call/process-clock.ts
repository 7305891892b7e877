/**
 * The process's own time, in whole ms: a clock that stops while the process stands still (a long synchronous call, a
 * debugger, SIGSTOP, a frozen container). All time limits are on it, so that nothing fails for time in which nobody here
 * could read a reply.
 *
 *   performance.now()   ──┬──┬──┬──┬────────────────┬──┬──▸
 *   beats               ──┼──┼──┼──┼   stands still ┼──┼──▸    given back: the whole gap, once
 *   own time            ──┴──┴──┴──┴────────────────▾──┴──▸
 *
 * A beat every 25 ms measures it, for as long as somebody has a limit on it.
 */
import { clearInterval, performance, setRepeatingTimer } from '../../commands/core/timers.js'

/** How often limits are looked at, ms. A call may live this much longer than asked for. */
const BEAT = 25
/** A beat that comes later than this after the last one: the process stood still between them. */
const LATE = 2 * BEAT
/**
 * Who waits is given back so many standstills, and one more for each second: what is late all the time is no standstill but a
 * slow process, whose limits must come all the same.
 */
const MOST = 10

/** Somebody who has a limit on own time, and keeps the clock going by it. */
export interface BeatWatcher {
  /** Since when he waits, own time. */
  readonly since: number
  onBeat(): void
}

/** How far own time is behind `performance.now()`. */
let given = 0
let lastBeat = 0
/** What own time does not pass before the next beat, which may find that the process stood still. */
let bound = Number.POSITIVE_INFINITY
/** Standstills that were given back to those who wait, less one for each second, and own time when the first of them began. */
let count = 0
let countedFrom = 0
let timer: NodeJS.Timeout | undefined
const waiting = new Set<BeatWatcher>()

/** The process's own time. What begins now is counted from here. */
export function processTime(): number {
  return Math.min(Math.trunc(performance.now()) - given, bound)
}

/** Own time at the last beat: what was due then is due, whatever happened since. */
export function measuredProcessTime(): number {
  return lastBeat
}

/** Measures own time, and calls back at each beat, until `ignoreBeats`. */
export function watchBeats(one: BeatWatcher): void {
  waiting.add(one)
  if (timer !== undefined) return
  lastBeat = Math.trunc(performance.now()) - given
  setBound()
  // Unreferenced: what keeps the process alive for a waiting call is its socket, or the timer of its next attempt.
  timer = setRepeatingTimer(BEAT, beat)
}

export function unwatchBeats(one: BeatWatcher): void {
  waiting.delete(one)
  if (waiting.size > 0) return
  clearInterval(timer)
  timer = undefined
  bound = Number.POSITIVE_INFINITY
}

function beat(): void {
  const passed = Math.trunc(performance.now()) - given - lastBeat
  // The standstill itself is none of these seconds: else turns of a second each would stop own time for good.
  count = Math.max(0, count - Math.min(passed, LATE) / 1_000)
  // One ms goes by in a standstill too: it tells those who waited before from those who came after.
  const stoodStill = passed > LATE && isGivenBack()
  if (stoodStill) given += passed - 1
  lastBeat += stoodStill ? 1 : passed
  setBound()
  for (const one of waiting) one.onBeat()
}

function isGivenBack(): boolean {
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
