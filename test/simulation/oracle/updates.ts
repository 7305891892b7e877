import type { Simulation } from '../simulation.js'
import { didRun } from '../values.js'

/** No update is lost under WATCH: each successful EXEC sets a number to the value that it replaces, plus one. */
export function* updates({ ledger }: Simulation): Iterable<string> {
  for (const execution of ledger.executions) {
    const { args, db, phase, reply } = execution
    // Outside of MULTI, after a rejected MULTI, the outcome is unknown.
    if (phase !== 'exec' || args[0] !== 'SET' || args[1]?.startsWith('cas:') !== true || !didRun(execution)) continue
    const value = Number.parseInt(args[2] as string, 10)
    // SET … GET replies with the value that it replaced.
    const before = typeof reply === 'string' ? Number.parseInt(reply, 10) : 0
    if (value !== before + 1) yield `An update is lost: ${args.join(' ')} ran when the value was ${before} (db ${db}).`
  }
}
