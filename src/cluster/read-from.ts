import type { ClusterNode } from './cluster-node.js'
import type { ReadFrom } from './cluster-options.js'
import type { Shard } from './slot-map.js'

/** Nodes that are this much farther than the nearest one, and no more, count as near as it: 20 % and half a millisecond. */
const AS_NEAR = 1.2
const AS_NEAR_MS = 0.5

/** Who answers a read of the shard now. Only nodes that are connected count, but for the primary, which is always there to fall back to. */
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
    // It serves the next one.
    if (node.link.state === 'idle') node.link.connect()
  }
  return shard.primary
}
