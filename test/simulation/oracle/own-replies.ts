import type { Simulation } from '../simulation.js'

/** Every call resolves with the reply to its own command. */
export function* ownReplies({ ledger }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    const fault = call.fate === 'resolved' ? call.traits.expects?.(call.value, call) : undefined
    if (fault !== undefined) yield `${call.name}: ${fault}`
  }
}
