import type { Cluster, ClusterNode } from '../servers/servers.mjs'

/** The primary of slot 0 and a replica of it, as soon as all nodes know them. */
export async function aPair(cluster: Cluster): Promise<{ primary: ClusterNode; replica: ClusterNode }> {
  await cluster.waitReady()
  const primary = await cluster.primaryOf(0)
  const [replica] = await cluster.replicasOf(primary)
  if (replica === undefined) throw new Error('the primary has no replica')
  return { primary, replica }
}
