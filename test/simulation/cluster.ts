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
  readonly announcing: Announcing
  readonly #hosts: Host[] = []
  /** The nodes that are or were members. */
  readonly #joined = new Set<ClusterNode>()
  /** Addresses that have changed, by node. */
  readonly #addresses = new Map<number, string>()
  /** The greatest delay of replication and of messages between nodes, ms. */
  readonly usual: { readonly lag: number; readonly gossip: number }
  lag: number
  gossip: number

  constructor(simulation: Simulation) {
    const random = new Random(simulation.plan.seed, 'cluster')
    this.#simulation = simulation
    this.announcing = random.weighted([
      { how: 'address' as const, weight: 6 },
      { how: 'name' as const, weight: 2 },
      { how: 'inner address' as const, weight: 2 },
    ]).how
    const primaries = random.int(2, 5)
    // A shard may have several replicas, another one none.
    const replicas = Array.from({ length: random.int(1, 9 - primaries) }, () => random.int(0, primaries - 1)).sort()
    this.usual = { lag: random.pick([0, 0, 1, 20, 300]), gossip: random.pick([0, 1, 20, 200]) }
    this.lag = this.usual.lag
    this.gossip = this.usual.gossip
    const delay = (most: number) => (most === 0 ? 0 : random.skewed(0, most))
    const { loop } = simulation
    this.model = new ModelCluster({
      ...simulation.modelOptions(({ server }) => this.#hosts[Number(/\d+$/.exec(server)?.[0])] as Host),
      primaries,
      replicas,
      ownerOf: layout(primaries, random),
      address: node => this.#announced(node),
      spares: random.int(0, 2),
      replicationDelay: () => delay(this.lag),
      gossipDelay: () => delay(this.gossip),
      nodeTimeout: random.pick([200, 1_000, 1_000, 3_000]),
      later: (ms, run) =>
        loop.later(ms, () => {
          run()
          this.touched()
        }),
      onLost: keys => this.#lose(keys),
      onPublished: (node, channel, message) =>
        simulation.ledger.arrivals.push({ at: loop.now, server: node.server.label, channel, message }),
      onExpelled: (node, connection, channel) =>
        simulation.ledger.expelled.push({ at: loop.now, wire: this.hostOf(node).wires.get(connection), channel }),
    })
    for (const node of this.model.nodes) {
      this.#hosts.push(simulation.addHost(`${addressOf(node.index)}:${PORT}`, node.server))
      simulation.network.name(nameOf(node.index), addressOf(node.index))
      if (node.alive) this.#joined.add(node)
      else this.hostOf(node).kill(false)
    }
    simulation.note('world', () => this.#description())
  }

  #lose(keys: ReadonlySet<string>): void {
    const { ledger, loop } = this.#simulation
    this.#simulation.note('world', () => `acknowledged writes are lost: ${[...keys].join(' ')}`)
    ledger.losses.push({ order: ledger.executions.length, at: loop.now, keys })
  }

  #description(): string {
    const { nodes } = this.model
    const [first] = nodes
    const replicasOf = (primary: number) => first?.view.replicasOf(primary).join()
    const of = (node: ClusterNode) =>
      `${nameOf(node.index)} with ${node.view.rangesOf(node.index).length} ranges and replicas ${replicasOf(node.index)}`
    return `a cluster that announces ${this.announcing}: ${nodes
      .filter(({ alive, isPrimary }) => alive && isPrimary)
      .map(of)
      .join('; ')}`
  }

  /** Must be called after a change of the model. */
  touched(): void {
    for (const host of this.#hosts) host.touched()
  }

  /** Has all nodes announce themselves to each other after a while: a message that was lost is repeated. */
  gossipSoon(): void {
    const { isHealed, loop } = this.#simulation
    loop.later(500, () => {
      if (isHealed) this.model.migrations.repair()
      this.model.gossip()
      this.touched()
    })
  }

  /** Ends the process of a node; with `quietly` the whole machine, so that clients receive nothing. */
  kill(node: ClusterNode, quietly: boolean): void {
    this.hostOf(node).kill(quietly)
    this.model.kill(node)
    this.touched()
  }

  restart(node: ClusterNode, keepsData: boolean): void {
    this.hostOf(node).start()
    this.model.restart(node, keepsData)
    this.touched()
  }

  /** Whether the node has not joined yet. */
  isSpare(node: ClusterNode): boolean {
    return !node.alive && !this.#joined.has(node)
  }

  join(node: ClusterNode): void {
    this.#joined.add(node)
    this.hostOf(node).start()
    this.model.join(node)
    this.touched()
  }

  /** Ends a node for ever, if it has no slots. */
  leave(node: ClusterNode): void {
    const hasReplicas = this.model.nodes.some(({ view }) => view.primary === node.index)
    if (!node.alive || hasReplicas || (node.isPrimary && node.view.owners.includes(node.index))) return
    this.model.leave(node)
    this.hostOf(node).kill(false)
    this.touched()
  }

  /** The machine of a node gets another address. Its name leads there, and the cluster announces it. */
  move(node: ClusterNode, address: string): void {
    const host = this.hostOf(node)
    host.move(`${address}:${PORT}`)
    this.#simulation.network.name(nameOf(node.index), address)
    this.#addresses.set(node.index, address)
    if (this.announcing === 'address') node.address = { host: address, port: PORT }
    this.touched()
  }

  /** The running nodes that are connected to the others. */
  get nodes(): ClusterNode[] {
    return this.model.nodes.filter(({ alive, connected }) => alive && connected)
  }

  /** The host of a node. */
  hostOf(node: ClusterNode): Host {
    return this.#hosts[node.index] as Host
  }

  #announced(node: number): { host: string; port: number } {
    const how = this.announcing
    const host = how === 'name' ? nameOf(node) : how === 'address' ? addressOf(node) : `172.16.0.${node + 1}`
    return { host, port: PORT }
  }

  anyName(random: Random): string {
    return nameOf(random.int(0, this.model.nodes.length - 1))
  }

  /**
   * Returns the seeds of a client: the name of node 0, which never leaves, alone or among others. Some of those may not exist, or
   * leave, or change their address.
   */
  seedsFor(random: Random): Seed | Seed[] {
    const seed = (host: string): Seed => (random.chance(0.5) ? `redis://${host}:${PORT}` : { host, port: PORT })
    const lasting = seed(nameOf(0))
    if (random.chance(0.3)) return lasting
    const count = this.model.nodes.length
    const others = Array.from({ length: random.int(0, count) }, () => {
      const node = random.int(0, count)
      return seed(random.chance(0.5) ? nameOf(node) : addressOf(node))
    })
    return random.chance(0.5) ? [lasting, ...others] : [...others, lasting]
  }

  /** Returns the option that leads a client to nodes that announce inner addresses. */
  mapFor(random: Random): RedisClusterOptions {
    if (this.announcing !== 'inner address') return {}
    const node = ({ host }: { host: string }) => Number(/\d+$/.exec(host)?.[0]) - 1
    if (random.chance(0.5)) {
      const current = (index: number) => this.#addresses.get(index) ?? addressOf(index)
      return { addressMap: address => ({ host: current(node(address)), port: PORT }) }
    }
    const entries = this.model.nodes.map(({ index }) => [`172.16.0.${index + 1}:${PORT}`, `${nameOf(index)}:${PORT}`])
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
