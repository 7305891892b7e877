import { until } from '../rig/conditions.js'
import type { Cluster, ClusterNode } from '../servers/servers.mjs'

/**
 * Resolves when every primary has a linked replica, and every node knows these and the primary's epoch. A primary that is killed
 * before that may get no successor: those who vote refuse a replica whose epoch is behind what they know.
 */
export async function untilWhole(cluster: Cluster): Promise<void> {
  await until(() => isWhole(cluster), { timeout: 20_000, what: 'every primary has a replica that all know' })
}

async function isWhole(cluster: Cluster): Promise<boolean> {
  for (const primary of await cluster.primaries()) {
    const replicas = await cluster.replicasOf(primary)
    if (replicas.length === 0) return false
    for (const replica of replicas) {
      if (!String(await replica.command('INFO', 'replication')).includes('master_link_status:up')) return false
    }
    const views = await Promise.all(cluster.living.map(node => viewOf(node, primary, replicas)))
    if (new Set(views).size !== 1) return false
  }
  return true
}

async function viewOf(node: ClusterNode, primary: ClusterNode, replicas: readonly ClusterNode[]): Promise<string> {
  const text = String(await node.command('CLUSTER', 'NODES'))
  const fields = (id: string) =>
    text
      .split('\n')
      .find(line => line.startsWith(id))
      ?.split(' ') ?? []
  const followed = replicas.map(({ id }) => fields(id)[3] === primary.id)
  return `${fields(primary.id)[6]} ${followed.every(Boolean)}`
}

/** The primary of slot 0, and a replica of it. */
export async function aPair(cluster: Cluster): Promise<{ primary: ClusterNode; replica: ClusterNode }> {
  await untilWhole(cluster)
  const primary = await cluster.primaryOf(0)
  const [replica] = await cluster.replicasOf(primary)
  if (replica === undefined) throw new Error('the primary has no replica')
  return { primary, replica }
}
