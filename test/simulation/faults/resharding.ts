/** Faults of the slots of a cluster: they migrate, and nodes join, leave and change their addresses. */
import type { RunningCluster } from '../cluster.js'
import { SLOTS, slotOf } from '../model/cluster/slots.js'
import type { Fault, Simulation } from '../simulation.js'
import type { Random } from '../world/random.js'
import { clusterFault, pickNode, primaries } from './cluster.js'

/** A random slot, most often one that has keys or that users call. */
function pickSlot(cluster: RunningCluster, random: Random): number {
  const keys = primaries(cluster).flatMap(({ server }) => server.databases[0]?.keys() ?? [])
  if (keys.length > 0 && random.chance(0.7)) return slotOf(random.pick(keys))
  const kinds = ['text', 'number', 'cas', 'jobs', 'shard', 'multi', 'log', 'bytes']
  return random.chance(0.7) ? slotOf(`${random.pick(kinds)}:${random.int(0, 5)}`) : random.int(0, SLOTS - 1)
}

/** Moves the keys of a slot one after another, with pauses, then finishes or aborts the migration. */
function migrate(cluster: RunningCluster, random: Random, simulation: Simulation): (() => void) | undefined {
  const slot = pickSlot(cluster, random)
  const from = cluster.model.migrations.ownerOf(slot)
  const to = pickNode(primaries(cluster), random)
  if (to === undefined || !cluster.model.migrations.start(slot, to)) return undefined
  simulation.note('world', () => `slot ${slot} migrates from node ${from?.index} to node ${to.index}`)
  const aborts = random.chance(0.2)
  const pause = random.pick([1, 20, 200])
  let isOver = false
  const step = () => {
    if (isOver) return
    cluster.model.migrations.moveKeys(slot, 1)
    cluster.touched()
    simulation.loop.later(random.skewed(0, pause), step)
  }
  simulation.loop.later(random.skewed(0, pause), step)
  const finish = () => {
    isOver = true
    if (aborts) {
      simulation.note('world', () => `the migration of slot ${slot} is aborted`)
      cluster.model.migrations.abort(slot)
    } else if (cluster.model.migrations.finish(slot)) simulation.note('world', () => `slot ${slot} has migrated`)
    else if (!simulation.isHealed) simulation.loop.later(100, finish)
    else cluster.model.migrations.abort(slot)
    cluster.touched()
  }
  return finish
}

export const RESHARDING: readonly Fault[] = [
  clusterFault('slot migrates', 8, 3_000, migrate),
  clusterFault('slots move', 4, 1, (cluster, random, simulation) => {
    const [from, to] = [pickNode(primaries(cluster), random), pickNode(primaries(cluster), random)]
    if (from === undefined || to === undefined || from === to) return undefined
    const share = random.pick([0.02, 0.3, 1])
    const slots = from.view
      .rangesOf(from.index)
      .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
    const moving = share === 1 ? slots : slots.filter(() => random.chance(share))
    simulation.note('world', () => `${moving.length} slots move from node ${from.index} to node ${to.index}`)
    cluster.model.migrations.moveSlots(from, to, moving)
    return undefined
  }),
  clusterFault('node joins', 3, 1, (cluster, random, simulation) => {
    const spare = cluster.model.nodes.find(each => cluster.isSpare(each))
    if (spare === undefined) return undefined
    simulation.note('world', () => `node ${spare.index} joins`)
    cluster.join(spare)
    simulation.loop.later(random.skewed(1, 500), () => {
      const from = pickNode(primaries(cluster), random)
      if (from === undefined || from === spare || !spare.alive || !spare.isPrimary) return
      const slots = [...from.view.owners.keys()].filter(slot => from.view.owners[slot] === from.index && slot % 2 === 0)
      cluster.model.migrations.moveSlots(from, spare, slots)
      cluster.touched()
    })
    return undefined
  }),
  clusterFault('node leaves', 2, 1, (cluster, random, simulation) => {
    // Node 0 is a seed of every client.
    const node = pickNode(
      cluster.nodes.filter(({ index }) => index > 0),
      random,
    )
    const heir = node && primaries(cluster).find(each => each !== node && each.view.owners.includes(each.index))
    if (node === undefined || heir === undefined) return undefined
    const hasReplicas = cluster.model.nodes.some(({ view }) => view.primary === node.index)
    if (hasReplicas || node.view.migrating.size + node.view.importing.size > 0) return undefined
    simulation.note('world', () => `node ${node.index} leaves`)
    if (node.isPrimary) {
      const slots = [...node.view.owners.keys()].filter(slot => node.view.owners[slot] === node.index)
      cluster.model.migrations.moveSlots(node, heir, slots)
    }
    simulation.loop.later(random.skewed(1, 2_000), () => cluster.leave(node))
    return undefined
  }),
  clusterFault('address changes', 2, 1, (cluster, random, simulation) => {
    const node = pickNode(cluster.nodes, random)
    if (node === undefined) return undefined
    const address = `10.0.${random.int(1, 250)}.${node.index + 1}`
    simulation.note('world', () => `node ${node.index} moves to ${address}`)
    cluster.move(node, address)
    return undefined
  }),
  clusterFault('odd topology', 3, 4_000, (cluster, random, simulation) => {
    const odd = pickNode(cluster.nodes, random)
    if (odd === undefined) return undefined
    const viewers = random.chance(0.5) ? cluster.nodes : [random.pick(cluster.nodes)]
    const how = odd.isPrimary ? 'itself without a host' : random.pick(['without a port', 'with an unknown name'])
    simulation.note('world', () => `${viewers.map(({ index }) => index).join()} report node ${odd.index} ${how}`)
    const those = odd.isPrimary ? [odd] : viewers
    for (const viewer of those) {
      const { host, port } = odd.address
      viewer.shown.set(
        odd.index,
        odd.isPrimary ? { host: '', port } : how === 'without a port' ? { host, port: 0 } : { host: '?', port },
      )
    }
    return () => {
      for (const viewer of those) viewer.shown.delete(odd.index)
    }
  }),
]
