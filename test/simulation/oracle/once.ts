import type { Simulation } from '../simulation.js'
import { runsOf } from '../values.js'

/** A command rejected with 'not sent' never ran, a command that resolved did run, and only idempotent writes ran twice. */
export function* once({ ledger }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    const { isIdempotent, parts } = call.traits
    if (call.fate === 'open') continue
    for (const [index, part] of parts.entries()) {
      const runs = runsOf(part).length
      const error = call.errorOf(index) as { outcome?: string } | undefined
      if (error?.outcome === 'not sent' && runs > 0)
        yield `${call.name} rejected with 'not sent' and ran ${runs} times (${part.token}).`
      if (part.isWrite && runs > 1 && isIdempotent !== true) yield `${call.name} ran ${runs} times (${part.token}).`
      if (call.fate === 'resolved' && error === undefined && runs === 0 && part.executions.length === 0)
        yield `${call.name} resolved and never ran (${part.token}).`
    }
  }
}
