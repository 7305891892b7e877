import type { Simulation } from '../simulation.js'

/** Every resolved value is that of its own execution. */
export function* ownReplies({ ledger }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    const fault = call.fate === 'resolved' ? call.traits.expects?.(call.value, call) : undefined
    if (fault !== undefined) yield `${call.name}: ${fault}`
  }
}
