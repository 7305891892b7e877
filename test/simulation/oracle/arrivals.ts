import type { Simulation } from '../simulation.js'
import { didRun } from '../values.js'

/** Messages arrive in the order in which they were published, and each was published to the channel of its subscription. */
export function* arrivals({ ledger, listenings, plan }: Simulation): Iterable<string> {
  const places = new Map<string, { readonly channel: string; readonly order: number }>()
  for (const each of ledger.executions) {
    if (!/^S?PUBLISH$/.test(each.args[0] as string) || !didRun(each)) continue
    places.set(each.args[2] as string, { channel: each.args[1] as string, order: each.order })
  }
  for (const { channel, messages, who } of listenings) {
    let last = -1
    for (const message of messages) {
      const place = places.get(message)
      if (place === undefined || place.channel !== channel)
        yield `${who} received ${message}, which was not published to ${channel}.`
      // Messages that were published on different nodes of a cluster have no order.
      else if (!plan.isCluster && place.order < last)
        yield `${who} received ${message} of ${channel} after later messages.`
      else last = place.order
    }
  }
}
