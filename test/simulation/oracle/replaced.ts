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
  // The reply to a call that has settled is dropped.
  const settledAt = new Map<unknown, number>()
  for (const call of ledger.calls)
    for (const { executions } of call.traits.parts) for (const each of executions) settledAt.set(each, call.settledAt)
  for (const execution of ledger.executions) {
    const { at, phase, reply, wire } = execution
    if ((settledAt.get(execution) ?? Infinity) <= at) continue
    if (wire === undefined || phase === 'script' || !(reply instanceof Failure) || !/\bREADONLY\b/.test(reply.text))
      continue
    const before = last.get(wire.client) ?? Number.NEGATIVE_INFINITY
    last.set(wire.client, at)
    // Another connection may have been replaced just now: then this one is kept.
    if (at - before > INTERVAL + margin && !refusedAt.has(wire)) refusedAt.set(wire, at)
  }
  for (const { name, startedAt, traits } of ledger.calls) {
    if (traits.lane !== 'shared') continue
    for (const { executions } of traits.parts) {
      for (const { args, wire } of executions) {
        const at = wire === undefined ? undefined : refusedAt.get(wire)
        if (
          at === undefined ||
          wire?.isHurt === true ||
          startedAt < at + margin ||
          standstills.some(each => each.at >= at)
        )
          continue
        yield `${args[0]} of ${name} ran on connection ${wire?.id} ${(startedAt - at).toFixed(1)} ms after READONLY there.`
      }
    }
  }
}
