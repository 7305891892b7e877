import type { Simulation } from '../simulation.js'
import type { Listening } from '../users/subscriptions.js'
import { didRun } from '../values.js'
import type { Wire } from '../world/wire.js'

/** The time in which a connection of a client is subscribed to a channel at a server. */
interface Stay {
  readonly server: string
  readonly from: number
  readonly to: number
  readonly wire: Wire
}

/** Every missed message lies in a gap, and no message is delivered twice. */
export function* messages(simulation: Simulation): Iterable<string> {
  const { closings, ledger, listenings, stoodStillAt } = simulation
  const published = ledger.executions.filter(each => each.args[0]?.endsWith('PUBLISH') && didRun(each))
  for (const listening of listenings) {
    const { channel, client, from, to, who } = listening
    const had = new Set(listening.messages)
    if (had.size < listening.messages.length) yield `${who} received a message of ${channel} twice.`
    const end = Math.min(to, closings.get(client) ?? Number.POSITIVE_INFINITY)
    const stays = staysOf(simulation, listening)
    for (const { args, at, server, wire } of published) {
      if (args[1] !== channel || at <= from + 1 || wire === undefined || had.has(args[2] as string)) continue
      const arrivals = ledger.arrivals.filter(each => each.channel === channel && each.message === args[2])
      if (arrivals.length === 0) arrivals.push({ at, channel, message: args[2] as string, server })
      const last = Math.max(...arrivals.map(arrival => arrival.at))
      // The process reads no message while it stands still.
      if (last >= end - 200 || end - stoodStillAt(end) - (last - stoodStillAt(last)) <= 200) continue
      const ownTime = (time: number) => time - stoodStillAt(time)
      if (isExcused(listening, stays, at, arrivals, end, ownTime)) continue
      yield `${who} missed ${args[2]} of ${channel}, which lies in no gap.`
    }
  }
}

/** Whether a message that was published at `at` and arrived at these servers may be missed. */
function isExcused(
  { gaps }: Listening,
  stays: readonly Stay[],
  at: number,
  arrivals: readonly { readonly at: number; readonly server: string }[],
  end: number,
  ownTime: (time: number) => number,
): boolean {
  const last = Math.max(...arrivals.map(arrival => arrival.at))
  if (gaps.some(gap => gap.from - 2 <= last && at <= gap.to + 2)) return true
  const stay = stays.findLast(each => each.from <= at && at <= each.to)
  // A message of the cluster's bus that did not reach the server of the subscriber: nobody can know that.
  if (stay !== undefined && !arrivals.some(({ at: when, server }) => server === stay.server && when >= stay.from))
    return true
  // A gap is emitted after the resubscription. If the subscription ended before that, no gap reports the loss.
  const isBack = (lost: number) =>
    stays.some(({ from, to }) => from >= lost && ownTime(end) - ownTime(from) > 500 && to - from > 500)
  return stays.some(({ to }) => to <= last + 200 && to <= end + 200 && !gaps.some(gap => gap.to >= to) && !isBack(to))
}

function staysOf({ ledger }: Simulation, { channel, client }: Listening): Stay[] {
  const stays: Stay[] = []
  for (const { args, at, phase, server, wire } of ledger.executions) {
    if (phase === 'refused' || !args[0]?.endsWith('SUBSCRIBE') || wire?.client !== client || !args.includes(channel))
      continue
    if (args[0].includes('UN')) continue
    const unsubscribed = ledger.executions.find(
      each =>
        each.wire === wire && each.at >= at && each.args[0]?.includes('UNSUBSCRIBE') && each.args.includes(channel),
    )
    const ended = ledger.expelled.find(each => each.wire === wire && each.at >= at && each.channel === channel)
    const to = Math.min(wire.hurtAt, wire.closedAt, unsubscribed?.at ?? Infinity, ended?.at ?? Infinity)
    stays.push({ server, from: at, to, wire })
  }
  return stays
}
