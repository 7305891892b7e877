import type { Simulation } from '../simulation.js'
import { runsOf } from '../values.js'

/**
 * All commands of a pipeline with writes that ran did so on one connection: its rest is not sent on the next one. The client may
 * send scripts again, with their texts.
 */
export function* tails({ ledger, plan }: Simulation): Iterable<string> {
  if (plan.isCluster) return
  for (const { name, traits } of ledger.calls) {
    if (traits.isBatch !== true || traits.isIdempotent === true || traits.parts.every(({ isWrite }) => !isWrite))
      continue
    if (traits.parts.some(({ executions }) => executions.some(({ args }) => args[0]?.startsWith('EVAL')))) continue
    const connections = new Set(traits.parts.flatMap(runsOf).map(({ connection }) => connection))
    if (connections.size > 1) yield `${name} ran in pieces, on the connections ${[...connections].join(' and ')}.`
  }
}
