/** Who serves which slots, as a node tells it: CLUSTER SHARDS, or CLUSTER SLOTS of servers before 7.0. */
import { itemsOf, pairsOf } from '../commands/replies.js'
import { MapReply, type Reply } from '../commands/reply.js'
import { nameOf } from '../connection/options.js'
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

/** Reads the reply of CLUSTER SHARDS. Anything that is not as the server writes it throws RedisClusterException. */
export function readShards(reply: Reply, teller: Teller): Topology {
  let count = 0
  const shards: TopologyShard[] = []
  for (const item of listOf(reply)) {
    const fields = fieldsOf(item)
    const slots = rangesOf(listOf(fields.get('slots')))
    const primaries: TopologyNode[] = []
    const replicas: TopologyNode[] = []
    const nodes = listOf(fields.get('nodes'))
    count += nodes.length
    for (const each of nodes) {
      const { node, role } = readShardNode(fieldsOf(each), teller)
      if (node !== undefined) (role === 'master' ? primaries : replicas).push(node)
    }
    // A primary that failed may stand beside the one that took its place.
    const [primary, ...others] = primaries.sort((a, b) => Number(a.failed) - Number(b.failed))
    if (primary !== undefined) shards.push({ slots, primary, replicas: [...replicas, ...others] })
  }
  return checked(shards, count)
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

function readShardNode(
  fields: ReadonlyMap<string, Reply>,
  teller: Teller,
): { node: TopologyNode | undefined; role: string } {
  const tlsPort = fields.get('tls-port')
  const port = portOf(teller.tls && tlsPort !== undefined ? tlsPort : (fields.get('port') ?? tlsPort))
  const host = hostOf(fields.get('endpoint') ?? null, fields.get('ip'), teller)
  const health = textOf(fields.get('health') ?? 'online')
  const failed = health === 'fail' || health === 'failed'
  return {
    node: placed(textOf(fields.get('id')), { host, port }, failed, teller),
    role: textOf(fields.get('role')),
  }
}

/**
 * Reads the reply of CLUSTER SLOTS: `[first, last, [host, port, id, [name, value …]], replicas …]` for each range. It does not
 * say who has failed: `seen` knows.
 */
export function readSlots(reply: Reply, teller: Teller, seen?: Topology): Topology {
  const nodesSeen = seen === undefined ? [] : membersOf(seen)
  const failed = new Set(nodesSeen.filter(node => node.failed).map(({ id }) => id))
  const shards = new Map<string, { slots: [number, number][]; primary: TopologyNode; replicas: TopologyNode[] }>()
  for (const item of listOf(reply)) {
    const [first, last, ...members] = listOf(item)
    const [range] = rangesOf([first ?? null, last ?? null])
    const [primary, ...replicas] = members.map(member => readSlotsNode(listOf(member), teller, failed))
    if (range === undefined || primary === undefined) continue
    const shard = shards.get(primary.id)
    if (shard !== undefined) shard.slots.push(range)
    else shards.set(primary.id, { slots: [range], primary, replicas: replicas.filter(each => each !== undefined) })
  }
  const nodes = [...shards.values()].reduce((sum, { replicas }) => sum + 1 + replicas.length, 0)
  return checked([...shards.values()], nodes)
}

function readSlotsNode(
  member: readonly Reply[],
  teller: Teller,
  failed: ReadonlySet<string>,
): TopologyNode | undefined {
  const [endpoint = null, port, named = '', more] = member
  const id = textOf(named)
  // Before 7.0 there are no more than these three.
  const ip = more === undefined ? undefined : fieldsOf(more).get('ip')
  const at = { host: hostOf(endpoint, ip, teller), port: portOf(port) }
  return placed(id, at, failed.has(id), teller)
}

function placed(id: string, announced: Address, failed: boolean, teller: Teller): TopologyNode | undefined {
  const address = teller.place(announced)
  if (address === undefined) return undefined
  const { host, port } = address
  return { id, host, port, name: nameOf(address), failed }
}

/**
 * No endpoint means the host that answered. `?` is a node whose name the cluster was not told: its address is taken; one
 * that does not know even that is the node that answered.
 */
function hostOf(endpoint: Reply, ip: Reply | undefined, teller: Teller): string {
  const named = endpoint === null ? '' : textOf(endpoint)
  const host = named === '?' ? textOf(ip ?? '') : named
  if (host === '' || host === '?') return teller.host
  if (!isHost(host)) throw malformed('a host that is none')
  return host
}

function portOf(reply: Reply | undefined): number {
  if (typeof reply === 'number' && Number.isInteger(reply) && reply > 0 && reply < 65_536) return reply
  throw malformed('a port that is none')
}

function rangesOf(bounds: readonly Reply[]): [number, number][] {
  if (bounds.length > 2 * SLOTS) throw malformed('more slots than there are')
  const ranges: [number, number][] = []
  for (let i = 0; i < bounds.length; i += 2) {
    const first = bounds[i]
    const last = bounds[i + 1]
    if (!isSlot(first) || !isSlot(last) || last < first) throw malformed('slots that are none')
    ranges.push([first, last])
  }
  return ranges
}

function isSlot(reply: Reply | undefined): reply is number {
  return typeof reply === 'number' && Number.isInteger(reply) && reply >= 0 && reply < SLOTS
}

function listOf(reply: Reply | undefined): readonly Reply[] {
  const items = reply === undefined ? undefined : itemsOf(reply)
  if (items === undefined) throw malformed('something else in the place of a list')
  return items
}

function fieldsOf(reply: Reply): ReadonlyMap<string, Reply> {
  const pairs = reply instanceof MapReply || Array.isArray(reply) ? pairsOf(reply) : undefined
  if (pairs === undefined || pairs.length % 2 !== 0) throw malformed('something else in the place of fields')
  const fields = new Map<string, Reply>()
  for (let i = 0; i < pairs.length; i += 2) fields.set(textOf(pairs[i]), pairs[i + 1] ?? null)
  return fields
}

function textOf(reply: Reply | undefined): string {
  if (typeof reply === 'string') return reply
  throw malformed('something else in the place of text')
}

function checked(shards: TopologyShard[], nodes: number): Topology {
  if (nodes > MOST_NODES) throw malformed(`more than ${MOST_NODES} nodes`)
  return { shards }
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
