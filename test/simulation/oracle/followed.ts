import type { Simulation } from '../simulation.js'
import type { Following } from '../users/streams.js'
import { didRun } from '../values.js'

/** A reader that continues after the last id that it received reads every entry of the stream, once and in order. */
export function* followed({ cluster, ledger, notes }: Simulation): Iterable<string> {
  // A failover can lose entries that were read.
  if (cluster !== undefined) return
  const added = ledger.executions.filter(each => each.args[0] === 'XADD' && didRun(each))
  for (const { after, db, ids, key, who } of (notes.followings ?? []) as Following[]) {
    const all = added.filter(each => each.db === db && each.args[1] === key).map(({ reply }) => reply as string)
    const from = all.indexOf(after) + 1
    for (const [i, id] of ids.entries()) {
      if (all[from + i] === id) continue
      yield `${who} read ${id} of ${key} as number ${i + 1} after ${after}; the server has ${all[from + i]} there.`
      break
    }
  }
}
