import type { Decoder } from './core/decoder.js'

/** A line of CLUSTER NODES. */

import { count, itemsOf, list, named, pairsOf, record, word } from './core/decoders.js'
import type { Reply } from './core/reply.js'
import { unexpectedReply } from './core/reply-errors.js'
import type { ReplyFormat } from './core/reply-format.js'
import { linesOf } from './text-replies.js'

export interface ClusterNodeInfo {
  id: string
  /** `host:port@bus`, followed by a comma and the host name if it has one. */
  address: string
  flags: string[]
  /** The id of its primary, null if it has none. */
  primary: string | null
  pingSent: number
  pongReceived: number
  configEpoch: number
  linkState: string
  /** Ranges of slots, and slots that are being migrated (`[93-<-id]`), in the server's words. */
  slots: string[]
}

export interface ClusterShard {
  slots: { start: number; end: number }[]
  nodes: ClusterShardNode[]
}

export interface ClusterShardNode {
  id: string
  ip: string
  endpoint: string
  port?: number
  tlsPort?: number
  hostname?: string
  role: string
  replicationOffset: number
  health: string
}

export interface ClusterSlotRange {
  start: number
  end: number
  /** The primary first. */
  nodes: ClusterSlotNode[]
}

export interface ClusterSlotNode {
  /** Null means the host that received the command. */
  host: string | null
  port: number
  id: string
  /** Its other names: `ip`, `hostname`. @since 7.0 */
  metadata: Record<string, string>
}

/** A migration of slots with their keys, as reported by one of its two nodes. */
export interface SlotMigration {
  id: string
  /** Ranges of slots: `0-1000 2000-3000`. */
  slots: string
  /** The id of the node that the slots leave. */
  source: string
  /** The id of the node that receives the slots. */
  dest: string
  /** `'import'` or `'migrate'`, the role of the reporting node. */
  operation: string
  state: string
  /** Empty for none. */
  lastError: string
  retries: number
  createTime: number
  startTime: number
  endTime: number
  /** For how many ms writes were paused. */
  writePauseMs: number
}

export interface ClusterLink {
  direction: string
  node: string
  createTime: number
  events: string
  sendBufferAllocated: number
  sendBufferUsed: number
}

export const migrations: Decoder = list(
  named({
    id: word,
    slots: word,
    source: word,
    dest: word,
    operation: word,
    state: word,
    last_error: word,
    retries: count,
    create_time: count,
    start_time: count,
    end_time: count,
    write_pause_ms: count,
  }),
)

export function nodes(reply: Reply): unknown {
  const lines = itemsOf(reply) ?? linesOf(String(word(reply)))
  return lines.map(line => node(String(word(line))))
}

function node(line: string): ClusterNodeInfo {
  const [id = '', address = '', flags = '', primary, pingSent, pongReceived, configEpoch, linkState = '', ...slots] =
    line.split(' ')
  return {
    id,
    address,
    flags: flags.split(','),
    primary: primary === undefined || primary === '-' ? null : primary,
    pingSent: Number(pingSent),
    pongReceived: Number(pongReceived),
    configEpoch: Number(configEpoch),
    linkState,
    slots,
  }
}

const shardNode = named({
  id: word,
  ip: word,
  endpoint: word,
  port: count,
  'tls-port': count,
  hostname: word,
  role: word,
  'replication-offset': count,
  health: word,
})
const shardNodes = list(shardNode)
const counts = list(count)
export function shard(reply: Reply, shape: ReplyFormat): unknown {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'a map')
  const fields = new Map<unknown, Reply>()
  for (let i = 0; i < pairs.length; i += 2) fields.set(word(pairs[i] ?? null), pairs[i + 1] ?? null)
  const bounds = counts(fields.get('slots') ?? null, shape) as unknown[]
  const slots: { start: unknown; end: unknown }[] = []
  for (let i = 0; i < bounds.length; i += 2) slots.push({ start: bounds[i], end: bounds[i + 1] })
  return { slots, nodes: shardNodes(fields.get('nodes') ?? null, shape) }
}

export function slotRange(reply: Reply, shape: ReplyFormat): unknown {
  const items = itemsOf(reply)
  if (items === undefined) return unexpectedReply(reply, 'a list')
  const [start, end, ...servers] = items
  return {
    start: count(start ?? null),
    end: count(end ?? null),
    nodes: servers.map(each => {
      const [host = null, port, id, metadata] = itemsOf(each) ?? []
      return {
        host: host === null ? null : word(host),
        port: count(port ?? null),
        id: word(id ?? ''),
        metadata: record(word)(metadata ?? [], shape),
      }
    }),
  }
}

/** Statistics of one slot. */
export interface SlotStats {
  slot: number
  /** Numbers, by the names of the server: `key-count`, `cpu-usec`… */
  statistics: Record<string, number>
}

export function slotStats(reply: Reply, shape: ReplyFormat): unknown {
  const [slot = null, statistics = null] = itemsOf(reply) ?? []
  return { slot: count(slot), statistics: record(count)(statistics, shape) }
}
