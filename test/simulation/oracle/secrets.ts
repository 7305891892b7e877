import { inspect } from 'node:util'
import { Abort } from '../act.js'
import type { Simulation } from '../simulation.js'
import { SECRET } from '../subjects.js'

/** The most errors of a run that are inspected: it takes a tenth of a ms for each. */
const MOST = 40

/** What `util.inspect` shows of an error, with its stack and its causes, contains no password and no argument. */
export function* secrets({ ledger, witness }: Simulation): Iterable<string> {
  const errors = new Map<unknown, string>()
  for (const { error, name } of ledger.calls)
    if (error !== undefined && !(error instanceof Abort)) errors.set(error, name)
  for (const { client, name, value } of witness.emitted)
    if (name === 'error' && !witness.thrown.has(value)) errors.set(value, `An event of ${client}`)
  let left = MOST
  for (const [error, where] of errors) {
    if (left-- === 0) return
    const text = inspect(error, { depth: 5 })
    if (text.includes(SECRET)) yield `${where} shows a password: ${text}`
    // The values of a pipeline are replies, and those of an echo are its argument.
    const own =
      error instanceof Error ? inspect({ ...error, results: undefined, parts: undefined }, { depth: 5 }) : text
    if (/~\d+~/.test(own)) yield `${where} shows an argument: ${own}`
  }
}
