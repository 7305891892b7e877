/** Does work on very many commands in slices, so that it does not block the event loop. */
import Denque from 'denque'
import { detached, performance, setImmediate } from '../../commands/core/timers.js'

/** How long all such work together may take in one turn of the event loop, ms. The reactions of callers take additional time. */
const SLICE = 1
/** Steps between two reads of the clock. */
const STEPS = 16

interface Work {
  /** Does one step; false if nothing is left to do. */
  readonly step: () => boolean
  readonly done: () => void
}

const works = new Denque<Work>()
/** Work for which no command waits: it is done when there is no other. */
const spareWorks = new Denque<Work>()
let working = false
/** When the slice of this turn ends; 0 if none has begun. */
let end = 0

/**
 * Calls `step` until it returns false, then `done`. It begins at once, so that little work is done when this returns; the rest
 * follows in the next turns, after their poll phases. Works are done in the order in which they were added.
 */
export function inSlices(step: () => boolean, done: () => void = () => {}): void {
  add(works, { step, done })
}

/** The same, for work that can wait: `inSlices` work that is added later is done before the rest of it. */
export function inSpareSlices(step: () => boolean, done: () => void): void {
  add(spareWorks, { step, done })
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
  if (works.length + spareWorks.length === 0) return
  end = performance.now() + SLICE
  detached(() => setImmediate(nextTurn))
  workOn()
}

function workOn(): void {
  working = true
  try {
    while (works.length + spareWorks.length > 0) {
      if (performance.now() >= end) return
      const among = works.length > 0 ? works : spareWorks
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
