import type { Call } from '../ledger.js'
import type { Simulation } from '../simulation.js'

/**
 * A call is rejected as 'unknown' only if it was handed to a socket. It is rejected as 'not sent' only if it was not, or if the
 * server rejected it. Nothing of a call is handed to a socket after the call has settled.
 */
export function* written({ ledger, witness }: Simulation): Iterable<string> {
  const large = ledger.calls.filter(({ traits }) => traits.isLarge === true)
  for (const call of ledger.calls) {
    if (call.fate === 'open') continue
    // A connection has taken a part of a large pipeline as a whole when the socket has only its beginning; calls after it wait.
    if (large.some(each => each.client === call.client && overlap(each, call))) continue
    const { isBatch, isLoose, isSession, parts } = call.traits
    const { results } = (call.error ?? {}) as { results?: unknown }
    // The error of a session, and of a pipeline without results, is that of one of its commands.
    const isOfAll =
      isLoose !== true && isSession !== true && (isBatch !== true || call.value !== undefined || results !== undefined)
    for (const [index, part] of parts.entries()) {
      // The part of a command that has no token of its own is found by its arguments.
      if (/\s/.test(part.token)) continue
      const at = witness.writtenAt(part.token)
      if (at !== undefined && at > call.settledAt) yield `${call.name} had settled when ${part.token} was written.`
      const { outcome } = ((isOfAll && call.errorOf(index)) || {}) as { outcome?: string }
      if (outcome === 'unknown' && at === undefined)
        yield `${call.name} rejected as 'unknown', and ${part.token} was never written.`
      if (outcome === 'not sent' && at !== undefined && part.executions.length === 0)
        yield `${call.name} rejected with 'not sent', and ${part.token} was written and rejected by no server.`
    }
  }
}

function overlap(one: Call, other: Call): boolean {
  return one.startedAt <= other.settledAt && other.startedAt <= one.settledAt + 5_000
}
