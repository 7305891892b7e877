import { describe, expect, it } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { ConnectionError, DataError, ResponseError } from '../../src/errors/errors.js'
import { startSingle } from '../servers/servers.mjs'
import { useServer } from '../servers/vitest.js'
import { overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('DBSIZE, FLUSHDB and FLUSHALL count and delete keys', async () => {
    const redis = client()
    await redis.mset({ a: 1, b: 2 })
    expect(await redis.dbsize()).toBe(2)
    expect(await redis.bigints.dbsize()).toBe(2n)
    expect(await redis.flushdb()).toBe('OK')
    await redis.set('a', 1)
    expect(await redis.flushdb('async')).toBe('OK')
    await redis.set('a', 1)
    expect(await redis.flushall()).toBe('OK')
    expect(await redis.flushall('sync')).toBe('OK')
    expect(await redis.dbsize()).toBe(0)
  })

  it('INFO returns sections with fields', async () => {
    const redis = client()
    await redis.set('k', 'v')
    const info = await redis.info()
    expect(info).toMatchObject({
      server: { process_id: server().pid, tcp_port: server().port },
      memory: { used_memory: expect.any(Number), mem_fragmentation_ratio: expect.any(Number) },
      replication: { role: 'master', connected_slaves: 0 },
      keyspace: { db0: { keys: 1, expires: 0, avg_ttl: 0 } },
    })
    expect(info.server?.redis_version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(Object.keys(await redis.info('keyspace'))).toEqual(['keyspace'])
    expect(Object.keys(await redis.info(['cpu', 'keyspace'])).sort()).toEqual(['cpu', 'keyspace'])
    const stats = (await redis.info('commandstats')).commandstats
    expect(stats?.cmdstat_set).toEqual({
      calls: expect.any(Number),
      usec: expect.any(Number),
      usec_per_call: expect.any(Number),
      rejected_calls: expect.any(Number),
      failed_calls: expect.any(Number),
    })
    expect(await redis.info('keyspace', { raw: true })).toMatch(/^# Keyspace\r\ndb0:keys=1,/)
    expect(await redis.bytes.info('keyspace', { raw: true })).toBeInstanceOf(Buffer)
    expect(Object.keys(await redis.bytes.info('cpu'))).toEqual(['cpu'])
  })

  it("TIME returns the server's time", async () => {
    const redis = client()
    const { seconds, microseconds } = await redis.time()
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60)
    expect(microseconds).toBeGreaterThanOrEqual(0)
    expect(microseconds).toBeLessThan(1_000_000)
  })

  it('LOLWUT returns a drawing with the version', async () => {
    expect(await client().lolwut()).toMatch(/ver\. \d+/)
    expect(await client().lolwut(5)).toMatch(/ver\. \d+/)
  })

  it('SWAPDB swaps two databases', async () => {
    const redis = client()
    await redis.set('k', 'v')
    expect(await redis.swapdb(0, 1)).toBe('OK')
    expect(await redis.get('k')).toBeNull()
    expect(await redis.swapdb(0, 1)).toBe('OK')
    expect(await redis.get('k')).toBe('v')
  })

  it('SAVE, BGSAVE and BGREWRITEAOF save the data', async () => {
    const redis = client()
    const idle = async () => {
      const persistence = (await redis.info('persistence')).persistence
      return persistence?.rdb_bgsave_in_progress === 0 && persistence.aof_rewrite_in_progress === 0
    }
    await expect.poll(idle, { timeout: 20_000 }).toBe(true)
    expect(await redis.save()).toBe('OK')
    const saved = await redis.lastsave()
    expect(Math.abs(saved - Date.now() / 1000)).toBeLessThan(60)
    expect(await redis.bigints.lastsave()).toBe(BigInt(saved))
    expect(await redis.bgsave()).toBe('Background saving started')
    await expect.poll(idle, { timeout: 20_000 }).toBe(true)
    expect(await redis.bgsave({ schedule: true })).toMatch(/^Background saving (started|scheduled)$/)
    await expect.poll(idle, { timeout: 20_000 }).toBe(true)
    expect(await redis.bgrewriteaof()).toMatch(/^Background append only file rewriting (started|scheduled)$/)
    await expect.poll(idle, { timeout: 20_000 }).toBe(true)
  })

  it('CONFIG reads, sets and resets parameters', async () => {
    const redis = client()
    expect(await redis.configSet({ 'slowlog-max-len': 77, hz: 11 })).toBe('OK')
    const config = await redis.configGet('slowlog-max-len', 'h?')
    expect(config).toStrictEqual({ 'slowlog-max-len': '77', hz: '11' })
    expect(await redis.bytes.configGet('hz')).toEqual({ hz: Buffer.from('11') })
    expect(await redis.configResetstat()).toBe('OK')
    expect((await redis.configHelp())[0]).toMatch(/^CONFIG <subcommand>/)
    await expect(redis.configSet({ nonsense: 1 })).rejects.toBeInstanceOf(ResponseError)
    await expect(redis.configSet({})).rejects.toBeInstanceOf(DataError)
    // Rewriting needs a configuration file; servers of this test rig have their own or none.
    const rewritten = await redis.configRewrite().catch(error => error)
    if (rewritten !== 'OK') expect(rewritten).toMatchObject({ message: expect.stringMatching(/config file/) })
  })

  it('ROLE and REPLICAOF work on a primary without replicas', async () => {
    const redis = client()
    expect(await redis.role()).toEqual({ role: 'master', offset: expect.any(Number), replicas: [] })
    expect(await redis.replicaof('no one')).toBe('OK')
    expect(await redis.slaveof('no one')).toBe('OK')
    await expect(redis.failover({ timeout: 100 })).rejects.toBeInstanceOf(ResponseError)
    await expect(redis.failover({ abort: true })).rejects.toBeInstanceOf(ResponseError)
    await expect(redis.shutdown({ abort: true })).rejects.toBeInstanceOf(ResponseError)
  })

  it('server commands that would change the shared connection are rejected', async () => {
    const redis = client()
    const refused: readonly (readonly [string, ...string[]])[] = [
      ['MONITOR'],
      ['SYNC'],
      ['PSYNC', '?', '-1'],
      ['REPLCONF', 'ACK', '0'],
      ['RESET'],
      ['QUIT'],
    ]
    for (const words of refused) {
      const refusal = { name: 'DataError', command: words[0], message: expect.stringMatching(/: use .+\.$/) }
      await expect(redis.call(...words)).rejects.toMatchObject(refusal)
      await expect(redis.session(session => session.call(...words))).rejects.toMatchObject(refusal)
    }
    expect(await redis.ping()).toBe('PONG')
  })
})

