import type { ClusterNode } from './cluster-node.js'
import type { ReadFrom } from './cluster-options.js'
import type { Shard } from './slot-map.js'

/** A node counts as near as the nearest one if its latency is at most 20 % and half a millisecond higher. */
const AS_NEAR = 1.2
const AS_NEAR_MS = 0.5

/** The node that answers the next read of the shard: a connected one, or else the primary. */
export function readerOf(shard: Shard, readFrom: ReadFrom): ClusterNode {
  switch (readFrom) {
    case 'primary':
      return shard.primary
    case 'replica':
      return inTurn(shard, shard.replicas, () => true)
    case 'nearest': {
      const nodes = [shard.primary, ...shard.replicas]
      let least = Number.POSITIVE_INFINITY
      for (const node of nodes) if (node.isReady && node.latency < least) least = node.latency
      return inTurn(shard, nodes, ({ latency }) => latency <= least * AS_NEAR + AS_NEAR_MS)
    }
  }
}

function inTurn(shard: Shard, nodes: readonly ClusterNode[], counts: (node: ClusterNode) => boolean): ClusterNode {
  const { length } = nodes
  for (let i = 0; i < length; i++) {
    shard.turn = (shard.turn + 1) % length
    const node = nodes[shard.turn] as ClusterNode
    if (node.isReady && counts(node)) return node
    // Connects it for later reads.
    if (node.link.state === 'idle') node.link.connect()
  }
  return shard.primary
}
