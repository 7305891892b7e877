import type { Simulation } from '../simulation.js'
import { countRuns, runsOf } from '../values.js'

/** The most often that a command is sent: the third loss of its connection rejects it. */
const MOST = 3

/** No command runs more often than the client may send it. A transaction runs once, also one that only reads. */
export function* repeats({ ledger }: Simulation): Iterable<string> {
  const transactions = new Set(ledger.transactions)
  for (const call of ledger.calls) {
    const most = transactions.has(call) && call.traits.isIdempotent !== true ? 1 : MOST
    for (const part of call.traits.parts) {
      const runs = countRuns(part)
      // A command with keys of several nodes of a cluster runs once on each.
      const servers = new Set(runsOf(part).map(({ server }) => server)).size
      if (runs > most * Math.max(1, servers)) yield `${call.name} ran ${runs} times (${part.token}).`
    }
  }
}
