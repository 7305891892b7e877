/** Shrinks a failing plan: leaves out steps and strikes as long as the same kind of failure remains. */
import type { Plan } from '../plan.js'

/** Returns the text of a failure without the numbers that differ from run to run. */
export function kindOf(failure: string): string {
  return failure
    .replace(/#\d+ .*?\)/, '')
    .replace(/[\d.~]+/g, '')
    .slice(0, 70)
}

/** Returns the smallest plan found. `fails` returns the failures of a plan; `isOver` returns true when the time is up. */
export function shrink(plan: Plan, fails: (plan: Plan) => readonly string[], isOver: () => boolean): Plan {
  const [first] = fails(plan)
  if (first === undefined) return plan
  const kind = kindOf(first)
  const isStill = (smaller: Plan) => fails(smaller).some(failure => kindOf(failure) === kind)
  let best = plan
  for (let round = 0; round < 3 && !isOver(); round++) {
    const before = best.steps.length + best.strikes.length
    best = without(best, 'strikes', isStill, isOver)
    best = without(best, 'steps', isStill, isOver)
    if (best.steps.length + best.strikes.length === before) break
  }
  return best
}

/** Leaves out ever smaller pieces of one of the lists. */
function without(plan: Plan, list: 'steps' | 'strikes', isStill: (plan: Plan) => boolean, isOver: () => boolean): Plan {
  let best = plan
  for (let size = Math.ceil(best[list].length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = best[list].length - size; from > -size; from -= size) {
      if (isOver()) return best
      const begin = Math.max(0, from)
      const rest = [...best[list].slice(0, begin), ...best[list].slice(begin + size)]
      const smaller = { ...best, [list]: rest } as Plan
      if (rest.length < best[list].length && isStill(smaller)) best = smaller
    }
  }
  return best
}
