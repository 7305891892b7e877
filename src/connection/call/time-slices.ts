/** Work on very many commands at once, done in slices, so that the event loop and with it everybody else goes on. */
import Denque from 'denque'
import { detached, performance, setImmediate } from '../../commands/core/timers.js'

/** How long such work may take in one turn of the event loop, ms, whoever it is for. What callers do then comes on top. */
const SLICE = 1
/** Steps between two looks at the clock. */
const STEPS = 16

interface Work {
  /** Does a little; false when nothing is left. */
  readonly step: () => boolean
  readonly done: () => void
}

const works = new Denque<Work>()
/** Those that nobody's commands wait for: they go on when there are no others. */
const patient = new Denque<Work>()
let working = false
/** When the slice of this turn is over; 0 if none has begun. */
let end = 0

/**
 * Calls `step` until it returns false, then `done`: at once as far as this turn allows, so that what is little is done when
 * this returns, and the rest in the turns that follow, each after its poll phase. Works are done in the order in which they came.
 */
export function inSlices(step: () => boolean, done: () => void = () => {}): void {
  add(works, { step, done })
}

/** The same, for a work that others need not wait for: those that come later are done before what is left of it. */
export function inSpareSlices(step: () => boolean, done: () => void): void {
  add(patient, { step, done })
}

function add(to: Denque<Work>, work: Work): void {
  to.push(work)
  if (working) return
  if (end === 0) {
    end = performance.now() + SLICE
    detached(() => setImmediate(nextTurn))
  }
  workOn()
}

function nextTurn(): void {
  end = 0
  if (works.length + patient.length === 0) return
  end = performance.now() + SLICE
  detached(() => setImmediate(nextTurn))
  workOn()
}

function workOn(): void {
  working = true
  try {
    while (works.length + patient.length > 0) {
      if (performance.now() >= end) return
      const among = works.length > 0 ? works : patient
      const first = among.peekFront() as Work
      let left = STEPS
      while (left > 0 && first.step()) left--
      if (left > 0) {
        among.shift()
        first.done()
      }
    }
  } finally {
    working = false
  }
}
