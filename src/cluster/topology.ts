/** The topology of a cluster, read from CLUSTER SHARDS, or from CLUSTER SLOTS of servers before 7.0. */
import { itemsOf, pairsOf } from '../commands/core/decoders.js'
import { MapReply, type Reply } from '../commands/core/reply.js'
import { nameOf, withoutBrackets } from '../connection/options/options.js'
import { isHost } from '../errors/from-reply.js'
import { malformedTopology } from './cluster-errors.js'
import { SLOTS } from './slots.js'

/** The address of a node. */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface TopologyNode extends Address {
  /** Its id in the cluster, 40 characters. */
  readonly id: string
  /** `host:port`. */
  readonly name: string
  /** The cluster flags it as failed. */
  readonly failed: boolean
}

export interface TopologyShard {
  /** First and last slot of each range. */
  readonly slots: readonly (readonly [first: number, last: number])[]
  readonly primary: TopologyNode
  readonly replicas: readonly TopologyNode[]
}

/** The shards of a cluster, as a node last reported them. Nodes have the addresses where they are dialled. */
export interface Topology {
  readonly shards: readonly TopologyShard[]
}

/** The node that replied with a topology, and the rules by which the addresses in it are dialled. */
export interface TopologySource {
  /** The host that was dialled: a node that does not know its own host names none. */
  readonly host: string
  /** Nodes are dialled at their TLS port. */
  readonly tls: boolean
  /** The address where a node is dialled; undefined if it must not be. */
  place(address: Address): Address | undefined
}

/** More nodes than any cluster has: a reply with more is malformed. */
const MOST_NODES = 10_000

/**
 * Reads the reply of CLUSTER SHARDS. A node or a shard that cannot be read is left out, because the others may be right; a reply
 * that is no list throws RedisClusterException.
 */
export function readShards(reply: Reply, source: TopologySource): Topology {
  let count = 0
  const shards: TopologyShard[] = []
  for (const item of listOf(reply)) {
    const fields = fieldsOf(item)
    const slots = rangesOf(itemsOf(fields?.get('slots') ?? null))
    const nodes = itemsOf(fields?.get('nodes') ?? null)
    if (slots === undefined || nodes === undefined) continue
    const primaries: TopologyNode[] = []
    const replicas: TopologyNode[] = []
    count += nodes.length
    checkCount(count)
    for (const each of nodes) {
      const nodeFields = fieldsOf(each)
      const node = nodeFields === undefined ? undefined : readShardNode(nodeFields, source)
      if (node !== undefined) (nodeFields?.get('role') === 'master' ? primaries : replicas).push(node)
    }
    // A failed primary may be listed together with its successor.
    const [primary, ...others] = primaries.sort((a, b) => Number(a.failed) - Number(b.failed))
    if (primary !== undefined) shards.push({ slots, primary, replicas: [...replicas, ...others] })
  }
  return { shards }
}

/** All nodes, shard by shard, primaries first. */
export function membersOf({ shards }: Topology): TopologyNode[] {
  return shards.flatMap(({ primary, replicas }) => [primary, ...replicas])
}

/** Whether every slot has an owner. */
export function isWhole({ shards }: Topology): boolean {
  const ranges = shards.flatMap(({ slots }) => slots)
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0) >= SLOTS
}

function readShardNode(fields: ReadonlyMap<string, Reply>, source: TopologySource): TopologyNode | undefined {
  const tlsPort = fields.get('tls-port')
  const port = portOf(source.tls && tlsPort !== undefined ? tlsPort : (fields.get('port') ?? tlsPort))
  const host = hostOf(fields.get('endpoint') ?? null, fields.get('ip'), source)
  const health = fields.get('health')
  const id = fields.get('id')
  return placed(id, host, port, () => health === 'fail' || health === 'failed', source)
}

/**
 * Reads the reply of CLUSTER SLOTS: `[first, last, [host, port, id, [name, value …]], replicas …]` for each range. It does not
 * contain which nodes have failed: that is taken from `seen`. A range or a node that cannot be read is left out.
 */
