import { describe, expect, test } from 'vitest'
import type { RedisClusterOptions } from '../../src/cluster/cluster-options.js'
import type { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { Script } from '../../src/commands/script.js'
import { AskError, TryAgainError, WatchError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { seeded } from '../rig/random.mjs'
import { Watchdog } from '../rig/watchdog.js'
import type { ClusterNode, SlotMove } from '../servers/servers.mjs'
import { slotOf } from '../servers/servers.mjs'
import { useCluster } from '../servers/vitest.js'
import { useClients } from './clients.js'

const cluster = useCluster()
/** `npm run chaos:cluster`. */
const LONG = process.env.CHAOS === 'long'
let nextSlot = 50

const clientOf = useClients()
const connect = (options: RedisClusterOptions = {}) => clientOf(cluster().seeds, options)

async function otherPrimary(slot: number): Promise<ClusterNode> {
  const owner = await cluster().primaryOf(slot)
  return (await cluster().primaries()).find(node => node !== owner)!
}

/** A slot that is migrating: key 0 has migrated, key 1 has not. */
async function halfWay(client: RedisCluster): Promise<{ gone: string; here: string; move: SlotMove; slot: number }> {
  const slot = nextSlot++
  const gone = cluster().key(slot, 'gone')
  const here = cluster().key(slot, 'here')
  await client.set(gone, '1')
  await client.set(here, '2')
  const move = await cluster().beginMove(slot, await otherPrimary(slot))
  await move.migrate(gone)
  return { gone, here, move, slot }
}

describe('a slot that is migrating', () => {
  test('a key that has migrated is read from the target after ASKING, and the slot map does not change', async () => {
    const client = connect()
    const { gone, here, move } = await halfWay(client)
    const before = client.stats
    expect(await Promise.all([client.get(gone), client.get(here)])).toEqual(['1', '2'])
    expect(await client.incr(gone)).toBe(2)
    expect(await client.incr(gone)).toBe(3)
    expect(client.stats.asked).toBe(before.asked + 3)
    expect(client.stats.moved).toBe(before.moved)
    // The target creates new keys of the slot too.
    expect(await client.set(`${gone}:new`, 'n')).toBe('OK')
    expect(await client.get(`${gone}:new`)).toBe('n')
    await move.finish()
    expect(await client.mget(gone, here, `${gone}:new`)).toEqual(['3', '2', 'n'])
    // One MOVED, or none if a refresh was faster.
    expect(client.stats.moved).toBeLessThanOrEqual(before.moved + 1)
  })

  test('a command whose keys are on both nodes is retried until they are on one', async () => {
    const client = connect()
    const { gone, here, move } = await halfWay(client)
    const torn = client.mget(gone, here)
    const written = client.mset({ [gone]: 'a', [here]: 'b' }).then(() => client.mget(gone, here))
    await new Promise(resolve => setTimeout(resolve, 100))
    await move.finish()
    expect([
      ['1', '2'],
      ['a', 'b'],
    ]).toContainEqual(await torn)
    expect(await written).toEqual(['a', 'b'])
  })

  test('a command whose keys stay on both nodes rejects with TryAgainError when its deadline passes', async () => {
    const client = connect()
    const { gone, here, move } = await halfWay(client)
    const overdue = () =>
      client
        .with({ timeout: 300 })
        .mget(gone, here)
        .catch(cause => cause)
    let error = await overdue()
    // Now and then the deadline passes while the command is in flight once more: then it is a TimeoutError.
    for (let i = 0; i < 20 && error.phase === 'written'; i++) error = await overdue()
    expect(error).toBeInstanceOf(TryAgainError)
    expect(error).toMatchObject({ command: 'MGET', outcome: 'not sent' })
    await move.finish()
  })

  test('a pipeline keeps its order while its slot migrates, and a transaction runs where its keys are', async () => {
    const client = connect()
    const { gone, here, move } = await halfWay(client)
    expect(await client.pipeline().get(gone).get(here).incr(gone).incr(here).get(gone).get(here).exec()).toEqual([
      '1',
      '2',
      2,
      3,
      '2',
      '3',
    ])
    expect(await client.multi().incr(gone).get(gone).exec()).toEqual([3, '3'])
    expect(await client.multi().incr(here).get(here).exec()).toEqual([4, '4'])
    const torn = client.multi().incr(gone).incr(here).exec()
    await new Promise(resolve => setTimeout(resolve, 100))
    await move.finish()
    expect(await torn).toEqual([4, 5])
  })

  test('a script follows its migrated key, and an error that it returns itself is no redirect', async () => {
    const client = connect()
    const { gone, move, slot } = await halfWay(client)
    const bump = new Script({ keys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" })
    expect(await bump.run(client, [gone], [10])).toBe(11)
    const other = (slot + 1) % 16384
    const port = cluster().nodes[0]!.port
    for (const text of [`MOVED ${other} 127.0.0.1:${port}`, `ASK ${other} 127.0.0.1:${port}`]) {
      const error = await client
        .call('EVAL', `redis.call('INCR', KEYS[1]); return redis.error_reply('${text}')`, 1, gone)
        .catch(e => e)
      expect(error).toBeInstanceOf(AskError)
    }
    const error = await client
      .call(
        'EVAL',
        "redis.call('INCR', KEYS[1]); return redis.error_reply('TRYAGAIN Multiple keys request during rehashing of slot')",
        1,
        gone,
      )
      .catch(e => e)
    expect(error).toBeInstanceOf(TryAgainError)
    // Each script ran once.
    expect(await client.get(gone)).toBe('14')
    await move.finish()
  })

  test('a session that watches no keys continues while its slot migrates, and its WAIT rejects', async () => {
    const client = connect()
    const { gone, here, move } = await halfWay(client)
    await client.session(async session => {
      expect(await session.get(here)).toBe('2')
      expect(await session.incr(gone)).toBe(2)
      await expect(session.wait(1, 100)).rejects.toThrow('cannot count their replicas')
      expect(await session.incr(here)).toBe(3)
      await move.finish()
      expect(await session.incr(gone)).toBe(3)
      expect(await session.incr(here)).toBe(4)
    })
  })
})

describe('a slot that moves to another node', () => {
  test('a blocked command is sent to the new owner of its slot, and gets its element', async () => {
    const client = connect()
    const slot = nextSlot++
    const queue = cluster().key(slot, 'queue')
    const popped = client.blpop([queue], 0)
    const owner = await cluster().primaryOf(slot)
    await until(async () => String(await owner.command('CLIENT', 'LIST')).includes('cmd=blpop'))
    await cluster().moveSlot(slot, await otherPrimary(slot))
    await client.rpush(queue, 'element')
    expect(await popped).toEqual({ key: queue, element: 'element' })
    expect(client.pool.lent).toBe(0)
  })

  test('a session follows its slot, unless it watches keys', async () => {
    const client = connect()
    const slot = nextSlot++
    const key = cluster().key(slot, 'k')
    await client.session(async session => {
      await session.set(key, '1')
      await cluster().moveSlot(slot, await otherPrimary(slot))
      expect(await session.incr(key)).toBe(2)
      expect(await session.multi().incr(key).incr(key).exec()).toEqual([3, 4])
    })
    await client.session(async session => {
      await session.watch(key)
      await cluster().moveSlot(slot, await otherPrimary(slot))
      const error = await session
        .multi()
        .incr(key)
        .exec()
        .catch(cause => cause)
      expect(error).toBeInstanceOf(WatchError)
      // Once more, at the new owner.
      await session.watch(key)
      expect(await session.multi().incr(key).exec()).toEqual([5])
    })
    expect(await client.get(key)).toBe('5')
    expect(client.pool.lent).toBe(0)
  })

  test('transactions lose no update while their slot moves', { timeout: 200_000 }, async () => {
    const client = connect()
    const slot = nextSlot++
    const key = cluster().key(slot, 'balance')
    await client.set(key, '0')
    const TURNS = LONG ? 100 : 10
    const watchdog = new Watchdog()
    let over = false
    let done = 0
    const worker = async () => {
      while (!over || done <= 10) {
        await watchdog.watch(
          client.transaction([key], async session => {
            const balance = Number(await session.get(key))
            await session
              .multi()
              .set(key, balance + 1)
              .exec()
          }),
          'transaction',
        )
        done++
      }
    }
    const workers = Array.from({ length: 4 }, worker)
    for (let i = 0; i < TURNS; i++) await cluster().moveSlot(slot, await otherPrimary(slot))
    over = true
    await Promise.all(workers)
    await watchdog.expectAllSettled()
    expect(await client.get(key)).toBe(String(done))
    console.log(`${done} transactions over ${TURNS} moves`)
  })

  test('a scan returns every key that exists during the whole scan while slots move', {
    timeout: 200_000,
  }, async () => {
    const random = seeded('scan')
    const client = connect()
    const slots = Array.from({ length: LONG ? 150 : 30 }, (_, i) => 1_000 + i * 100)
    const lasting = slots.flatMap(slot => Array.from({ length: 20 }, (_, i) => cluster().key(slot, `scan:${i}`)))
    const others = Array.from({ length: 2_000 }, (_, i) => `scan:other:${i}`)
    await Promise.all([...lasting, ...others].map(key => client.set(key, '1')))
    let moves = 0
    const moving = (async () => {
      for (const slot of random.shuffle(slots)) {
        const owner = await cluster().primaryOf(slot)
        await cluster().moveSlot(slot, await otherPrimary(slot))
        await cluster().moveSlot(slot, owner)
        moves += 2
      }
    })()
    let scans = 0
    let given = 0
    while (moves < 2 * slots.length) {
      const found = new Set<string>()
      for await (const key of client.scan({ match: '*scan:*', count: 20 })) {
        found.add(key)
        given++
      }
      const missing = [...lasting, ...others].filter(key => !found.has(key))
      expect(missing).toEqual([])
      scans++
    }
    await moving
    console.log(
      `${scans} scans over ${moves} moves, ${given} keys returned of ${scans * (lasting.length + others.length)}`,
    )
  })

  test('a scan returns the keys of a slot that migrated and came back during the scan', async () => {
    const client = connect()
    const slot = 200
    const here = await cluster().primaryOf(slot)
    const there = (await cluster().primaries()).find(node => node !== here)!
    const keys = Array.from({ length: 50 }, (_, i) => cluster().key(slot, `astray:${i}`))
    const fill = Array.from({ length: 3_000 }, (_, i) => `astray:fill:${i}`)
    await Promise.all([...keys, ...fill].map(key => client.set(key, '')))
    const ranges = client.topology?.shards.find(({ primary }) => primary.id === there.id)?.slots ?? []
    const isThere = (key: string) => ranges.some(([first, last]) => slotOf(key) >= first && slotOf(key) <= last)
    const found = new Set<string>()
    let move: SlotMove | undefined
    let cameBack = false
    for await (const key of client.scan({ match: '*astray:*', count: 10 })) {
      found.add(key)
      if (move === undefined) {
        move = await cluster().beginMove(slot, there)
        await move.migrate(...keys.slice(1))
      } else if (!cameBack && isThere(key)) {
        cameBack = true
        await move.finish()
        move = await cluster().beginMove(slot, here)
        await move.migrate(...keys.slice(1))
      }
    }
    expect(cameBack).toBe(true)
    expect([...keys, ...fill].filter(key => !found.has(key))).toEqual([])
    await move?.finish()
  })

  test('a scan ends although a slot migrates to a node that does not import it', async () => {
    const client = connect()
    const keys = Array.from({ length: 200 }, (_, i) => `shut:${i}`)
    for (const key of keys) await client.set(key, '')
    const owner = await cluster().primaryOf(100)
    const other = (await cluster().primaries()).find(node => node !== owner)!
    const here = cluster().key(100, 'shut')
    await client.set(here, '')
    await owner.command('CLUSTER', 'SETSLOT', 100, 'MIGRATING', other.id)
    const found = new Set<string>()
    for await (const key of client.scan()) found.add(key)
    expect([here, ...keys].filter(key => !found.has(key))).toEqual([])
    await owner.command('CLUSTER', 'SETSLOT', 100, 'STABLE')
  })

  test('a scan ends although a slot never finishes migrating', async () => {
    const client = connect()
    const { gone, here, move } = await halfWay(client)
    const found = new Set<string>()
    for await (const key of client.scan()) found.add(key)
    expect(found.has(gone)).toBe(true)
    expect(found.has(here)).toBe(true)
    await move.finish()
  })
})
