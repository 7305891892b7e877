import type { Simulation } from '../simulation.js'
import { didRun } from '../values.js'

/** The writes of a session after its SELECT ran in the selected database, and all other calls in the database of their client. */
export function* databases({ ledger, subjects }: Simulation): Iterable<string> {
  for (const { client, name, traits } of ledger.calls) {
    const own = subjects.find(subject => client.startsWith(`${subject.name}.`))?.options.db ?? 0
    for (const { executions } of traits.parts) {
      for (const execution of executions) {
        const [, selected] = /^in(\d):/.exec(execution.args[1] ?? '') ?? []
        const db = selected === undefined ? own : Number(selected)
        if (didRun(execution) && execution.db !== db)
          yield `${execution.args.join(' ')} of ${name} ran in database ${execution.db}.`
      }
    }
  }
}
