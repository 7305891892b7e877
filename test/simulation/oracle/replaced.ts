import type { Call, Execution, Ledger } from '../ledger.js'
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
    .map(call => [call, refusalOf(call)] as const)
  const replies = readOnlyReplies(ledger)
  for (const [{ settledAt }, refusal] of refused.sort(([one], [other]) => one.settledAt - other.settledAt)) {
    const wire = refusal?.wire
    if (refusal === undefined || wire === undefined) continue
    const before = last.get(wire.client) ?? Number.NEGATIVE_INFINITY
    last.set(wire.client, settledAt)
    // Another connection may have been replaced just now: then this one is kept.
    const since = settledAt - INTERVAL - margin
    if (before >= since || refusedAt.has(wire)) continue
    const isKept = replies.some(
      each => each.order < refusal.order && each.at >= since && each.wire !== wire && each.wire?.client === wire.client,
    )
    if (!isKept) refusedAt.set(wire, settledAt)
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

/** Returns the execution that READONLY rejected, if the call was rejected with it. */
function refusalOf({ error, traits }: Call): Execution | undefined {
  const codes = [error, (error as Error | undefined)?.cause].map(each => (each as { code?: string } | undefined)?.code)
  if (!codes.includes('READONLY')) return undefined
  for (const { executions } of traits.parts) {
    for (const execution of executions) if (execution.phase === 'refused' && isReadOnly(execution)) return execution
  }
  return undefined
}

/**
 * Returns all executions with the reply READONLY outside sessions. Some of them reject no call with READONLY: a script of a
 * lock, a command of a pipeline. The client replaces the connection after them as well.
 */
function readOnlyReplies({ calls, executions }: Ledger): Execution[] {
  const leased = new Set<Wire | undefined>()
  for (const { traits } of calls) {
    if (traits.isSession !== true) continue
    for (const part of traits.parts) for (const { wire } of part.executions) leased.add(wire)
  }
  return executions.filter(each => isReadOnly(each) && !leased.has(each.wire))
}

function isReadOnly({ reply }: Execution): boolean {
  return reply instanceof Failure && reply.text.startsWith('READONLY')
}