describe('replication', () => {
  const primary = useServer()
  const replica = useServer()

  it('REPLICAOF creates a replica, and FAILOVER promotes it', async () => {
    await using first = new Redis({ host: primary().host, port: primary().port })
    await using second = new Redis({ host: replica().host, port: replica().port })
    await first.set('k', 'v')
    expect(await second.replicaof({ host: primary().host, port: primary().port })).toBe('OK')
    await expect
      .poll(() => second.role(), { timeout: 20_000 })
      .toEqual({
        role: 'slave',
        host: primary().host,
        port: primary().port,
        state: 'connected',
        offset: expect.any(Number),
      })
    await expect
      .poll(() => first.role(), { timeout: 20_000 })
      .toEqual({
        role: 'master',
        offset: expect.any(Number),
        replicas: [{ host: replica().host, port: replica().port, offset: expect.any(Number) }],
      })
    expect((await first.info('replication')).replication?.slave0).toMatchObject({
      ip: replica().host,
      port: replica().port,
      state: 'online',
    })
    // The server rejects a failover until the replica has reported its offset.
    await expect
      .poll(() => first.failover({ to: { host: replica().host, port: replica().port } }).catch(String), {
        timeout: 20_000,
      })
      .toBe('OK')
    await expect.poll(async () => (await second.role()).role, { timeout: 20_000 }).toBe('master')
    await expect.poll(async () => (await first.role()).role, { timeout: 20_000 }).toBe('slave')
    expect(await second.get('k')).toBe('v')
    expect(await first.slaveof('no one')).toBe('OK')
  })
})

it('SHUTDOWN stops the server, and the call rejects because no reply arrives', async () => {
  const server = await startSingle()
  try {
    await using redis = new Redis({ host: server.host, port: server.port, reconnect: false })
    await redis.ping()
    await expect(redis.shutdown({ save: false, now: true, force: true })).rejects.toBeInstanceOf(ConnectionError)
    await expect.poll(() => server.alive, { timeout: 20_000 }).toBe(false)
  } finally {
    await server.stop()
  }
})
