/** Blocking calls, watches and reused memory, while slots move, primaries are replaced and connections are killed. */
import { describe, expect, test } from 'vitest'
import { until } from '../rig/conditions.js'
import { Ledger } from '../rig/ledger.js'
import { seeded } from '../rig/random.mjs'
import { Watchdog } from '../rig/watchdog.js'
import type { ClusterNode } from '../servers/servers.mjs'
import { useCluster } from '../servers/vitest.js'
import { useClients } from './clients.js'

/** `npm run chaos:cluster` runs the long form, ten times as much. */
const TIMES = process.env.CHAOS === 'long' ? 10 : 1

const cluster = useCluster()
const clientOf = useClients()
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function otherPrimary(slot: number): Promise<ClusterNode> {
  const owner = await cluster().primaryOf(slot)
  const others = (await cluster().primaries()).filter(node => node !== owner)
  return others[slot % others.length]!
}

describe('chaos', () => {
  test('sessions that watch, with calls beside their transactions, lose no update while the slot moves and fails over', {
    timeout: 60_000 * TIMES,
  }, async () => {
    const random = seeded('watches in a moving slot')
    const client = clientOf(cluster().seeds, { reconnect: { min: 1, max: 20 } })
    const slot = 3_000
    const keys = [0, 1, 2].map(i => cluster().key(slot, `watched:${i}`))
    const side = cluster().key(slot, 'side')
    const ledger = new Ledger()
    const watchdog = new Watchdog()
    let over = false
    const worker = async (id: number) => {
      const key = keys[id % keys.length]!
      while (!over) {
        const update = client.transaction(key, async session => {
          const value = Number((await session.get(key)) ?? 0)
          if (random.chance(0.2)) await pause(random.int(0, 3))
          // Two calls at once: the first gets an error reply, and the second must not run unwatched.
          const beside = session.set(side, `${id}`).catch(() => {})
          const exec = session
            .multi()
            .set(key, value + 1)
            .exec()
          const pushed = random.chance(0.3) ? session.get(side).catch(() => {}) : undefined
          await exec
          await Promise.all([beside, pushed])
        })
        await ledger.book(key, watchdog.watch(update, 'transaction'))
      }
    }
    const workers = Array.from({ length: 9 }, (_, id) => worker(id))
    for (let i = 0; i < 15 * TIMES; i++) {
      await cluster().moveSlot(slot, await otherPrimary(slot))
      if (random.chance(0.3)) {
        const owner = await cluster().primaryOf(slot)
        await owner.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      }
      await pause(random.int(0, 40))
    }
    over = true
    await Promise.all(workers)
    await watchdog.expectAllSettled(5_000)
    console.log(`${await ledger.expectBalanced(cluster())}, ${15 * TIMES} moves`)
  })

  test('blocking calls that are aborted or closed lose no element while their slot moves', {
    timeout: 60_000 * TIMES,
  }, async () => {
    const random = seeded('blocking in a moving slot')
    const slot = 4_000
    const key = cluster().key(slot, 'jobs')
    const JOBS = 200 * TIMES
    const taken: string[] = []
    const ends: Record<string, number> = {}
    const producing = clientOf(cluster().seeds)
    let pushed = 0
    const consumer = async () => {
      while (taken.length < JOBS) {
        const client = clientOf(cluster().seeds, { pool: { max: 3 } })
        for (let calls = random.int(4, 20); calls > 0 && taken.length < JOBS; calls--) {
          const controller = new AbortController()
          const timer = setTimeout(() => controller.abort(), random.int(0, 60))
          if (calls === 1 && random.chance(0.5)) setTimeout(() => client.close(), random.int(0, 20))
          await client
            .with({ signal: controller.signal })
            .blpop([key], 0)
            .then(
              popped => taken.push(String(popped?.element)),
              error => {
                ends[error.name] = (ends[error.name] ?? 0) + 1
              },
            )
          clearTimeout(timer)
        }
        await client.close()
      }
    }
    const producer = async () => {
      while (pushed < JOBS) {
        await producing.rpush(key, `${pushed++}`)
        await pause(random.int(0, 6))
      }
    }
    let over = false
    const work = Promise.all([producer(), ...Array.from({ length: 4 }, consumer)]).finally(() => {
      over = true
    })
    let moves = 0
    while (!over) {
      await cluster().moveSlot(slot, await otherPrimary(slot))
      moves++
      await pause(random.int(20, 150))
    }
    await work
    console.log(`${JOBS} jobs over ${moves} moves, ${JSON.stringify(ends)}`)
    expect(taken.toSorted()).toEqual(Array.from({ length: JOBS }, (_, i) => `${i}`).toSorted())
  })

  test('close() waits for sessions on every node, and their calls are still sent', async () => {
    const client = clientOf(cluster().seeds)
    const slots = [100, 6_000, 12_000]
    let running = 0
    const sessions = slots.map(slot =>
      client.session(async session => {
        const key = cluster().key(slot, 'closing')
        await session.set(key, '0')
        running++
        await until(() => client.status === 'closing', { what: 'closing' })
        await pause(30)
        return session.incr(key)
      }),
    )
    await until(() => running === slots.length, { what: 'all sessions at work' })
    const closed = client.close()
    expect(await Promise.all(sessions)).toEqual([1, 1, 1])
    await closed
    expect(client.status).toBe('closed')
  })
})
