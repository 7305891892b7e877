import { Abort } from '../act.js'
import type { Simulation } from '../simulation.js'
import { show } from '../values.js'

/** An aborted call rejects at once with the reason of its signal. A blocking call waits for the reply of the server. */
export function* aborts({ ledger, loop, witness }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    const at = witness.abortedAt(call.traits.signal)
    if (at === undefined || call.settledAt <= at || call.fate === 'open' || call.traits.isBlocking === true) continue
    const late = call.settledAt - at
    if (late > 1 + loop.slowest) yield `${call.name} settled ${late} ms after its abort.`
    if (call.fate === 'resolved' || !(call.error instanceof Abort))
      yield `${call.name} was aborted and ${call.fate}: ${show(call.error ?? call.value)}`
  }
}
