import type { Simulation } from '../simulation.js'

/** No call makes the queue of its client longer than the bounds of its options. */
export function* bounds({ hosts, plan, witness }: Simulation): Iterable<string> {
  for (const { bounds, bytes, call, queued } of witness.queued) {
    // In a cluster they hold for each node, and for what waits for the topology.
    const queues = plan.isCluster ? hosts.length + 1 : 1
    const maxBytes = (bounds.maxBytes ?? 2 ** 28) * queues
    const maxCommands = (bounds.maxCommands ?? 1e6) * queues
    if (queued[1] > Math.max(queued[0], maxCommands))
      yield `${call.name} was queued as number ${queued[1]} of at most ${maxCommands}.`
    if (bytes[1] > Math.max(bytes[0], maxBytes))
      yield `${call.name} was queued: ${bytes[1]} bytes of at most ${maxBytes} wait.`
  }
}
