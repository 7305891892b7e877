/** Work on very many commands at once, done in slices, so that the event loop and with it everybody else goes on. */
import Denque from 'denque'
import { performance, setImmediate } from '../commands/timers.js'
import { outside } from './outside.js'

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
let working = false
/** When the slice of this turn is over; 0 if none has begun. */
let end = 0

/**
 * Calls `step` until it returns false, then `done`: at once as far as this turn allows, so that what is little is done when
 * this returns, and the rest in the turns that follow, each after its poll phase. Works are done in the order in which they came.
 */
export function inSlices(step: () => boolean, done: () => void = () => {}): void {
  works.push({ step, done })
  if (working) return
  if (end === 0) {
    end = performance.now() + SLICE
    outside(() => setImmediate(nextTurn))
  }
  work()
}

function nextTurn(): void {
  end = 0
  if (works.length === 0) return
  end = performance.now() + SLICE
  outside(() => setImmediate(nextTurn))
  work()
}

function work(): void {
  working = true
  try {
    for (let first = works.peekFront(); first !== undefined; first = works.peekFront()) {
      if (performance.now() >= end) return
      let left = STEPS
      while (left > 0 && first.step()) left--
      if (left > 0) {
        works.shift()
        first.done()
      }
    }
  } finally {
    working = false
  }
}
