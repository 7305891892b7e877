import type { Simulation } from '../simulation.js'
import { didRun } from '../values.js'

/** No update is lost under WATCH: each successful EXEC sets a number to the previous value plus one. */
export function* updates({ ledger }: Simulation): Iterable<string> {
  const values = new Map<string, number>()
  for (const execution of ledger.executions) {
    const { args, db } = execution
    const key = `${db} ${args[1]}`
    if (args[0] !== 'SET' || args[1]?.startsWith('cas:') !== true || !didRun(execution)) continue
    const value = Number.parseInt(args[2] as string, 10)
    const before = values.get(key) ?? 0
    if (value !== before + 1) yield `An update is lost: ${args.join(' ')} ran when the value was ${before} (db ${db}).`
    values.set(key, value)
  }
}
