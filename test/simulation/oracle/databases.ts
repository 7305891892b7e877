import type { Simulation } from '../simulation.js'
import { didRun } from '../values.js'

/** The writes of a session after its SELECT ran in the selected database. */
export function* databases({ ledger }: Simulation): Iterable<string> {
  for (const execution of ledger.executions) {
    const [, db] = /^in(\d):/.exec(execution.args[1] ?? '') ?? []
    if (db !== undefined && didRun(execution) && execution.db !== Number(db)) {
      yield `${execution.args.join(' ')} ran in database ${execution.db}.`
    }
  }
}
