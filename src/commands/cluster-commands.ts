import type { Arguments, Key } from './argument.js'
import { Command, keyless } from './command.js'
import { type Context, type Outcome, Runner } from './context.js'
import { concat } from './joins.js'
import { keyAt } from './key-specs.js'
import { owned } from './own.js'
import { count, int, itemsOf, keys, list, named, ok, pairsOf, record, word } from './replies.js'
import type { Reply } from './reply.js'
import { linesOf, properties } from './server-text.js'
import type { Shape } from './shape.js'
import { option, plainOptions, refuse } from './tokens.js'
import { unexpected } from './unexpected.js'

const ADDSLOTS = keyless('CLUSTER ADDSLOTS', ok)
const ADDSLOTSRANGE = keyless('CLUSTER ADDSLOTSRANGE', ok)
const BUMPEPOCH = keyless('CLUSTER BUMPEPOCH', word)
const COUNT_FAILURE_REPORTS = keyless('CLUSTER COUNT-FAILURE-REPORTS', int)
const COUNTKEYSINSLOT = keyless('CLUSTER COUNTKEYSINSLOT', int)
const DELSLOTS = keyless('CLUSTER DELSLOTS', ok)
const DELSLOTSRANGE = keyless('CLUSTER DELSLOTSRANGE', ok)
const FAILOVER = keyless('CLUSTER FAILOVER', ok)
const FLUSHSLOTS = keyless('CLUSTER FLUSHSLOTS', ok)
const FORGET = keyless('CLUSTER FORGET', ok)
const GETKEYSINSLOT = keyless('CLUSTER GETKEYSINSLOT', keys)
const HELP = keyless('CLUSTER HELP', list(word))
const INFO = keyless('CLUSTER INFO', properties)
const KEYSLOT = keyless('CLUSTER KEYSLOT', int, { names: [keyAt(0, 'read')] })
const LINKS = keyless(
  'CLUSTER LINKS',
  list(
    named({
      direction: word,
      node: word,
      'create-time': count,
      events: word,
      'send-buffer-allocated': count,
      'send-buffer-used': count,
    }),
  ),
)
const MEET = keyless('CLUSTER MEET', ok)
const MIGRATION = keyless('CLUSTER MIGRATION', word)
const MYID = keyless('CLUSTER MYID', word)
const MYSHARDID = keyless('CLUSTER MYSHARDID', word)
const NODES = keyless('CLUSTER NODES', nodes)
const REPLICAS = keyless('CLUSTER REPLICAS', nodes)
const REPLICATE = keyless('CLUSTER REPLICATE', ok)
const RESET = keyless('CLUSTER RESET', ok)
const SAVECONFIG = keyless('CLUSTER SAVECONFIG', ok)
const SET_CONFIG_EPOCH = keyless('CLUSTER SET-CONFIG-EPOCH', ok)
const SETSLOT = keyless('CLUSTER SETSLOT', ok)
const SHARDS = keyless('CLUSTER SHARDS', list(shard))
const SLAVES = keyless('CLUSTER SLAVES', nodes)
const SLOT_STATS = keyless('CLUSTER SLOT-STATS', list(slotStats), { ask: 'shards', join: concat })
const SLOTS = keyless('CLUSTER SLOTS', list(slotRange))

/** A line of CLUSTER NODES. */
export interface ClusterNodeInfo {
  id: string
  /** `host:port@bus`, with the host's name behind a comma if it has one. */
  address: string
  flags: string[]
  /** Id of its primary, null if it has none. */
  primary: string | null
  pingSent: number
  pongReceived: number
  configEpoch: number
  linkState: string
  /** Ranges of slots, and slots on the move (`[93-<-id]`), in the server's words. */
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
  /** Null means the host that was asked. */
  host: string | null
  port: number
  id: string
  /** Other names of it: `ip`, `hostname`. @since 7.0 */
  metadata: Record<string, string>
}

/** A move of slots with their keys, as one of its two nodes tells. */
export interface SlotMigration {
  id: string
  /** Ranges of slots: `0-1000 2000-3000`. */
  slots: string
  /** Id of the node that gives them. */
  source: string
  /** Id of the node that gets them. */
  dest: string
  /** `'import'` or `'migrate'`, as the node that was asked is one or the other. */
  operation: string
  state: string
  /** Empty for none. */
  lastError: string
  retries: number
  createTime: number
  startTime: number
  endTime: number
  /** For how many ms writes had to wait. */
  writePauseMs: number
}

