import type { Execution } from '../ledger.js'
import type { Simulation } from '../simulation.js'
import { show } from '../values.js'

/** The clocks of servers and of the client count whole milliseconds. */
const ROUNDING = 2

/**
 * A blocking call ends without a result only when its own time is over. No call blocks the connection that all callers share.
 */
export function* blocked({ ledger, notes }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    const { blocksFor } = call.traits
    if (blocksFor === undefined || call.fate !== 'resolved' || call.traits.isEmpty?.(call.value) !== true) continue
    // Another user may have ended it with CLIENT UNBLOCK.
    const wasUnblocked = ({ connection }: Execution) => (notes.unblocked as Set<number> | undefined)?.has(connection)
    if (call.traits.parts.some(({ executions }) => executions.some(wasUnblocked))) continue
    const took = call.settledAt - call.startedAt
    if (blocksFor === 0 || took < blocksFor - ROUNDING)
      yield `${call.name} resolved with ${show(call.value)} after ${took.toFixed(1)} ms.`
  }
  const shared = new Map<unknown, string>()
  for (const { name, traits } of ledger.calls) {
    if (traits.lane !== 'shared') continue
    for (const { executions } of traits.parts) for (const { wire } of executions) if (wire) shared.set(wire, name)
  }
  for (const { args, phase, wire } of ledger.executions) {
    const other = phase === 'blocked' ? shared.get(wire) : undefined
    if (other !== undefined) yield `${args.join(' ')} blocked connection ${wire?.id}, which ${other} used too.`
  }
}
