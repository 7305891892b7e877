import type { Simulation } from '../simulation.js'

/** A call may exceed its deadline by one tick of the client's deadline timer, and by two more ticks after a standstill. */
const SLACK = 120

/** No call exceeds its deadline. Standstills of the process do not count. */
export function* deadlines({ ledger, stoodStillAt, loop }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    const { timeout } = call.traits
    if (timeout === undefined || call.fate === 'open') continue
    const stood = stoodStillAt(call.settledAt) - call.stoodStillBefore
    const took = call.settledAt - call.startedAt - stood
    const slack = SLACK + loop.slowest * 20 + (stood > 0 ? 200 : 0)
    if (took > timeout + slack) yield `${call.name} took ${took.toFixed(1)} ms, its deadline is ${timeout} ms.`
  }
}