/** One move, by the id that its import gave. */
export interface SlotMigrationTask {
  readonly id: string
}

export interface SetslotOptions {
  /** Ms to wait for the replicas of the node. Valkey only, @since 8.0 */
  readonly timeout?: number
}

export interface ClusterLink {
  direction: string
  node: string
  createTime: number
  events: string
  sendBufferAllocated: number
  sendBufferUsed: number
}

const migrations = list(
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

const task = (which: SlotMigrationTask | 'all'): Arguments => (which === 'all' ? ['ALL'] : ['ID', owned(which).id])

function nodes(reply: Reply): unknown {
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

function shard(reply: Reply, shape: Shape): unknown {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpected(reply, 'a map')
  const fields = new Map<unknown, Reply>()
  for (let i = 0; i < pairs.length; i += 2) fields.set(word(pairs[i] ?? null), pairs[i + 1] ?? null)
  const bounds = counts(fields.get('slots') ?? null, shape) as unknown[]
  const slots: { start: unknown; end: unknown }[] = []
  for (let i = 0; i < bounds.length; i += 2) slots.push({ start: bounds[i], end: bounds[i + 1] })
  return { slots, nodes: shardNodes(fields.get('nodes') ?? null, shape) }
}

function slotRange(reply: Reply, shape: Shape): unknown {
  const items = itemsOf(reply)
  if (items === undefined) return unexpected(reply, 'a list')
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

/** How a slot is used. */
export interface SlotStats {
  slot: number
  /** Numbers by the names that the server gives them: `key-count`, `cpu-usec`… */
  statistics: Record<string, number>
}

function slotStats(reply: Reply, shape: Shape): unknown {
  const [slot = null, statistics = null] = itemsOf(reply) ?? []
  return { slot: count(slot), statistics: record(count)(statistics, shape) }
}

export interface SlotRange {
  readonly start: number
  readonly end: number
}

const bounds = (ranges: readonly SlotRange[]) => owned(ranges).flatMap(({ start, end }) => [start, end])

export abstract class ClusterCommands<C extends Context> extends Runner<C> {
  /** Gives slots to the node. @since 3.0 [CLUSTER ADDSLOTS](https://redis.io/commands/cluster-addslots) */
  clusterAddslots(...slots: readonly number[]): Outcome<C, 'OK'> {
    return this.run(new Command(ADDSLOTS, [...slots]))
  }

  /** Gives ranges of slots to the node. @since 7.0 [CLUSTER ADDSLOTSRANGE](https://redis.io/commands/cluster-addslotsrange) */
  clusterAddslotsrange(...ranges: readonly SlotRange[]): Outcome<C, 'OK'> {
    return this.run(new Command(ADDSLOTSRANGE, bounds(ranges)))
  }

  /** Raises the epoch of the node's configuration. @since 3.0 [CLUSTER BUMPEPOCH](https://redis.io/commands/cluster-bumpepoch) */
  clusterBumpepoch(): Outcome<C, string> {
    return this.run(new Command(BUMPEPOCH, []))
  }

  /** How many nodes report that one has failed. @since 3.0 [CLUSTER COUNT-FAILURE-REPORTS](https://redis.io/commands/cluster-count-failure-reports) */
  clusterCountFailureReports(id: string): Outcome<C, C['int']> {
    return this.run(new Command(COUNT_FAILURE_REPORTS, [id]))
  }

  /** How many keys of a slot the node has. @since 3.0 [CLUSTER COUNTKEYSINSLOT](https://redis.io/commands/cluster-countkeysinslot) */
  clusterCountkeysinslot(slot: number): Outcome<C, C['int']> {
    return this.run(new Command(COUNTKEYSINSLOT, [slot]))
  }

  /** Lets the node forget who has slots. @since 3.0 [CLUSTER DELSLOTS](https://redis.io/commands/cluster-delslots) */
  clusterDelslots(...slots: readonly number[]): Outcome<C, 'OK'> {
    return this.run(new Command(DELSLOTS, [...slots]))
  }

  /** Lets the node forget who has ranges of slots. @since 7.0 [CLUSTER DELSLOTSRANGE](https://redis.io/commands/cluster-delslotsrange) */
  clusterDelslotsrange(...ranges: readonly SlotRange[]): Outcome<C, 'OK'> {
    return this.run(new Command(DELSLOTSRANGE, bounds(ranges)))
  }

  /** Makes the replica that is asked the primary. @since 3.0 [CLUSTER FAILOVER](https://redis.io/commands/cluster-failover) */
  clusterFailover(how?: 'force' | 'takeover'): Outcome<C, 'OK'> {
    return this.run(new Command(FAILOVER, how === undefined ? [] : [how.toUpperCase()]))
  }

  /** Lets the node forget all its slots. @since 3.0 [CLUSTER FLUSHSLOTS](https://redis.io/commands/cluster-flushslots) */
  clusterFlushslots(): Outcome<C, 'OK'> {
    return this.run(new Command(FLUSHSLOTS, []))
  }

  /** Lets the node forget another. @since 3.0 [CLUSTER FORGET](https://redis.io/commands/cluster-forget) */
  clusterForget(id: string): Outcome<C, 'OK'> {
    return this.run(new Command(FORGET, [id]))
  }

  /** At most `count` keys of a slot. @since 3.0 [CLUSTER GETKEYSINSLOT](https://redis.io/commands/cluster-getkeysinslot) */
  clusterGetkeysinslot(slot: number, count: number): Outcome<C, C['text'][]> {
    return this.run(new Command(GETKEYSINSLOT, [slot, count]))
  }

  /** The help text of CLUSTER, line by line. @since 5.0 [CLUSTER HELP](https://redis.io/commands/cluster-help) */
  clusterHelp(): Outcome<C, string[]> {
    return this.run(new Command(HELP, []))
  }

  /** How the cluster is, names in camel case: `clusterState`, `clusterSlotsOk`… @since 3.0 [CLUSTER INFO](https://redis.io/commands/cluster-info) */
  clusterInfo(): Outcome<C, Record<string, string | number>> {
    return this.run(new Command(INFO, []))
  }

  /** The slot of a key. @since 3.0 [CLUSTER KEYSLOT](https://redis.io/commands/cluster-keyslot) */
  clusterKeyslot(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(KEYSLOT, [key]))
  }

  /** The node's links to the others. @since 7.0 [CLUSTER LINKS](https://redis.io/commands/cluster-links) */
  clusterLinks(): Outcome<C, ClusterLink[]> {
    return this.run(new Command(LINKS, []))
  }

  /** Makes the node known to another. @since 3.0 [CLUSTER MEET](https://redis.io/commands/cluster-meet) */
  clusterMeet(host: string, port: number, busPort?: number): Outcome<C, 'OK'> {
    return this.run(new Command(MEET, busPort === undefined ? [host, port] : [host, port, busPort]))
  }

  /**
   * Ends one move of slots to or from the node, or all of them, and tells how many; the node at the other end goes on until
   * it is told too. @since 8.4 [CLUSTER MIGRATION](https://redis.io/commands/cluster-migration)
   */
  clusterMigrationCancel(which: SlotMigrationTask | 'all'): Outcome<C, C['int']> {
    return this.run(new Command(MIGRATION, ['CANCEL', ...task(which)], int))
  }

  /**
   * Moves ranges of slots with their keys to the node that is asked, and gives the id of the move; it goes on in the
   * background. @since 8.4 [CLUSTER MIGRATION](https://redis.io/commands/cluster-migration)
   */
  clusterMigrationImport(...ranges: readonly SlotRange[]): Outcome<C, string> {
    const args: Arguments = ['IMPORT', ...bounds(ranges)]
    if (ranges.length === 0) refuse(args, 'At least one range of slots is needed.')
    return this.run(new Command(MIGRATION, args))
  }

  /**
   * One move of slots to or from the node, or all of them, also those that have ended. @since 8.4
   * [CLUSTER MIGRATION](https://redis.io/commands/cluster-migration)
   */
  clusterMigrationStatus(which: SlotMigrationTask | 'all' = 'all'): Outcome<C, SlotMigration[]> {
    return this.run(new Command(MIGRATION, ['STATUS', ...task(which)], migrations))
  }

  /** The id of the node. @since 3.0 [CLUSTER MYID](https://redis.io/commands/cluster-myid) */
  clusterMyid(): Outcome<C, string> {
    return this.run(new Command(MYID, []))
  }

  /** The id of the node's shard. @since 7.2 [CLUSTER MYSHARDID](https://redis.io/commands/cluster-myshardid) */
  clusterMyshardid(): Outcome<C, string> {
    return this.run(new Command(MYSHARDID, []))
  }

  /** The nodes that the node knows. @since 3.0 [CLUSTER NODES](https://redis.io/commands/cluster-nodes) */
  clusterNodes(): Outcome<C, ClusterNodeInfo[]> {
    return this.run(new Command(NODES, []))
  }

  /** The replicas of a primary. @since 5.0 [CLUSTER REPLICAS](https://redis.io/commands/cluster-replicas) */
  clusterReplicas(id: string): Outcome<C, ClusterNodeInfo[]> {
    return this.run(new Command(REPLICAS, [id]))
  }

  /** Makes the node a replica of another. @since 3.0 [CLUSTER REPLICATE](https://redis.io/commands/cluster-replicate) */
  clusterReplicate(id: string): Outcome<C, 'OK'> {
    return this.run(new Command(REPLICATE, [id]))
  }

  /** Lets the node forget the cluster. @since 3.0 [CLUSTER RESET](https://redis.io/commands/cluster-reset) */
  clusterReset(how?: 'hard' | 'soft'): Outcome<C, 'OK'> {
    return this.run(new Command(RESET, how === undefined ? [] : [how.toUpperCase()]))
  }

  /** Writes nodes.conf. @since 3.0 [CLUSTER SAVECONFIG](https://redis.io/commands/cluster-saveconfig) */
  clusterSaveconfig(): Outcome<C, 'OK'> {
    return this.run(new Command(SAVECONFIG, []))
  }

  /** Sets the epoch of a new node. @since 3.0 [CLUSTER SET-CONFIG-EPOCH](https://redis.io/commands/cluster-set-config-epoch) */
  clusterSetConfigEpoch(epoch: number): Outcome<C, 'OK'> {
    return this.run(new Command(SET_CONFIG_EPOCH, [epoch]))
  }

  /** Says where a slot is, or goes to or comes from. @since 3.0 [CLUSTER SETSLOT](https://redis.io/commands/cluster-setslot) */
  clusterSetslot(
    slot: number,
    state: 'importing' | 'migrating' | 'node',
    id: string,
    options?: SetslotOptions,
  ): Outcome<C, 'OK'>
  clusterSetslot(slot: number, state: 'stable', options?: SetslotOptions): Outcome<C, 'OK'>
  clusterSetslot(
    slot: number,
    state: string,
    id?: string | SetslotOptions,
    options: SetslotOptions = typeof id === 'object' ? id : {},
  ): Outcome<C, 'OK'> {
    const args: Arguments = [slot, state.toUpperCase()]
    if (typeof id === 'string') args.push(id)
    option(args, 'TIMEOUT', plainOptions(args, options).timeout)
    return this.run(new Command(SETSLOT, args))
  }

  /** The shards with their slots and nodes. @since 7.0 [CLUSTER SHARDS](https://redis.io/commands/cluster-shards) */
  clusterShards(): Outcome<C, ClusterShard[]> {
    return this.run(new Command(SHARDS, []))
  }

  /**
   * The replicas of a primary. @since 3.0 [CLUSTER SLAVES](https://redis.io/commands/cluster-slaves)
   * @deprecated `clusterReplicas` does the same.
   */
  clusterSlaves(id: string): Outcome<C, ClusterNodeInfo[]> {
    return this.run(new Command(SLAVES, [id]))
  }

  /** How the node's slots are used: of a range, or the most of one figure. Valkey @since 8.0, Redis @since 8.2 [CLUSTER SLOT-STATS](https://valkey.io/commands/cluster-slot-stats) */
  clusterSlotStats(
    which:
      | { readonly slotsrange: SlotRange }
      | { readonly orderby: string; readonly limit?: number; readonly order?: 'ASC' | 'DESC' },
  ): Outcome<C, SlotStats[]> {
    which = owned(which)
    if ('slotsrange' in which) return this.run(new Command(SLOT_STATS, ['SLOTSRANGE', ...bounds([which.slotsrange])]))
    const args: Arguments = ['ORDERBY', which.orderby]
    option(args, 'LIMIT', which.limit)
    if (which.order !== undefined) args.push(which.order)
    return this.run(new Command(SLOT_STATS, args))
  }

  /** Ranges of slots with their nodes. @since 3.0 [CLUSTER SLOTS](https://redis.io/commands/cluster-slots) */
  clusterSlots(): Outcome<C, ClusterSlotRange[]> {
    return this.run(new Command(SLOTS, []))
  }
}