export function readSlots(reply: Reply, source: TopologySource, seen?: Topology): Topology {
  const nodesSeen = seen === undefined ? [] : membersOf(seen)
  const failed = new Set(nodesSeen.filter(node => node.failed).map(({ id }) => id))
  const shards = new Map<string, { slots: [number, number][]; primary: TopologyNode; replicas: TopologyNode[] }>()
  for (const item of listOf(reply)) {
    const [first = null, last = null, ...members] = itemsOf(item) ?? []
    const range = rangesOf([first, last])?.[0]
    const [primary, ...replicas] = members.map(member => readSlotsNode(itemsOf(member), source, failed))
    if (range === undefined || primary === undefined) continue
    const shard = shards.get(primary.name)
    if (shard !== undefined) shard.slots.push(range)
    else shards.set(primary.name, { slots: [range], primary, replicas: replicas.filter(each => each !== undefined) })
  }
  const all = [...shards.values()]
  checkCount(all.reduce((sum, { replicas }) => sum + 1 + replicas.length, 0))
  return { shards: all }
}

function readSlotsNode(
  member: readonly Reply[] | undefined,
  source: TopologySource,
  failed: ReadonlySet<string>,
): TopologyNode | undefined {
  const [endpoint = null, port, id, more] = member ?? []
  // Servers before 7.0 send only the first three.
  const ip = fieldsOf(more ?? null)?.get('ip')
  return placed(id, hostOf(endpoint, ip, source), portOf(port), named => failed.has(named), source)
}

/** A node that can be dialled. If it has no id, its address serves as one. */
function placed(
  id: Reply | undefined,
  host: string | undefined,
  port: number | undefined,
  isFailed: (id: string) => boolean,
  source: TopologySource,
): TopologyNode | undefined {
  const address = host === undefined || port === undefined ? undefined : source.place({ host, port })
  if (address === undefined) return undefined
  const name = nameOf(address)
  const known = typeof id === 'string' && id !== '' ? id : name
  return { id: known, host: address.host, port: address.port, name, failed: isFailed(known) }
}

/**
 * No endpoint means the host that replied. `?` means that the node has no host name in the cluster: then its address is used, and
 * without an address the host that replied.
 */
function hostOf(endpoint: Reply, ip: Reply | undefined, source: TopologySource): string | undefined {
  const named = endpoint === '?' ? (ip ?? null) : endpoint
  if (named === null || named === '' || named === '?') return source.host
  const host = typeof named === 'string' ? withoutBrackets(named) : ''
  return isHost(host) ? host : undefined
}

function portOf(reply: Reply | undefined): number | undefined {
  return typeof reply === 'number' && Number.isInteger(reply) && reply > 0 && reply < 65_536 ? reply : undefined
}

/** Undefined if they are not ranges of slots. */
function rangesOf(bounds: readonly Reply[] | undefined): [number, number][] | undefined {
  if (bounds === undefined || bounds.length > 2 * SLOTS) return undefined
  const ranges: [number, number][] = []
  for (let i = 0; i < bounds.length; i += 2) {
    const first = bounds[i]
    const last = bounds[i + 1]
    if (!isSlot(first) || !isSlot(last) || last < first) return undefined
    ranges.push([first, last])
  }
  return ranges
}

function isSlot(reply: Reply | undefined): reply is number {
  return typeof reply === 'number' && Number.isInteger(reply) && reply >= 0 && reply < SLOTS
}

function listOf(reply: Reply): readonly Reply[] {
  const items = itemsOf(reply)
  if (items === undefined) throw malformedTopology('it is not a list')
  return items
}

/** Undefined if the reply is not a map of fields. */
function fieldsOf(reply: Reply): ReadonlyMap<string, Reply> | undefined {
  const pairs = reply instanceof MapReply || Array.isArray(reply) ? pairsOf(reply) : undefined
  if (pairs === undefined || pairs.length % 2 !== 0) return undefined
  const fields = new Map<string, Reply>()
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i]
    if (typeof name === 'string') fields.set(name, pairs[i + 1] ?? null)
  }
  return fields
}

function checkCount(nodes: number): void {
  if (nodes > MOST_NODES) throw malformedTopology(`it has more than ${MOST_NODES} nodes`)
}

/** A text that is equal for two topologies with the same nodes, roles and slots. */
export function signatureOf({ shards }: Topology): string {
  const lines = shards.map(({ slots, primary, replicas }) => {
    const names = [primary, ...replicas].map(({ id, name, failed }) => `${id} ${name} ${failed}`)
    return `${names[0]} ${slots.join(' ')} ${names.slice(1).sort().join(' ')}`
  })
  return lines.sort().join('\n')
}
