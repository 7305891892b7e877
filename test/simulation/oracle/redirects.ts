import type { Execution } from '../ledger.js'
import { Failure } from '../model/reply.js'
import type { Simulation } from '../simulation.js'

/** Time for a client to learn the new owner of a slot, in its own time, ms. */
const LEARNING = 1_000
/** A topology that another node reports may be older, so that a slot has to be learned again. */
const MOST = 2

/** A client learns the owner of a slot from one MOVED: later calls go there at once. */
export function* redirects(simulation: Simulation): Iterable<string> {
  yield* circles(simulation)
  const { ledger, stoodStillAt } = simulation
  /** By client and slot: the last MOVED that taught something, and how often the same one came long after it. */
  const learned = new Map<string, { readonly target: string; readonly at: number; again: number; last: number }>()
  for (const { at, reply, wire } of ledger.executions) {
    if (!(reply instanceof Failure) || wire === undefined || wire.isHurt) continue
    const [, slot, target] = /^MOVED (\d+) (\S+)/.exec(reply.text) ?? []
    if (slot === undefined || target === undefined) continue
    const id = `${wire.client} ${slot}`
    const before = learned.get(id)
    const own = at - stoodStillAt(at)
    if (before === undefined || before.target !== target) learned.set(id, { target, at: own, again: 0, last: own })
    else if (own > before.last + LEARNING) {
      before.last = own
      if (++before.again > MOST)
        yield `Client ${wire.client} got MOVED ${slot} ${target} ${before.again + 1} times, over a long time.`
    }
  }
}

/**
 * A command that follows ASK says so: otherwise the node that imports the slot sends it back with MOVED. A node that does not
 * import the slot, because another node has taken it back with a higher epoch, sends back also those that say so.
 */
function* circles({ ledger }: Simulation): Iterable<string> {
  for (const { name, traits } of ledger.calls) {
    for (const { executions, token } of traits.parts) {
      const asks = executions.filter((each, i) => {
        const next = executions[i + 1]
        return codeOf(each) === 'ASK' && codeOf(next) === 'MOVED' && next?.asking === false
      }).length
      if (asks >= 4) yield `${name} was sent back ${asks} times by the node to which ASK had led it (${token}).`
    }
  }
}

function codeOf(execution: Execution | undefined): string | undefined {
  return execution?.reply instanceof Failure ? execution.reply.text.split(' ')[0] : undefined
}
