import { Abort } from '../act.js'
import type { Simulation } from '../simulation.js'

/**
 * Either all commands of a transaction ran, or none of them. If MULTI itself was rejected they may run one by one: then the outcome
 * of the transaction is unknown.
 */
export function* whole({ ledger }: Simulation): Iterable<string> {
  for (const call of ledger.transactions) {
    const { parts } = call.traits
    const ran = parts.filter(({ executions }) => executions.some(({ phase }) => phase === 'exec' || phase === 'ran'))
    const isOutside = ran.some(({ executions }) => executions.some(({ phase }) => phase === 'ran'))
    if (isOutside) {
      // The reason of an abort says nothing about the outcome.
      if (!(call.error instanceof Abort) && (call.error as { outcome?: string } | undefined)?.outcome !== 'unknown')
        yield `${call.name}: ${ran.length} of its ${parts.length} commands ran outside of MULTI.`
    } else if (ran.length !== 0 && ran.length !== parts.length)
      yield `${call.name}: ${ran.length} of its ${parts.length} commands ran.`
  }
}
