/** The cluster of a run: a ModelCluster whose nodes are hosts of the network, in one of many layouts. */
import type { RedisClusterOptions, Seed } from '../../src/index.js'
import { ModelCluster } from './model/cluster/cluster.js'
import type { ClusterNode } from './model/cluster/cluster-node.js'
import { SLOTS } from './model/cluster/slots.js'
import type { Simulation } from './simulation.js'
import type { Host } from './world/host.js'
import { Random } from './world/random.js'

/** How nodes announce themselves: by their address, by a name, or by an address that only their own network knows. */
type Announcing = 'address' | 'name' | 'inner address'

const PORT = 7_000

export class RunningCluster {
  readonly model: ModelCluster
  readonly #simulation: Simulation
  readonly #announcing: Announcing
  readonly #hosts: Host[] = []

  constructor(simulation: Simulation) {
    const random = new Random(simulation.plan.seed, 'cluster')
    this.#simulation = simulation
    this.#announcing = random.weighted([
      { how: 'address' as const, weight: 6 },
      { how: 'name' as const, weight: 2 },
      { how: 'inner address' as const, weight: 2 },
    ]).how
    const primaries = random.int(2, 5)
    // A shard may have several replicas, another one none.
    const replicas = Array.from({ length: random.int(1, 9 - primaries) }, () => random.int(0, primaries - 1)).sort()
    const lag = random.pick([0, 0, 1, 20, 300])
    const gossip = random.pick([0, 1, 20, 200])
    const { loop } = simulation
    this.model = new ModelCluster({
      ...simulation.modelOptions(({ server }) => this.#hosts[Number(/\d+$/.exec(server)?.[0])] as Host),
      primaries,
      replicas,
      ownerOf: layout(primaries, random),
      address: node => this.#announced(node),
      replicationDelay: () => (lag === 0 ? 0 : random.skewed(0, lag)),
      gossipDelay: () => (gossip === 0 ? 0 : random.skewed(0, gossip)),
      nodeTimeout: random.pick([200, 1_000, 1_000, 3_000]),
      later: (ms, run) =>
        loop.later(ms, () => {
          run()
          for (const host of this.#hosts) host.touched()
        }),
      onLost: keys => this.#lose(keys),
      onPublished: (node, channel, message) =>
        simulation.ledger.published.push({ at: loop.now, server: node.server.label, channel, message }),
    })
    for (const node of this.model.nodes) {
      this.#hosts.push(simulation.addHost(`${addressOf(node.index)}:${PORT}`, node.server))
      simulation.network.name(nameOf(node.index), addressOf(node.index))
    }
    simulation.note('world', () => this.#description(replicas))
  }

  #lose(keys: ReadonlySet<string>): void {
    const { ledger, loop } = this.#simulation
    this.#simulation.note('world', () => `acknowledged writes are lost: ${[...keys].join(' ')}`)
    ledger.losses.push({ order: ledger.executions.length, at: loop.now, keys })
  }

  #description(replicas: readonly number[]): string {
    const { nodes } = this.model
    const of = (node: ClusterNode) =>
      `${nameOf(node.index)} with ${node.view.rangesOf(node.index).length} ranges and replicas ${replicas.flatMap((primary, i) => (primary === node.index ? [nodes.length - replicas.length + i] : [])).join()}`
    return `a cluster that announces ${this.#announcing}: ${nodes
      .filter(({ isPrimary }) => isPrimary)
      .map(of)
      .join('; ')}`
  }

  /** The host of a node. */
  hostOf(node: ClusterNode): Host {
    return this.#hosts[node.index] as Host
  }

  #announced(node: number): { host: string; port: number } {
    const how = this.#announcing
    const host = how === 'name' ? nameOf(node) : how === 'address' ? addressOf(node) : `172.16.0.${node + 1}`
    return { host, port: PORT }
  }

  anyName(random: Random): string {
    return nameOf(random.int(0, this.model.nodes.length - 1))
  }

  /** Returns the seeds of a client: one node, or several of which some may not exist. */
  seedsFor(random: Random): Seed | Seed[] {
    const count = this.model.nodes.length
    const seed = (): Seed => {
      const node = random.int(0, count - 1)
      const host = random.chance(0.5) ? nameOf(node) : addressOf(node)
      return random.chance(0.5) ? `redis://${host}:${PORT}` : { host, port: PORT }
    }
    if (random.chance(0.3)) return seed()
    const seeds = Array.from({ length: random.int(1, count) }, seed)
    return random.chance(0.2) ? [{ host: '10.0.0.99', port: PORT }, ...seeds] : seeds
  }

  /** Returns the option that leads a client to nodes that announce inner addresses. */
  mapFor(random: Random): RedisClusterOptions {
    if (this.#announcing !== 'inner address') return {}
    const asFunction = random.chance(0.5)
    const node = ({ host }: { host: string }) => Number(/\d+$/.exec(host)?.[0]) - 1
    if (asFunction) return { addressMap: address => ({ host: addressOf(node(address)), port: PORT }) }
    const entries = this.model.nodes.map(({ index }) => [
      `172.16.0.${index + 1}:${PORT}`,
      `${addressOf(index)}:${PORT}`,
    ])
    return { addressMap: Object.fromEntries(entries) }
  }
}

function addressOf(node: number): string {
  return `10.0.0.${node + 1}`
}

function nameOf(node: number): string {
  return `node-${node}`
}

/** Gives each primary one range of slots, several ranges, or slots that are scattered. */
function layout(primaries: number, random: Random): (slot: number) => number {
  const kind = random.pick(['ranges', 'ranges', 'unequal', 'scattered', 'single slots'])
  if (kind === 'scattered') return slot => Math.floor(slot / 97) % primaries
  if (kind === 'single slots')
    return slot => (slot % 1_000 < 3 ? slot % primaries : Math.floor((slot * primaries) / SLOTS))
  if (kind === 'ranges') return slot => Math.floor((slot * primaries) / SLOTS)
  const bounds = Array.from({ length: primaries - 1 }, () => random.int(0, SLOTS - 1)).sort((a, b) => a - b)
  return slot => bounds.filter(bound => bound <= slot).length
}
