import type { Execution } from '../ledger.js'
import { slotOf } from '../model/cluster/slots.js'
import type { Simulation } from '../simulation.js'
import { runsOf } from '../values.js'

/**
 * The writes of one lane of a client ran in the order of their calls, except writes that a server rejected for a while. In a
 * cluster each slot has an order of its own.
 */
export function* order({ ledger, plan }: Simulation): Iterable<string> {
  const last = new Map<string, { readonly run: Execution; readonly name: string }>()
  for (const call of ledger.calls) {
    const { isIdempotent, lane, parts } = call.traits
    // A write rejected as 'unknown' may run at any time, when its bytes arrive.
    if (lane === undefined || isIdempotent === true || call.fate !== 'resolved') continue
    for (const part of parts) {
      const [run] = part.isWrite ? runsOf(part) : []
      if (run === undefined || part.executions.length > 1) continue
      // A command without a key runs on any node.
      if (plan.isCluster && run.args[0] === 'PUBLISH') continue
      const slot = plan.isCluster ? slotOf(keyOf(run)) : 0
      const where = `${call.client} ${lane} ${slot}`
      const before = last.get(where)
      if (before !== undefined && before.run.order > run.order)
        yield `${call.name} ran before ${before.name}, which was called earlier.`
      else last.set(where, { run, name: call.name })
    }
  }
}

function keyOf({ args }: Execution): string {
  return args[args[0]?.startsWith('EVAL') ? 3 : 1] ?? ''
}
