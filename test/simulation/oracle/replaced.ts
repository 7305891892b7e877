import type { Call } from '../ledger.js'
import { Failure } from '../model/reply.js'
import type { Simulation } from '../simulation.js'
import type { Wire } from '../world/wire.js'

/** A client replaces its connection at most this often, ms. */
const INTERVAL = 1_000

/** After READONLY no new call is sent on the same shared connection: the name may lead to the new primary by now. */
export function* replaced({ cluster, ledger, loop, network, standstills }: Simulation): Iterable<string> {
  if (cluster !== undefined) return
  const { jitter, latency } = network.traits
  const margin = 4 * (latency + jitter) + 100 + loop.slowest * 20
  const refusedAt = new Map<Wire, number>()
  /** The last READONLY of each client. */
  const last = new Map<string, number>()
  const refused = ledger.calls
    .filter(({ traits }) => traits.isSession !== true)
    .map(call => [call, wireOf(call)] as const)
  for (const [{ settledAt }, wire] of refused.sort(([one], [other]) => one.settledAt - other.settledAt)) {
    if (wire === undefined) continue
    const before = last.get(wire.client) ?? Number.NEGATIVE_INFINITY
    last.set(wire.client, settledAt)
    // Another connection may have been replaced just now: then this one is kept.
    if (settledAt - before > INTERVAL + margin && !refusedAt.has(wire)) refusedAt.set(wire, settledAt)
  }
  for (const { name, startedAt, traits } of ledger.calls) {
    if (traits.lane !== 'shared') continue
    for (const { executions } of traits.parts) {
      for (const { args, wire } of executions) {
        const at = wire === undefined ? undefined : refusedAt.get(wire)
        if (at === undefined || wire?.isHurt === true || startedAt < at + margin) continue
        if (standstills.some(each => each.at >= at)) continue
        yield `${args[0]} of ${name} ran on connection ${wire?.id} ${(startedAt - at).toFixed(1)} ms after READONLY there.`
      }
    }
  }
}

/** Returns the connection on which READONLY rejected a call. */
function wireOf({ error, traits }: Call): Wire | undefined {
  const codes = [error, (error as Error | undefined)?.cause].map(each => (each as { code?: string } | undefined)?.code)
  if (!codes.includes('READONLY')) return undefined
  for (const { executions } of traits.parts) {
    for (const { phase, reply, wire } of executions)
      if (phase === 'refused' && reply instanceof Failure && reply.text.startsWith('READONLY')) return wire
  }
  return undefined
}
