import type { Simulation } from '../simulation.js'

/** Either all commands of a transaction ran, or none of them. */
export function* whole({ ledger }: Simulation): Iterable<string> {
  for (const call of ledger.transactions) {
    const ran = call.traits.parts.filter(({ executions }) =>
      executions.some(({ phase }) => phase === 'exec' || phase === 'ran'),
    )
    if (ran.length !== 0 && ran.length !== call.traits.parts.length) {
      yield `${call.name}: ${ran.length} of its ${call.traits.parts.length} commands ran.`
    }
  }
}
