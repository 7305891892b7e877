import { Failure } from '../model/reply.js'
import type { Simulation } from '../simulation.js'

/** Returns true if no client has anything left to do. */
export function isAtRest({ subjects }: Simulation): boolean {
  return subjects.every(({ redis }) => {
    const { inflight, pool, queued, queuedBytes } = redis.stats
    return inflight === 0 && queued === 0 && queuedBytes === 0 && pool.lent === 0 && pool.waiting === 0
  })
}

/** When all calls have settled, nothing of them is left: not in the counters, and no state on the servers' connections. */
export function* atRest(simulation: Simulation): Iterable<string> {
  for (const { name, options, redis } of simulation.subjects) {
    const { inflight, pool, queued, queuedBytes } = redis.stats
    const left = { inflight, queued, queuedBytes, lent: pool.lent, waiting: pool.waiting }
    for (const [what, count] of Object.entries(left))
      if (count !== 0) yield `${name} has ${count} ${what} although all calls have settled.`
    const { max = 10 } = options.pool ?? {}
    if (!simulation.plan.isCluster && pool.size > max)
      yield `${name} has ${pool.size} pooled connections of at most ${max}.`
    if (pool.idle !== pool.size) yield `${name} has ${pool.size} pooled connections, and ${pool.idle} of them are idle.`
  }
  const databases = new Set(simulation.subjects.map(({ options }) => ('db' in options && options.db) || 0))
  // A node whose cluster is down rejects SUNSUBSCRIBE if it is configured so. The client then takes the subscription to be over.
  const withoutShards = new Set<unknown>()
  for (const { args, reply, wire } of simulation.ledger.executions)
    if (args[0] === 'SUNSUBSCRIBE' && reply instanceof Failure) withoutShards.add(wire)
  for (const { server, wires } of simulation.hosts) {
    for (const connection of server.connections.values()) {
      const wire = wires.get(connection.id)
      // The server does not know yet that the client has closed the connection, or that it was lost.
      if (wire === undefined || !wire.isOpen || wire.isHurt || wire.isBusy) continue
      const { channels, db, id, patterns, queue, shards, watched } = connection
      const where = `Connection ${id} of ${server.label}`
      if (queue !== undefined) yield `${where} is inside MULTI although all calls have settled.`
      if (watched.length > 0) yield `${where} watches ${watched.length} keys although all calls have settled.`
      if (!databases.has(db)) yield `${where} has selected database ${db}, which is not that of its client.`
      if (server.blocking.waitOf(connection) !== undefined) yield `${where} is blocked although all calls have settled.`
      const left = [...channels, ...patterns, ...(withoutShards.has(wire) ? [] : shards)].filter(
        each => !each.includes(':lock:waiting:'),
      )
      if (left.length > 0) yield `${where} is subscribed to ${left.join(' ')} although all subscriptions have ended.`
    }
  }
}
