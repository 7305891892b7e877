import { expect } from 'vitest'
import type { View } from '../../src/client/view.js'
import { Script } from '../../src/commands/script.js'
import { DataError, ResponseError, WatchError } from '../../src/errors/errors.js'

/** The clients that run the cases. */
export type Runner = 'Redis' | 'RedisCluster'

export interface Case {
  readonly name: string
  /** The reason why a client does not run the case. */
  readonly skip?: Readonly<Partial<Record<Runner, string>>>
  /** `key` returns a key name of this case. All of them are in one slot. */
  run(client: View, key: (name: string) => string): Promise<void>
}

const bump = new Script({ keys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])", decode: Number })

/** Behaviour that both clients share. Each case has keys of its own. */
export const CASES: readonly Case[] = [
  {
    name: 'string commands return the values of the server',
    async run(client, key) {
      const k = key('s')
      expect(await client.get(k)).toBeNull()
      expect(await client.set(k, 'value')).toBe('OK')
      expect(await client.set(k, 'other', { nx: true })).toBeNull()
      expect(await client.set(k, 'new', { get: true })).toBe('value')
      expect(await client.append(k, '!')).toBe(4)
      expect(await client.strlen(k)).toBe(4)
      expect(await client.getrange(k, 0, 1)).toBe('ne')
      expect(await client.getdel(k)).toBe('new!')
      expect(await client.incr(k)).toBe(1)
      expect(await client.incrby(k, 41)).toBe(42)
      expect(await client.incrbyfloat(k, 0.5)).toBe(42.5)
    },
  },
  {
    name: 'text of all kinds comes back unchanged',
    async run(client, key) {
      for (const value of ['', 'é', '😀', '\r\n', 'a'.repeat(100_000)]) {
        await client.set(key('t'), value)
        expect(await client.get(key('t'))).toBe(value)
      }
      const bytes = Buffer.from([0, 255, 128, 13, 10])
      await client.set(key('t'), bytes)
      expect(await client.bytes.get(key('t'))).toEqual(bytes)
    },
  },
  {
    name: 'commands with several keys of one slot run',
    async run(client, key) {
      await client.mset({ [key('a')]: 1, [key('b')]: 2 })
      expect(await client.mget(key('a'), key('b'), key('c'))).toEqual(['1', '2', null])
      expect(await client.msetnx({ [key('a')]: 3, [key('d')]: 4 })).toBe(0)
      expect(await client.exists(key('a'), key('b'), key('c'))).toBe(2)
      expect(await client.touch(key('a'), key('c'))).toBe(1)
      expect(await client.del(key('a'), key('b'), key('c'))).toBe(2)
      expect(await client.unlink(key('a'))).toBe(0)
    },
  },
  {
    name: 'MSET, MGET, EXISTS and UNLINK take keys of any slot',
    async run(client, key) {
      const names = Array.from({ length: 50 }, (_, i) => `${i}:${key('spread').replace(/[{}]/g, '')}`)
      await client.mset(Object.fromEntries(names.map((name, i) => [name, i])))
      expect(await client.mget(names)).toEqual(names.map((_, i) => String(i)))
      expect(await client.exists(...names)).toBe(50)
      expect(await client.unlink(...names)).toBe(50)
    },
  },
  {
    name: 'EXPIRE, RENAME, COPY and their like return the values of the server',
    async run(client, key) {
      await client.set(key('e'), 'v')
      expect(await client.ttl(key('e'))).toBe(-1)
      expect(await client.expire(key('e'), 100)).toBe(1)
      expect(await client.ttl(key('e'))).toBeGreaterThan(90)
      expect(await client.persist(key('e'))).toBe(1)
      expect(await client.rename(key('e'), key('f'))).toBe('OK')
      expect(await client.copy(key('f'), key('g'))).toBe(1)
      expect(await client.type(key('g'))).toBe('string')
    },
  },
  {
    name: 'hash commands return the values of the server',
    async run(client, key) {
      expect(await client.hset(key('h'), { a: 1, b: 'two' })).toBe(2)
      expect(await client.hget(key('h'), 'b')).toBe('two')
      expect(await client.hmget(key('h'), 'a', 'c')).toEqual(['1', null])
      expect({ ...(await client.hgetall(key('h'))) }).toEqual({ a: '1', b: 'two' })
      expect(await client.hincrby(key('h'), 'a', 4)).toBe(5)
      expect((await client.hkeys(key('h'))).toSorted()).toEqual(['a', 'b'])
      expect(await client.hdel(key('h'), 'a', 'c')).toBe(1)
      expect(await client.hlen(key('h'))).toBe(1)
    },
  },
  {
    name: 'list commands return the values of the server',
    async run(client, key) {
      expect(await client.rpush(key('l'), 'a', 'b', 'c')).toBe(3)
      expect(await client.lpush(key('l'), 'z')).toBe(4)
      expect(await client.lrange(key('l'), 0, -1)).toEqual(['z', 'a', 'b', 'c'])
      expect(await client.lpop(key('l'))).toBe('z')
      expect(await client.lmove(key('l'), key('m'), 'left', 'right')).toBe('a')
      expect(await client.llen(key('l'))).toBe(2)
      expect(await client.lindex(key('m'), 0)).toBe('a')
    },
  },
  {
    name: 'set commands return the values of the server',
    async run(client, key) {
      expect(await client.sadd(key('x'), 'a', 'b', 'c')).toBe(3)
      expect(await client.sadd(key('y'), 'b', 'c', 'd')).toBe(3)
      expect((await client.sinter(key('x'), key('y'))).toSorted()).toEqual(['b', 'c'])
      expect(await client.sunionstore(key('z'), key('x'), key('y'))).toBe(4)
      expect(await client.sismember(key('z'), 'd')).toBe(1)
      expect(await client.scard(key('z'))).toBe(4)
      expect(await client.srem(key('z'), 'a')).toBe(1)
    },
  },
  {
    name: 'sorted set commands return the values of the server',
    async run(client, key) {
      expect(
        await client.zadd(key('z'), [
          { member: 'a', score: 1 },
          { member: 'b', score: 2.5 },
        ]),
      ).toBe(2)
      expect(await client.zscore(key('z'), 'b')).toBe(2.5)
      expect(await client.zrange(key('z'), 0, -1)).toEqual(['a', 'b'])
      expect(await client.zincrby(key('z'), 10, 'a')).toBe(11)
      expect(await client.zrank(key('z'), 'a')).toBe(1)
      expect(await client.zcard(key('z'))).toBe(2)
      expect(await client.zrem(key('z'), 'a')).toBe(1)
    },
  },
  {
    name: 'stream commands return the values of the server',
    async run(client, key) {
      const id = await client.xadd(key('st'), '*', { f: 'v' })
      expect(await client.xlen(key('st'))).toBe(1)
      const [entry] = await client.xrange(key('st'), '-', '+')
      expect(entry?.id).toBe(id)
      expect({ ...entry?.fields }).toEqual({ f: 'v' })
      expect(await client.xgroupCreate(key('st'), 'g', '0')).toBe('OK')
      expect(await client.xdel(key('st'), id as string)).toBe(1)
    },
  },
  {
    name: 'bitmap and HyperLogLog commands return the values of the server',
    async run(client, key) {
      expect(await client.setbit(key('b'), 7, 1)).toBe(0)
      expect(await client.getbit(key('b'), 7)).toBe(1)
      expect(await client.bitcount(key('b'))).toBe(1)
      expect(await client.pfadd(key('p'), 'a', 'b')).toBe(1)
      expect(await client.pfcount(key('p'))).toBe(2)
    },
  },
  {
    name: 'a command on a key of the wrong type rejects with ResponseError',
    async run(client, key) {
      await client.set(key('w'), 'text')
      const error = await client.lpush(key('w'), 'a').catch(cause => cause)
      expect(error).toBeInstanceOf(ResponseError)
      expect(error).toMatchObject({ code: 'WRONGTYPE', command: 'LPUSH' })
    },
  },
  {
    name: 'a bad argument rejects with DataError',
    async run(client, key) {
      await expect(client.set(key('a'), Number.NaN)).rejects.toBeInstanceOf(DataError)
      await expect(client.set(key('a'), {} as string)).rejects.toBeInstanceOf(DataError)
      await expect(client.call('SUBSCRIBE', 'a')).rejects.toBeInstanceOf(DataError)
    },
  },
  {
    name: 'the views bytes, bigints, prefixed and with change replies, keys and options',
    async run(client, key) {
      await client.set(key('n'), '9007199254740993')
      await expect(client.incr(key('n'))).rejects.toBeInstanceOf(DataError)
      expect(await client.bigints.incr(key('n'))).toBe(9007199254740995n)
      expect(await client.bytes.get(key('n'))).toEqual(Buffer.from('9007199254740995'))
      const view = client.prefixed(key('app:'))
      await view.set('k', 'v')
      expect(await view.get('k')).toBe('v')
      expect(await client.get(key('app:k'))).toBe('v')
      expect(await client.with({ timeout: 5_000, idempotent: true }).incr(key('i'))).toBe(1)
    },
  },
  {
    name: 'an aborted call rejects with the reason',
    async run(client, key) {
      const reason = new Error('no more')
      const controller = new AbortController()
      const call = client.with({ signal: controller.signal }).set(key('a'), '1')
      controller.abort(reason)
      await expect(call).rejects.toBe(reason)
      expect(await client.get(key('a'))).toBeNull()
      await expect(client.with({ signal: controller.signal }).get(key('a'))).rejects.toBe(reason)
    },
  },
  {
    name: 'call() runs any command by its name',
    async run(client, key) {
      expect(await client.call('SET', key('c'), 'v')).toBe('OK')
      expect(await client.call('get', key('c'))).toBe('v')
      expect(await client.call('OBJECT', 'ENCODING', key('c'))).toBe('embstr')
    },
  },
  {
    name: 'a pipeline returns its replies in order',
    async run(client, key) {
      const [a, n, list] = await client.pipeline().set(key('a'), 'A').incr(key('n')).lrange(key('l'), 0, -1).exec()
      expect([a, n, list]).toEqual(['OK', 1, []])
      const settled = await client.pipeline().get(key('a')).lpush(key('a'), 'x').get(key('a')).exec({ settle: true })
      expect(settled[0]).toBe('A')
      expect(settled[1]).toMatchObject({ code: 'WRONGTYPE' })
      expect(settled[2]).toBe('A')
      const error = await client
        .pipeline()
        .get(key('a'))
        .lpush(key('a'), 'x')
        .exec()
        .catch(cause => cause)
      expect(error).toMatchObject({ code: 'WRONGTYPE', index: 1, results: ['A', error] })
      const names = Array.from({ length: 200 }, (_, i) => key(`e:${i}`))
      await client
        .pipeline()
        .each(names, (pipeline, name) => pipeline.set(name, name))
        .exec()
      expect(
        await client
          .pipeline()
          .each(names, (pipeline, name) => pipeline.get(name))
          .exec(),
      ).toEqual(names)
    },
  },
  {
    name: 'a transaction returns its replies in order',
    async run(client, key) {
      expect(await client.multi().set(key('a'), '1').incr(key('a')).get(key('a')).exec()).toEqual(['OK', 2, '2'])
      const error = await client
        .multi()
        .set(key('a'), 'x')
        .lpush(key('a'), 'y')
        .exec()
        .catch(cause => cause)
      expect(error).toMatchObject({ code: 'WRONGTYPE', index: 1 })
      expect(await client.get(key('a'))).toBe('x')
      expect(await client.multi().exec()).toEqual([])
    },
  },
  {
    name: 'a session can watch keys',
    async run(client, key) {
      await client.set(key('stock'), '5')
      await client.session(async session => {
        await session.watch(key('stock'))
        const stock = Number(await session.get(key('stock')))
        expect(
          await session
            .multi()
            .set(key('stock'), stock - 1)
            .exec(),
        ).toEqual(['OK'])
        await session.watch(key('stock'))
        await client.set(key('stock'), '7')
        await expect(session.multi().set(key('stock'), '1').exec()).rejects.toBeInstanceOf(WatchError)
      })
      expect(await client.get(key('stock'))).toBe('7')
    },
  },
  {
    name: 'transaction() repeats after a change of a watched key',
    async run(client, key) {
      await client.set(key('n'), '0')
      const add = () =>
        client.transaction([key('n')], async session => {
          const value = Number(await session.get(key('n')))
          await session
            .multi()
            .set(key('n'), value + 1)
            .exec()
          return value
        })
      const before = await Promise.all(Array.from({ length: 8 }, add))
      expect(before.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      expect(await client.get(key('n'))).toBe('8')
    },
  },
  {
    name: 'WAIT runs in a session, and rejects outside of one',
    async run(client, key) {
      const copies = await client.session(async session => {
        await session.set(key('w'), '1')
        return session.wait(0, 1_000)
      })
      expect(copies).toBeGreaterThanOrEqual(0)
      await expect(client.wait(0, 1)).rejects.toBeInstanceOf(DataError)
    },
  },
  {
    name: 'SELECT changes the database of a session',
    skip: { RedisCluster: 'a cluster has one database' },
    async run(client, key) {
      await client.session(async session => {
        await session.select(1)
        await session.set(key('d'), 'in 1')
      })
      expect(await client.get(key('d'))).toBeNull()
    },
  },
  {
    name: 'a blocking command resolves with the element, with null after its time, or rejects with the reason of an abort',
    async run(client, key) {
      const popped = client.blpop([key('q'), key('r')], 5)
      await client.rpush(key('r'), 'element')
      expect(await popped).toEqual({ key: key('r'), element: 'element' })
      expect(await client.blpop([key('q')], 0.01)).toBeNull()
      const reason = new Error('no more')
      const controller = new AbortController()
      const call = client.with({ signal: controller.signal }).blpop([key('q')], 0)
      setTimeout(() => controller.abort(reason), 20)
      await expect(call).rejects.toBe(reason)
    },
  },
  {
    name: 'scripts run, and their errors reject',
    async run(client, key) {
      expect(await bump.run(client, [key('n')], [5])).toBe(5)
      await client.scriptFlush()
      expect(await bump.run(client, [key('n')], [5])).toBe(10)
      expect(
        await bump
          .run(client.pipeline(), [key('n')], [1])
          .get(key('n'))
          .exec(),
      ).toEqual([11, '11'])
      expect(await bump.run(client.multi(), [key('n')], [1]).exec()).toEqual([12])
      expect(await client.eval('return {KEYS[1], ARGV[1]}', [key('n')], ['a'])).toEqual([key('n'), 'a'])
    },
  },
  {
    name: 'scans return every key, field and member',
    async run(client, key) {
      const names = Array.from({ length: 60 }, (_, i) => key(`scan:${i}`))
      await Promise.all(names.map(name => client.set(name, '1')))
      const found = new Set<string>()
      const pattern = key('scan:').replace(/[\\[\]*?]/g, '\\$&')
      for await (const name of client.scan({ match: `${pattern}*`, count: 10 })) found.add(name)
      expect([...found].toSorted()).toEqual(names.toSorted())
      for await (const name of client.scan({ match: `${pattern}*` })) {
        expect(names).toContain(name)
        break
      }
      await client.sadd(key('set'), 'a', 'b', 'c')
      const members: string[] = []
      for await (const member of client.sscan(key('set'))) members.push(member)
      expect(members.toSorted()).toEqual(['a', 'b', 'c'])
      await client.hset(key('hash'), { a: 1, b: 2 })
      let fields = 0
      for await (const _ of client.hscan(key('hash'))) fields++
      expect(fields).toBe(2)
    },
  },
  {
    name: 'a scan of a prefixed view returns only its keys',
    async run(client, key) {
      const view = client.prefixed(key('p:'))
      await Promise.all(['a', 'b', 'c'].map(name => view.set(name, '1')))
      const found: string[] = []
      for await (const name of view.scan({ match: '*' })) found.push(name)
      expect([...new Set(found)].toSorted()).toEqual(['a', 'b', 'c'])
      await client.set(key('q'), '1')
      found.length = 0
      for await (const name of view.scan()) found.push(name)
      expect([...new Set(found)].toSorted()).toEqual(['a', 'b', 'c'])
    },
  },
  {
    name: 'commands without keys run',
    async run(client, key) {
      expect(await client.ping()).toBe('PONG')
      expect(await client.echo('here')).toBe('here')
      await client.set(key('k'), '1')
      expect(await client.dbsize()).toBeGreaterThan(0)
      expect(await client.keys(`${key('k').replace(/[\\[\]*?]/g, '\\$&')}`)).toEqual([key('k')])
      expect((await client.time()) as unknown).toBeDefined()
    },
  },
  {
    name: 'a published message arrives at its subscription',
    async run(client, key) {
      const heard: string[] = []
      const subscription = await client.subscribe([key('c')], message => void heard.push(message))
      await client.publish(key('c'), 'hello')
      const loop = await client.psubscribe([`${key('d').replace(/[\\[\]*?]/g, '\\$&')}*`])
      await client.publish(key('d1'), 'pattern')
      for await (const { channel, message } of loop) {
        expect([channel, message]).toEqual([key('d1'), 'pattern'])
        break
      }
      await expect.poll(() => heard).toEqual(['hello'])
      await subscription.unsubscribe()
    },
  },
  {
    name: 'a message on a shard channel arrives at its subscription',
    async run(client, key) {
      const heard: string[] = []
      const subscription = await client.ssubscribe([key('s')], message => void heard.push(message))
      expect(await client.spublish(key('s'), 'hello')).toBe(1)
      await expect.poll(() => heard).toEqual(['hello'])
      await subscription.unsubscribe()
    },
  },
  {
    name: 'a lock is held from acquire() to release(), and while using() runs',
    async run(client, key) {
      const lock = await client.lock(key('lock'), { ttl: 5_000 }).acquire()
      expect(await client.lock(key('lock'), { ttl: 5_000 }).locked()).toBe(true)
      await lock.release()
      expect(await client.lock(key('lock'), { ttl: 5_000 }).using(async () => 'done')).toBe('done')
    },
  },
]
