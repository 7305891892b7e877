import type { Execution } from '../ledger.js'
import type { Simulation } from '../simulation.js'
import { runsOf } from '../values.js'

/** Writes of one lane of a client run in the order of their calls, but for those that a server refused for a while. */
export function* order({ ledger }: Simulation): Iterable<string> {
  const last = new Map<string, { readonly run: Execution; readonly name: string }>()
  for (const call of ledger.calls) {
    const { isIdempotent, lane, parts } = call.traits
    // What was given up as 'unknown' may run whenever its bytes arrive.
    if (lane === undefined || isIdempotent === true || call.fate !== 'resolved') continue
    for (const part of parts) {
      const [run] = part.isWrite ? runsOf(part) : []
      if (run === undefined || part.executions.length > 1) continue
      const where = `${call.client} ${lane}`
      const before = last.get(where)
      if (before !== undefined && before.run.order > run.order)
        yield `${call.name} ran before ${before.name}, which was called earlier.`
      else last.set(where, { run, name: call.name })
    }
  }
}
