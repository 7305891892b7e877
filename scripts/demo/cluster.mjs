import { setTimeout as sleep } from 'node:timers/promises'

/** Writes continue while slots move and while a primary is killed. */
export async function clusterStep({ respire, show, say, check }) {
  const { slotOf, startCluster } = await import('../../test/servers/servers.mjs')
  const servers = await startCluster()
  const cluster = new respire.RedisCluster(servers.seeds, { commandTimeout: 10_000 })
  try {
    await perform(servers, cluster, { slotOf, show, say, check })
  } finally {
    await cluster.close()
    await servers.stop()
  }
}

async function perform(servers, cluster, { slotOf, show, say, check }) {
  const events = []
  cluster.on('error', error => events.push(error))
  await cluster.connect()
  const shards = () => cluster.topology.shards.filter(({ slots }) => slots.length > 0)
  show.note(
    `three primaries and three replicas: ${shards()
      .map(({ primary, replicas }) => `${primary.name} ← ${replicas.map(({ name }) => name)}`)
      .join(', ')}`,
  )

  const names = Array.from({ length: 12 }, (_, i) => `counter:${i}`)
  await cluster.mset(Object.fromEntries(names.map((name, i) => [name, i])))
  const values = await cluster.mget(names)
  say('await cluster.mget(names) // twelve keys in twelve slots')
  say(`  → ${values.join(', ')}`)
  check(
    values.every((value, i) => value === String(i)),
    'values from all slots are returned in order',
  )

  // Counts acknowledged increments, to compare them with the servers' values.
  const acked = new Map(names.map(name => [name, 0]))
  const unknown = new Map(names.map(name => [name, 0]))
  const errors = []
  let over = false
  let last = performance.now()
  let longest = 0
  await cluster.del(names)
  const writer = async name => {
    while (!over) {
      await cluster.incr(name).then(
        () => {
          acked.set(name, acked.get(name) + 1)
          const now = performance.now()
          if (name === 'counter:0') {
            longest = Math.max(longest, now - last)
            last = now
          }
        },
        error => {
          errors.push(error)
          unknown.set(name, unknown.get(name) + 1)
        },
      )
      await sleep(1)
    }
  }
  const writers = names.map(writer)

  const slots = names.slice(1, 4).map(slotOf)
  for (const slot of slots) {
    const owner = await servers.primaryOf(slot)
    await servers.moveSlot(
      slot,
      (await servers.primaries()).find(node => node !== owner),
    )
  }
  say(`${slots.length} slots were moved while twelve writers ran`)
  check(errors.length === 0, 'no write failed')

  const primary = await servers.primaryOf(slotOf('counter:0'))
  const before = errors.length
  longest = 0
  const killed = performance.now()
  const promoted = await servers.killPrimary(primary)
  const took = performance.now() - killed
  await sleep(500)
  over = true
  await Promise.all(writers)
  say(`kill -9 of ${primary.host}:${primary.port}, the primary of counter:0, during the writes`)
  say(
    `  → the servers promoted ${promoted.host}:${promoted.port} after ${Math.round(took)} ms; writes to its slots continued after ${Math.round(longest)} ms`,
  )
  const kinds = [...new Set(errors.slice(before).map(({ name, outcome }) => `${name}, outcome '${outcome}'`))]
  say(
    `  → ${errors.length - before} calls in flight at the kill rejected${kinds.length > 0 ? ` (${kinds.join('; ')})` : ''}`,
  )
  check(
    errors.every(({ outcome }) => outcome === 'unknown'),
    'only calls in flight at the kill rejected, and their errors say that they may have run',
  )
  check(longest < took + 1_500, 'writes continued soon after the promotion')

  const finals = await cluster.mget(names)
  const doubled = names.filter((name, i) => Number(finals[i] ?? 0) > acked.get(name) + unknown.get(name))
  const lost = names.reduce((sum, name, i) => sum + Math.max(0, acked.get(name) - Number(finals[i] ?? 0)), 0)
  say(
    `  → ${[...acked.values()].reduce((a, b) => a + b, 0)} increments acknowledged; ${lost} of them lost with the primary, which had not yet replicated them`,
  )
  check(doubled.length === 0, 'no increment ran twice')
  const { moved, refreshes } = cluster.stats
  show.note(
    `${moved} commands were redirected, the topology was refreshed ${refreshes} times, ${events.length} 'error' events`,
  )
}
