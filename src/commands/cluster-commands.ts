import {
  type ClusterLink,
  type ClusterNodeInfo,
  type ClusterShard,
  type ClusterSlotRange,
  migrations,
  nodes,
  type SlotMigration,
  type SlotStats,
  shard,
  slotRange,
  slotStats,
} from './cluster-replies.js'
import type { Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { count, int, keys, list, named, ok, word } from './core/decoders.js'
import { keyAt } from './core/key-specs.js'
import { option, plainOptions, refuse } from './core/option-tokens.js'
import { owned } from './core/own-properties.js'
import { concat } from './core/response-policies.js'
import { keyless } from './core/spec.js'
import { properties } from './text-replies.js'

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
const SLOT_STATS = keyless('CLUSTER SLOT-STATS', list(slotStats), {
  requestPolicy: 'all_shards',
  responsePolicy: concat,
})
const SLOTS = keyless('CLUSTER SLOTS', list(slotRange))

/** One slot migration, identified by the id that its import returned. */
export interface SlotMigrationTask {
  readonly id: string
}

export interface SetslotOptions {
  /** How many ms to wait for the replicas of the node. Valkey only, @since 8.0 */
  readonly timeout?: number
}

const task = (which: SlotMigrationTask | 'all'): Arguments => (which === 'all' ? ['ALL'] : ['ID', owned(which).id])

export interface SlotRange {
  readonly start: number
  readonly end: number
}

const bounds = (ranges: readonly SlotRange[]) => owned(ranges).flatMap(({ start, end }) => [start, end])

export abstract class ClusterCommands<C extends Context> extends Runner<C> {
  /**
   * Assigns slots to the node. Returns `'OK'`. @since 3.0
   * [CLUSTER ADDSLOTS](https://redis.io/commands/cluster-addslots)
   */
  clusterAddslots(...slots: readonly number[]): Outcome<C, 'OK'> {
    return this.run(new Command(ADDSLOTS, [...slots]))
  }

  /**
   * Assigns ranges of slots to the node. Returns `'OK'`. @since 7.0
   * [CLUSTER ADDSLOTSRANGE](https://redis.io/commands/cluster-addslotsrange)
   */
  clusterAddslotsrange(...ranges: readonly SlotRange[]): Outcome<C, 'OK'> {
    return this.run(new Command(ADDSLOTSRANGE, bounds(ranges)))
  }

  /**
   * Increases the node's config epoch. Returns the status and the epoch. @since 3.0
   * [CLUSTER BUMPEPOCH](https://redis.io/commands/cluster-bumpepoch)
   */
  clusterBumpepoch(): Outcome<C, string> {
    return this.run(new Command(BUMPEPOCH, []))
  }

  /**
   * Returns the number of nodes that report a failure of the given node. @since 3.0
   * [CLUSTER COUNT-FAILURE-REPORTS](https://redis.io/commands/cluster-count-failure-reports)
   */
  clusterCountFailureReports(id: string): Outcome<C, C['int']> {
    return this.run(new Command(COUNT_FAILURE_REPORTS, [id]))
  }

  /**
   * Returns the number of keys of a slot on the node. @since 3.0
   * [CLUSTER COUNTKEYSINSLOT](https://redis.io/commands/cluster-countkeysinslot)
   */
  clusterCountkeysinslot(slot: number): Outcome<C, C['int']> {
    return this.run(new Command(COUNTKEYSINSLOT, [slot]))
  }

  /**
   * Makes the node forget the owners of slots. Returns `'OK'`. @since 3.0
   * [CLUSTER DELSLOTS](https://redis.io/commands/cluster-delslots)
   */
  clusterDelslots(...slots: readonly number[]): Outcome<C, 'OK'> {
    return this.run(new Command(DELSLOTS, [...slots]))
  }

  /**
   * Makes the node forget the owners of ranges of slots. Returns `'OK'`. @since 7.0
   * [CLUSTER DELSLOTSRANGE](https://redis.io/commands/cluster-delslotsrange)
   */
  clusterDelslotsrange(...ranges: readonly SlotRange[]): Outcome<C, 'OK'> {
    return this.run(new Command(DELSLOTSRANGE, bounds(ranges)))
  }

  /**
   * Promotes the replica that receives it to primary. Returns `'OK'`. @since 3.0
   * [CLUSTER FAILOVER](https://redis.io/commands/cluster-failover)
   */
  clusterFailover(how?: 'force' | 'takeover'): Outcome<C, 'OK'> {
    return this.run(new Command(FAILOVER, how === undefined ? [] : [how.toUpperCase()]))
  }

  /**
   * Makes the node forget all its slots. Returns `'OK'`. @since 3.0
   * [CLUSTER FLUSHSLOTS](https://redis.io/commands/cluster-flushslots)
   */
  clusterFlushslots(): Outcome<C, 'OK'> {
    return this.run(new Command(FLUSHSLOTS, []))
  }

  /**
   * Makes the node forget another node. Returns `'OK'`. @since 3.0
   * [CLUSTER FORGET](https://redis.io/commands/cluster-forget)
   */
  clusterForget(id: string): Outcome<C, 'OK'> {
    return this.run(new Command(FORGET, [id]))
  }

  /**
   * Returns at most `count` keys of a slot. @since 3.0
   * [CLUSTER GETKEYSINSLOT](https://redis.io/commands/cluster-getkeysinslot)
   */
  clusterGetkeysinslot(slot: number, count: number): Outcome<C, C['text'][]> {
    return this.run(new Command(GETKEYSINSLOT, [slot, count]))
  }

  /**
   * Returns the help text of CLUSTER, line by line. @since 5.0 [CLUSTER HELP](https://redis.io/commands/cluster-help)
   */
  clusterHelp(): Outcome<C, string[]> {
    return this.run(new Command(HELP, []))
  }

  /**
   * Returns the state of the cluster with names in camel case: `clusterState`, `clusterSlotsOk`… @since 3.0
   * [CLUSTER INFO](https://redis.io/commands/cluster-info)
   */
  clusterInfo(): Outcome<C, Record<string, string | number>> {
    return this.run(new Command(INFO, []))
  }

  /** Returns the slot of a key. @since 3.0 [CLUSTER KEYSLOT](https://redis.io/commands/cluster-keyslot) */
  clusterKeyslot(key: Key): Outcome<C, C['int']> {
    return this.run(new Command(KEYSLOT, [key]))
  }

  /**
   * Returns the node's links to the other nodes. @since 7.0 [CLUSTER LINKS](https://redis.io/commands/cluster-links)
   */
  clusterLinks(): Outcome<C, ClusterLink[]> {
    return this.run(new Command(LINKS, []))
  }

  /**
   * Introduces the node to another node. Returns `'OK'`. @since 3.0
   * [CLUSTER MEET](https://redis.io/commands/cluster-meet)
   */
  clusterMeet(host: string, port: number, busPort?: number): Outcome<C, 'OK'> {
    return this.run(new Command(MEET, busPort === undefined ? [host, port] : [host, port, busPort]))
  }

  /**
   * Cancels one migration of slots to or from the node, or all of them. Returns the number of cancelled migrations. The
   * node at the other end continues until it is cancelled there too. @since 8.4
   * [CLUSTER MIGRATION](https://redis.io/commands/cluster-migration)
   */
  clusterMigrationCancel(which: SlotMigrationTask | 'all'): Outcome<C, C['int']> {
    return this.run(new Command(MIGRATION, ['CANCEL', ...task(which)], int))
  }

  /**
   * Migrates ranges of slots with their keys to the node that receives it, in the background. Returns the id of the
   * migration. @since 8.4 [CLUSTER MIGRATION](https://redis.io/commands/cluster-migration)
   */
  clusterMigrationImport(...ranges: readonly SlotRange[]): Outcome<C, string> {
    const args: Arguments = ['IMPORT', ...bounds(ranges)]
    if (ranges.length === 0) refuse(args, 'At least one range of slots is needed.')
    return this.run(new Command(MIGRATION, args))
  }

  /**
   * Returns one migration of slots to or from the node, or all of them, including finished ones. @since 8.4
   * [CLUSTER MIGRATION](https://redis.io/commands/cluster-migration)
   */
  clusterMigrationStatus(which: SlotMigrationTask | 'all' = 'all'): Outcome<C, SlotMigration[]> {
    return this.run(new Command(MIGRATION, ['STATUS', ...task(which)], migrations))
  }

  /** Returns the id of the node. @since 3.0 [CLUSTER MYID](https://redis.io/commands/cluster-myid) */
  clusterMyid(): Outcome<C, string> {
    return this.run(new Command(MYID, []))
  }

  /** Returns the id of the node's shard. @since 7.2 [CLUSTER MYSHARDID](https://redis.io/commands/cluster-myshardid) */
  clusterMyshardid(): Outcome<C, string> {
    return this.run(new Command(MYSHARDID, []))
  }

  /** Returns all nodes that the node knows. @since 3.0 [CLUSTER NODES](https://redis.io/commands/cluster-nodes) */
  clusterNodes(): Outcome<C, ClusterNodeInfo[]> {
    return this.run(new Command(NODES, []))
  }

  /** Returns the replicas of a primary. @since 5.0 [CLUSTER REPLICAS](https://redis.io/commands/cluster-replicas) */
  clusterReplicas(id: string): Outcome<C, ClusterNodeInfo[]> {
    return this.run(new Command(REPLICAS, [id]))
  }

  /**
   * Makes the node a replica of another node. Returns `'OK'`. @since 3.0
   * [CLUSTER REPLICATE](https://redis.io/commands/cluster-replicate)
   */
  clusterReplicate(id: string): Outcome<C, 'OK'> {
    return this.run(new Command(REPLICATE, [id]))
  }

  /**
   * Makes the node leave the cluster and forget all nodes and slots. Returns `'OK'`. @since 3.0
   * [CLUSTER RESET](https://redis.io/commands/cluster-reset)
   */
  clusterReset(how?: 'hard' | 'soft'): Outcome<C, 'OK'> {
    return this.run(new Command(RESET, how === undefined ? [] : [how.toUpperCase()]))
  }

  /** Saves nodes.conf. Returns `'OK'`. @since 3.0 [CLUSTER SAVECONFIG](https://redis.io/commands/cluster-saveconfig) */
  clusterSaveconfig(): Outcome<C, 'OK'> {
    return this.run(new Command(SAVECONFIG, []))
  }

  /**
   * Sets the config epoch of a new node. Returns `'OK'`. @since 3.0
   * [CLUSTER SET-CONFIG-EPOCH](https://redis.io/commands/cluster-set-config-epoch)
   */
  clusterSetConfigEpoch(epoch: number): Outcome<C, 'OK'> {
    return this.run(new Command(SET_CONFIG_EPOCH, [epoch]))
  }

  /**
   * Assigns a slot to a node, or marks it as migrating or importing. Returns `'OK'`. @since 3.0
   * [CLUSTER SETSLOT](https://redis.io/commands/cluster-setslot)
   */
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

  /**
   * Returns the shards with their slots and nodes. @since 7.0
   * [CLUSTER SHARDS](https://redis.io/commands/cluster-shards)
   */
  clusterShards(): Outcome<C, ClusterShard[]> {
    return this.run(new Command(SHARDS, []))
  }

  /**
   * Returns the replicas of a primary. @since 3.0 [CLUSTER SLAVES](https://redis.io/commands/cluster-slaves)
   * @deprecated `clusterReplicas` does the same.
   */
  clusterSlaves(id: string): Outcome<C, ClusterNodeInfo[]> {
    return this.run(new Command(SLAVES, [id]))
  }

  /**
   * Returns statistics of the node's slots: of a range, or the slots with the highest values of one statistic. Valkey
   * @since 8.0, Redis @since 8.2 [CLUSTER SLOT-STATS](https://valkey.io/commands/cluster-slot-stats)
   */
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

  /** Returns ranges of slots with their nodes. @since 3.0 [CLUSTER SLOTS](https://redis.io/commands/cluster-slots) */
  clusterSlots(): Outcome<C, ClusterSlotRange[]> {
    return this.run(new Command(SLOTS, []))
  }
}
