import type { Simulation } from '../simulation.js'

/** Every call settles. */
export function* settled({ ledger }: Simulation): Iterable<string> {
  for (const call of ledger.calls) if (call.fate === 'open') yield `${call.name} never settled.`
}
