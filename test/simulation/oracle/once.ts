import type { Simulation } from '../simulation.js'
import { countRuns } from '../values.js'

/** Errors that say that the server did not run the command. */
const REFUSALS = new Set(['LOADING', 'CLUSTERDOWN', 'TRYAGAIN', 'MOVED', 'ASK', 'READONLY', 'BUSY', 'OOM', 'MISCONF'])

/** A command rejected with 'not sent' or with a refusal of the server never ran, a command that resolved did run, and only idempotent writes ran twice. */
export function* once({ ledger }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    const { isIdempotent, parts } = call.traits
    if (call.fate === 'open') continue
    for (const [index, part] of parts.entries()) {
      const runs = countRuns(part)
      const error = call.errorOf(index) as { outcome?: string; code?: string } | undefined
      if (error?.outcome === 'not sent' && runs > 0)
        yield `${call.name} rejected with 'not sent' and ran ${runs} times (${part.token}).`
      // The error of a script may be its own.
      const isScript = part.executions.some(({ phase }) => phase === 'script')
      // A command that is resent may have run before it was rejected.
      const isResent = isIdempotent === true || !part.isWrite
      if (error?.code !== undefined && REFUSALS.has(error.code) && runs > 0 && !isScript && !isResent)
        yield `${call.name} rejected with ${error.code} and ran ${runs} times (${part.token}).`
      if (part.isWrite && runs > 1 && isIdempotent !== true) yield `${call.name} ran ${runs} times (${part.token}).`
      if (call.fate === 'resolved' && error === undefined && runs === 0 && part.executions.length === 0)
        yield `${call.name} resolved and never ran (${part.token}).`
    }
  }
}
