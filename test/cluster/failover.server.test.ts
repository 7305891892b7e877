import { afterEach, describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import type { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { ConnectionError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { Ledger } from '../rig/ledger.js'
import { ChaosProxy } from '../rig/proxy.js'
import { seeded } from '../rig/random.mjs'
import { Watchdog } from '../rig/watchdog.js'
import { useCluster } from '../servers/vitest.js'
import { useClients } from './clients.js'
import { aPair } from './pair.js'

const cluster = useCluster()
/** `npm run chaos:cluster`. */
const LONG = process.env.CHAOS === 'long'
const FAILOVERS = LONG ? 20 : 2
const KILLS = LONG ? 5 : 1

afterEach(async () => {
  await cluster().heal()
})

const clientOf = useClients()
const connect = (options: RedisClusterOptions = {}, seeds = cluster().seeds) => clientOf(seeds, options)

/** Workers that write and read while `disturb` runs. */
async function underLoad(
  client: RedisCluster,
  disturb: () => Promise<void>,
): Promise<{ ledger: Ledger; errors: { error: Error; at: number }[] }> {
  const random = seeded('failover')
  const ledger = new Ledger()
  const watchdog = new Watchdog()
  const errors: { error: Error; at: number }[] = []
  const book = (error: Error) => errors.push({ error, at: performance.now() })
  let over = false
  const worker = async (id: number) => {
    while (!over) {
      const key = `counter:${random.seed}:${random.int(0, 63)}`
      const echo = `of ${id}: ${random.int(0, 1e9)}`
      await ledger.book(
        key,
        watchdog.watch(client.incr(key), 'incr').catch(error => {
          book(error)
          throw error
        }),
      )
      await watchdog.watch(client.set(`own:${id}`, echo), 'set').catch(book)
      await watchdog.watch(client.get(`own:${id}`), 'get').then(
        // An acknowledged write may be lost with its primary: the former value is a correct reply too.
        value => ledger.bookReply(value === null ? '' : value.split(':')[0], value === null ? '' : `of ${id}`),
        book,
      )
    }
  }
  const workers = Array.from({ length: 32 }, (_, id) => worker(id))
  try {
    await disturb()
    await new Promise(resolve => setTimeout(resolve, 200))
  } finally {
    over = true
  }
  await Promise.all(workers)
  await watchdog.expectAllSettled()
  return { ledger, errors }
}

describe('failovers under load', () => {
  test('planned failovers lose no write, run none twice, and reject no call', {
    timeout: 200_000,
  }, async () => {
    const client = connect()
    const { errors, ledger } = await underLoad(client, async () => {
      for (let i = 0; i < FAILOVERS; i++) {
        const { replica } = await aPair(cluster())
        await cluster().failover(replica)
      }
    })
    console.log(`${FAILOVERS} failovers: ${await ledger.expectBalanced(cluster())}; ${client.stats.moved} MOVED`)
    expect(errors).toEqual([])
  })

  test('killed primaries cause no wrong reply and no write twice, and only expected errors until a replica is promoted', {
    timeout: 200_000,
  }, async () => {
    const client = connect()
    const outages: { from: number; to: number }[] = []
    const { errors, ledger } = await underLoad(client, async () => {
      for (let i = 0; i < KILLS; i++) {
        const { primary } = await aPair(cluster())
        const from = performance.now()
        await cluster().killPrimary(primary)
        outages.push({ from, to: performance.now() })
        await client.set(cluster().key(0), 'there')
        await cluster().heal()
      }
    })
    for (const { at, error } of errors) {
      expect(error).toBeInstanceOf(ConnectionError)
      expect((error as ConnectionError).outcome).toBe('unknown')
      expect(outages.some(({ from, to }) => at >= from && at <= to)).toBe(true)
    }
    const report = await ledger.settle(cluster())
    console.log(`${KILLS} kills: ${JSON.stringify(report)}`)
    expect(report).toMatchObject({ wrong: 0, doubled: 0, other: 0 })
  })

  test('the successor of a stopped primary serves its slots, and answers the reads that were in flight', {
    timeout: 200_000,
  }, async () => {
    const client = connect({ refreshInterval: 500, commandTimeout: 20_000 })
    await client.connect()
    const { primary } = await aPair(cluster())
    const key = cluster().key(0, 'still')
    const copies = await client.session(async session => {
      await session.set(key, 'value')
      return session.wait(1, 5_000)
    })
    expect(copies).toBe(1)
    await primary.pause()
    const read = client.get(key)
    const write = client.incr(cluster().key(0, 'count')).catch(error => error)
    expect(await read).toBe('value')
    expect(await write).toMatchObject({ name: 'ConnectionError', outcome: 'unknown' })
    expect(await client.set(key, 'other')).toBe('OK')
  })

  test('the client is ready again after all nodes restarted on other ports that its seeds name', {
    timeout: 200_000,
  }, async () => {
    const [first] = cluster().nodes
    // The port of the proxy is known before its node has one.
    const proxy = await ChaosProxy.start(first!)
    try {
      const client = connect({ commandTimeout: 30_000 }, [...cluster().seeds, proxy.url])
      await client.set(cluster().key(0, 'before'), '1')
      const restarted = cluster().restart({ anotherPort: true })
      const during = client.with({ idempotent: true }).set(cluster().key(0, 'during'), '1')
      await restarted
      const began = performance.now()
      await proxy.pointTo(first!)
      await client.set(cluster().key(0, 'after'), '1')
      console.log(`ready ${Math.round(performance.now() - began)} ms after the cluster`)
      expect(await during).toBe('OK')
      expect(await Promise.all([...'abcdefgh'].map(key => client.set(key, key)))).toEqual(Array(8).fill('OK'))
    } finally {
      await proxy.stop()
    }
  })

  test('a blocking call at a silent primary that was replaced rejects', async () => {
    const { primary } = await aPair(cluster())
    const client = connect({ refreshInterval: 300 })
    const key = cluster().key(0, 'blocked')
    const settled = client.blpop([key], 0).catch(error => error)
    await until(async () => (await primary.command('CLIENT', 'LIST')).includes('cmd=blpop'))
    await primary.pause()
    const error = await settled
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ command: 'BLPOP', outcome: 'unknown' })
    await client.rpush(key, 'x')
    expect(await client.blpop([key], 0)).toEqual({ key, element: 'x' })
  })
})
