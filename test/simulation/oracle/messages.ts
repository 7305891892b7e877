import type { Simulation } from '../simulation.js'
import { didRun } from '../values.js'

/** Every missed message lies in a gap, and no message is delivered twice. */
export function* messages({ closings, ledger, listenings, stoodStillAt }: Simulation): Iterable<string> {
  const published = ledger.executions.filter(each => each.args[0] === 'PUBLISH' && didRun(each))
  const subscribing = ledger.executions.filter(({ args, wire }) => args[0] === 'SUBSCRIBE' && wire !== undefined)
  for (const { channel, client, from, gaps, index, messages, to, who } of listenings) {
    const had = new Set(messages)
    if (had.size < messages.length) yield `${who} received a message of ${channel} twice.`
    const end = Math.min(to, closings.get(client) ?? Number.POSITIVE_INFINITY)
    // A gap is emitted after the resubscription. If the subscription ended before that, no gap reports the loss.
    const losses = subscribing.flatMap(({ args, wire }) =>
      wire?.client === index && args.includes(channel) ? [wire.hurtAt] : [],
    )
    const openLoss = losses.some(at => at <= end + 200 && !gaps.some(gap => gap.to >= at))
    for (const { args, at, wire } of published) {
      if (args[1] !== channel || at <= from + 1 || wire === undefined || openLoss) continue
      // The process reads no message while it stands still.
      if (at >= end - 200 || end - stoodStillAt(end) - (at - stoodStillAt(at)) <= 200) continue
      const isInGap = gaps.some(gap => gap.from - 2 <= at && at <= gap.to + 2)
      if (!had.has(args[2] as string) && !isInGap) yield `${who} missed ${args[2]} of ${channel}, which lies in no gap.`
    }
  }
}
