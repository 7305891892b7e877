/** Faults of a cluster: nodes die, replicas take over, and nodes cannot reach each other. Faults of slots: resharding.ts. */

import type { RunningCluster } from '../cluster.js'
import type { ClusterNode } from '../model/cluster/cluster-node.js'
import type { Fault, Simulation } from '../simulation.js'
import type { Random } from '../world/random.js'

/** Begins a fault. Returns a function that ends it, or undefined if the fault cannot happen now or has no duration. */
type Begin = (cluster: RunningCluster, random: Random, simulation: Simulation) => (() => void) | undefined

/** Returns a fault of a cluster that ends after a random time of at most `longest` ms. */
export function clusterFault(name: string, weight: number, longest: number, begin: Begin): Fault {
  return {
    name,
    weight,
    isClusterOnly: true,
    strike: (simulation, random) => {
      const { cluster } = simulation
      const end = cluster && begin(cluster, random, simulation)
      cluster?.touched()
      if (cluster === undefined || end === undefined) return undefined
      let isOver = false
      const over = () => {
        if (isOver) return
        isOver = true
        end()
        cluster.touched()
        cluster.gossipSoon()
      }
      simulation.loop.later(random.skewed(5, longest), over)
      return over
    },
  }
}

/** A random one of `nodes`, most often one that has keys. */
export function pickNode(nodes: readonly ClusterNode[], random: Random): ClusterNode | undefined {
  const full = nodes.filter(({ server }) => (server.databases[0]?.size ?? 0) > 0)
  const among = full.length > 0 && random.chance(0.8) ? full : nodes
  return among.length === 0 ? undefined : random.pick(among)
}

export function primaries({ nodes }: RunningCluster): ClusterNode[] {
  return nodes.filter(({ isPrimary }) => isPrimary)
}

export function replicas({ nodes }: RunningCluster): ClusterNode[] {
  return nodes.filter(({ isPrimary }) => !isPrimary)
}

function death(
  name: string,
  weight: number,
  longest: number,
  victims: (cluster: RunningCluster) => ClusterNode[],
): Fault {
  return clusterFault(name, weight, longest, (cluster, random, simulation) => {
    const node = pickNode(victims(cluster), random)
    if (node === undefined) return undefined
    const isQuiet = random.chance(0.3)
    const keepsData = random.chance(0.9)
    simulation.note('world', () => `${name}${isQuiet ? ' with its machine' : ''}: node ${node.index}`)
    const passed = simulation.spell(name)
    cluster.kill(node, isQuiet)
    return () => {
      simulation.note('world', () => `node ${node.index} starts ${keepsData ? 'with' : 'without'} its data`)
      cluster.restart(node, keepsData)
      passed()
    }
  })
}

export const CLUSTER: readonly Fault[] = [
  death('primary killed', 4, 8_000, primaries),
  death('replica killed', 2, 8_000, replicas),
  // It is back before the others notice.
  death('node restarted', 2, 150, cluster => cluster.nodes),
  clusterFault('planned failover', 4, 1, (cluster, random, simulation) => {
    const replica = pickNode(replicas(cluster), random)
    if (replica === undefined) return undefined
    const primary = replica.view.primary
    if (cluster.model.failover(replica))
      simulation.note('world', () => `planned failover: node ${replica.index} replaces node ${primary}`)
    return undefined
  }),
  clusterFault('primary cut off', 3, 8_000, (cluster, random, simulation) => {
    const node = pickNode(primaries(cluster), random)
    if (node === undefined) return undefined
    simulation.note('world', () => `primary cut off from the other nodes: node ${node.index}`)
    const passed = simulation.spell('primary cut off')
    cluster.model.cutOff(node)
    return () => {
      simulation.note('world', () => `no longer cut off: node ${node.index}`)
      if (node.alive) cluster.model.heal(node)
      else node.connected = true
      passed()
    }
  }),
  clusterFault('replicas lag', 3, 6_000, (cluster, random, simulation) => {
    cluster.lag = random.pick([500, 3_000, 20_000])
    simulation.note('world', () => `replicas lag by up to ${cluster.lag} ms`)
    return () => {
      cluster.lag = cluster.usual.lag
    }
  }),
  clusterFault('gossip is slow', 2, 6_000, (cluster, random, simulation) => {
    cluster.gossip = random.pick([300, 2_000])
    simulation.note('world', () => `messages between nodes take up to ${cluster.gossip} ms`)
    return () => {
      cluster.gossip = cluster.usual.gossip
    }
  }),
  clusterFault('a node is stale', 3, 1, (cluster, random, simulation) => {
    const node = pickNode(cluster.nodes, random)
    if (node === undefined) return undefined
    const ms = random.skewed(50, 5_000)
    simulation.note('world', () => `node ${node.index} receives no messages of other nodes for ${ms} ms`)
    cluster.model.hush(node, ms)
    return undefined
  }),
  clusterFault('cluster down', 3, 4_000, (cluster, random, simulation) => {
    const nodes = random.chance(0.5) ? cluster.nodes : cluster.nodes.slice(0, 1)
    simulation.note('world', () => `CLUSTERDOWN at ${nodes.map(({ index }) => index).join()}`)
    const passed = simulation.spell('cluster down')
    for (const node of nodes) {
      node.isolated = true
      node.settle()
    }
    return () => {
      simulation.note('world', () => `no longer CLUSTERDOWN at ${nodes.map(({ index }) => index).join()}`)
      for (const node of nodes) if (node.connected) node.isolated = false
      passed()
    }
  }),
  clusterFault('node unreachable', 3, 6_000, (cluster, random, simulation) => {
    const node = pickNode(cluster.nodes, random)
    if (node === undefined) return undefined
    const { address } = cluster.hostOf(node)
    simulation.note('world', () => `clients cannot reach node ${node.index}`)
    const passed = simulation.spell('node unreachable')
    simulation.network.behave(address, 'hangs')
    for (const wire of [...simulation.network.wires]) if (wire.server === address) wire.silence()
    return () => {
      simulation.network.behave(address, 'accepts')
      passed()
    }
  }),
]
