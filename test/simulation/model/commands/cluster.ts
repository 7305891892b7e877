/** CLUSTER: the view that a node has of its cluster. */
import type { ClusterNode } from '../cluster/cluster-node.js'
import { slotOf } from '../cluster/slots.js'
import { type Call, type CommandSpec, command } from '../command.js'
import { Failure, MapReply, type Reply, Verbatim } from '../reply.js'
import type { ClusterLink } from '../server.js'

const ANYWHERE = 'loading stale'

export const CLUSTER: readonly CommandSpec[] = [
  command('cluster|slots', 2, ANYWHERE, undefined, call => slots(call)),
  command('cluster|shards', 2, ANYWHERE, undefined, call => shards(call)),
  command('cluster|nodes', 2, ANYWHERE, undefined, call => new Verbatim(nodes(call))),
  command('cluster|info', 2, ANYWHERE, undefined, call => new Verbatim(info(call))),
  command('cluster|myid', 2, ANYWHERE, undefined, call => clusterOf(call).node.id),
  command('cluster|keyslot', 3, ANYWHERE, undefined, call => {
    clusterOf(call)
    return slotOf(call.text(2))
  }),
  command('cluster|countkeysinslot', 3, '', undefined, call => keysIn(call, call.int(2)).length),
  command('cluster|getkeysinslot', 4, '', undefined, call => {
    clusterOf(call)
    const [slot, count] = [call.int(2), call.int(3)]
    if (slot < 0 || slot > 16_383 || count < 0) return new Failure('ERR Invalid slot or number of keys')
    return keysIn(call, slot).slice(0, count)
  }),
]

function clusterOf({ server }: Call): ClusterLink {
  if (server.cluster === undefined) throw new Failure('ERR This instance has cluster support disabled')
  return server.cluster
}

function keysIn(call: Call, slot: number): string[] {
  clusterOf(call)
  if (slot < 0 || slot > 16_383) throw new Failure('ERR Invalid slot')
  return call.db.keys().filter(key => slotOf(key) === slot)
}

/** Returns the primaries with slots, each with its replicas, in the view of this node. */
function primariesOf(
  call: Call,
): { primary: ClusterNode; replicas: ClusterNode[]; ranges: readonly [number, number][] }[] {
  const { node, nodes: all } = clusterOf(call)
  const { view } = node
  return all
    .filter(each => !view.unknown.has(each.index) && view.primaries[each.index]! < 0)
    .map(primary => ({
      primary,
      replicas: view.replicasOf(primary.index).map(each => all[each]!),
      ranges: view.rangesOf(primary.index),
    }))
}

function slots(call: Call): Reply {
  const { node } = clusterOf(call)
  const entry = (each: ClusterNode): Reply => {
    const { host, port } = node.addressOf(each.index)
    const ip = host === '?' ? [['ip', each.address.host] as const] : []
    return [host, port, each.id, new MapReply(ip)]
  }
  return primariesOf(call).flatMap(({ primary, replicas, ranges }) => {
    const living = replicas.filter(({ index }) => !node.view.hasFailed(index))
    return ranges.map(([first, last]): Reply => [first, last, entry(primary), ...living.map(entry)])
  })
}

function shards(call: Call): Reply {
  const { node } = clusterOf(call)
  const entry = (each: ClusterNode, role: string): Reply => {
    const { host, port } = node.addressOf(each.index)
    return new MapReply([
      ['id', each.id],
      ['port', port],
      ['ip', host === '?' ? each.address.host : host],
      ['endpoint', host],
      ['role', role],
      ['replication-offset', each.server.log.offset],
      ['health', node.view.hasFailed(each.index) ? 'fail' : 'online'],
    ])
  }
  return primariesOf(call).map(
    ({ primary, replicas, ranges }) =>
      new MapReply([
        ['slots', ranges.flat()],
        ['nodes', [entry(primary, 'master'), ...replicas.map(each => entry(each, 'replica'))]],
        ...(call.server.dialect.has({ valkey: [9, 0] }) ? [['id', shardIdOf(primary)] as const] : []),
      ]),
  )
}

/** The nodes of a shard share an id of the shard. */
function shardIdOf({ id }: ClusterNode): string {
  return [...id].reverse().join('')
}

function nodes(call: Call): string {
  const { node, nodes: all } = clusterOf(call)
  const { view } = node
  const known = all.filter(({ index }) => !view.unknown.has(index))
  const lines = known.map(({ id, index }) => {
    const { host, port } = node.addressOf(index)
    const primary = view.primaries[index]!
    const flags = [index === node.index && 'myself', primary < 0 ? 'master' : 'slave', view.hasFailed(index) && 'fail']
    const ranges = view.rangesOf(index).map(([first, last]) => (first === last ? first : `${first}-${last}`))
    const moving =
      index === node.index
        ? [
            ...[...node.movesShown.migrating].map(([slot, to]) => `[${slot}->-${all[to]!.id}]`),
            ...[...node.movesShown.importing].map(([slot, from]) => `[${slot}-<-${all[from]!.id}]`),
          ]
        : []
    const state = view.hasFailed(index) ? 'disconnected' : 'connected'
    const of = primary < 0 ? '-' : all[primary]!.id
    const head = `${id} ${host}:${port}@${port + 10_000} ${flags.filter(Boolean).join(',')} ${of}`
    return [head, 0, 0, view.epochs[primary < 0 ? index : primary]!, state, ...ranges, ...moving].join(' ')
  })
  return `${lines.join('\n')}\n`
}

function info(call: Call): string {
  const { node, nodes: all } = clusterOf(call)
  const { view } = node
  const assigned = view.owners.filter(owner => owner >= 0)
  const failed = assigned.filter(owner => view.hasFailed(owner)).length
  return [
    `cluster_state:${node.isDown ? 'fail' : 'ok'}`,
    `cluster_slots_assigned:${assigned.length}`,
    `cluster_slots_ok:${assigned.length - failed}`,
    'cluster_slots_pfail:0',
    `cluster_slots_fail:${failed}`,
    `cluster_known_nodes:${all.length - view.unknown.size}`,
    `cluster_size:${new Set(assigned).size}`,
    `cluster_current_epoch:${view.epoch}`,
    `cluster_my_epoch:${view.epochs[node.index]}`,
    '',
  ].join('\r\n')
}
