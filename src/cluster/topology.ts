/** Who serves which slots, as a node tells it: CLUSTER SHARDS, or CLUSTER SLOTS of servers before 7.0. */
import { itemsOf, pairsOf } from '../commands/core/decoders.js'
import { MapReply, type Reply } from '../commands/core/reply.js'
import { nameOf, withoutBrackets } from '../connection/options/options.js'
import { RedisClusterException } from '../errors/errors.js'
import { SLOTS } from './slots.js'

/** Where a node is. */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface TopologyNode extends Address {
  /** The 40 characters by which the cluster knows it. */
  readonly id: string
  /** `host:port`. */
  readonly name: string
  /** The cluster holds it for dead. */
  readonly failed: boolean
}

export interface TopologyShard {
  /** First and last slot of each range. */
  readonly slots: readonly (readonly [first: number, last: number])[]
  readonly primary: TopologyNode
  readonly replicas: readonly TopologyNode[]
}

/** The cluster as it was last seen. Nodes are named as they are dialled. */
export interface Topology {
  readonly shards: readonly TopologyShard[]
}

/** Who answered, and where what he names is dialled. */
export interface Teller {
  /** The host that was dialled: nodes that do not know their own host name none. */
  readonly host: string
  /** Nodes are dialled at their TLS port. */
  readonly tls: boolean
  /** Where a node is dialled; undefined if it must not be. */
  place(address: Address): Address | undefined
}

/** More nodes than any cluster has: what names more is no topology. */
const MOST_NODES = 10_000

/** A name or an address: nothing else is dialled, whatever a server says. */
export function isHost(text: string): boolean {
  return text.length <= 255 && /^[\w:][\w.:%-]*$/.test(text)
}

/**
 * Reads the reply of CLUSTER SHARDS. What cannot be read of it is left out, be it a node or a shard, since it says nothing
 * about the others; a reply that is no list throws RedisClusterException.
 */
export function readShards(reply: Reply, teller: Teller): Topology {
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
      const told = fieldsOf(each)
      const node = told === undefined ? undefined : readShardNode(told, teller)
      if (node !== undefined) (told?.get('role') === 'master' ? primaries : replicas).push(node)
    }
    // A primary that failed may stand beside the one that took its place.
    const [primary, ...others] = primaries.sort((a, b) => Number(a.failed) - Number(b.failed))
    if (primary !== undefined) shards.push({ slots, primary, replicas: [...replicas, ...others] })
  }
  return { shards }
}

/** All nodes, those of a shard together, its primary first. */
export function membersOf({ shards }: Topology): TopologyNode[] {
  return shards.flatMap(({ primary, replicas }) => [primary, ...replicas])
}

/** Whether every slot is served. */
export function isWhole({ shards }: Topology): boolean {
  const ranges = shards.flatMap(({ slots }) => slots)
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0) >= SLOTS
}

function readShardNode(fields: ReadonlyMap<string, Reply>, teller: Teller): TopologyNode | undefined {
  const tlsPort = fields.get('tls-port')
  const port = portOf(teller.tls && tlsPort !== undefined ? tlsPort : (fields.get('port') ?? tlsPort))
  const host = hostOf(fields.get('endpoint') ?? null, fields.get('ip'), teller)
  const health = fields.get('health')
  const id = fields.get('id')
  return placed(id, host, port, () => health === 'fail' || health === 'failed', teller)
}

/**
 * Reads the reply of CLUSTER SLOTS: `[first, last, [host, port, id, [name, value …]], replicas …]` for each range. It does not
 * say who has failed: `seen` knows. A range or a node that cannot be read is left out, as of CLUSTER SHARDS.
 */
export function readSlots(reply: Reply, teller: Teller, seen?: Topology): Topology {
  const nodesSeen = seen === undefined ? [] : membersOf(seen)
  const failed = new Set(nodesSeen.filter(node => node.failed).map(({ id }) => id))
  const shards = new Map<string, { slots: [number, number][]; primary: TopologyNode; replicas: TopologyNode[] }>()
  for (const item of listOf(reply)) {
    const [first = null, last = null, ...members] = itemsOf(item) ?? []
    const range = rangesOf([first, last])?.[0]
    const [primary, ...replicas] = members.map(member => readSlotsNode(itemsOf(member), teller, failed))
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
  teller: Teller,
  failed: ReadonlySet<string>,
): TopologyNode | undefined {
  const [endpoint = null, port, id, more] = member ?? []
  // Before 7.0 there are no more than these three.
  const ip = fieldsOf(more ?? null)?.get('ip')
  return placed(id, hostOf(endpoint, ip, teller), portOf(port), named => failed.has(named), teller)
}

/** A node that can be dialled; one without an id is told apart by its address. */
function placed(
  id: Reply | undefined,
  host: string | undefined,
  port: number | undefined,
  isFailed: (id: string) => boolean,
  teller: Teller,
): TopologyNode | undefined {
  const address = host === undefined || port === undefined ? undefined : teller.place({ host, port })
  if (address === undefined) return undefined
  const name = nameOf(address)
  const known = typeof id === 'string' && id !== '' ? id : name
  return { id: known, host: address.host, port: address.port, name, failed: isFailed(known) }
}

/**
 * No endpoint means the host that answered. `?` is a node whose name the cluster was not told: its address is taken; one
 * that does not know even that is the node that answered.
 */
function hostOf(endpoint: Reply, ip: Reply | undefined, teller: Teller): string | undefined {
  const named = endpoint === '?' ? (ip ?? null) : endpoint
  if (named === null || named === '' || named === '?') return teller.host
  const host = typeof named === 'string' ? withoutBrackets(named) : ''
  return isHost(host) ? host : undefined
}

function portOf(reply: Reply | undefined): number | undefined {
  return typeof reply === 'number' && Number.isInteger(reply) && reply > 0 && reply < 65_536 ? reply : undefined
}

/** Undefined if they are no ranges of slots. */
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
  if (items === undefined) throw malformed('something else in the place of a list')
  return items
}

/** Undefined if they are no fields. */
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
  if (nodes > MOST_NODES) throw malformed(`more than ${MOST_NODES} nodes`)
}

function malformed(found: string): RedisClusterException {
  return new RedisClusterException(`What it says of the cluster has ${found}.`)
}

/** One text for each view: equal if nodes, roles and slots are. */
export function signatureOf({ shards }: Topology): string {
  const lines = shards.map(({ slots, primary, replicas }) => {
    const names = [primary, ...replicas].map(({ id, name, failed }) => `${id} ${name} ${failed}`)
    return `${names[0]} ${slots.join(' ')} ${names.slice(1).sort().join(' ')}`
  })
  return lines.sort().join('\n')
}
