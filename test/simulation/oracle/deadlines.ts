import type { Simulation } from '../simulation.js'
import { ownTime } from '../values.js'

/** A call may exceed its deadline by one tick of the client's deadline timer, and by two more ticks after a standstill. */
const SLACK = 120

/** No call exceeds its deadline, and none times out before it. Standstills of the process do not count. */
export function* deadlines(simulation: Simulation): Iterable<string> {
  const { client, ledger, stoodStillAt, loop } = simulation
  for (const call of ledger.calls) {
    const { timeout } = call.traits
    if (timeout === undefined || call.fate === 'open') continue
    const stood = stoodStillAt(call.settledAt) - call.stoodStillBefore
    const took = call.settledAt - call.startedAt - stood
    const slack = SLACK + loop.slowest * 20 + (stood > 0 ? 200 : 0)
    // The clock of the client counts whole ms.
    const isOwn = call.error instanceof client.TimeoutError && / timed out after /.test(call.error.message)
    if (isOwn && call.settledAt - call.startedAt < timeout - 1)
      yield `${call.name} timed out after ${(call.settledAt - call.startedAt).toFixed(1)} ms, its deadline is ${timeout} ms.`
    const { elapsed } = (call.error ?? {}) as { elapsed?: number }
    if (isOwn && call.traits.isBatch !== true && (elapsed ?? timeout) < timeout - 2)
      yield `${call.name} says that it timed out after ${elapsed} ms, its deadline is ${timeout} ms.`
    if (took > timeout + slack) yield `${call.name} took ${took.toFixed(1)} ms, its deadline is ${timeout} ms.`
    const own = isOwn ? ownTime(simulation, call) : undefined
    if (own !== undefined && own < timeout - 2)
      yield `${call.name} timed out after ${own.toFixed(1)} ms of its own, its deadline is ${timeout} ms.`
  }
}
