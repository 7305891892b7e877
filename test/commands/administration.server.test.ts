import { expect, test } from 'vitest'
import { ModuleError } from '../../src/errors/errors.js'
import { startCluster, startSingle } from '../servers/servers.mjs'
import { needs, overBothProtocols } from './protocols.js'

const number = expect.any(Number)
const string = expect.any(String)
const strings = expect.arrayContaining([string])

overBothProtocols((client, server) => {
  test('ping and echo', async () => {
    const redis = client()
    expect(await redis.ping()).toBe('PONG')
    expect(await redis.ping('hi')).toBe('hi')
    expect(await redis.bytes.ping('hi')).toEqual(Buffer.from('hi'))
    expect(await redis.echo('hi')).toBe('hi')
    expect(await redis.bytes.echo(Buffer.from([255]))).toEqual(Buffer.from([255]))
  })

  test('info, by section, and raw', async () => {
    const redis = client()
    await redis.set('k', 'v', { ex: 100 })
    const info = await redis.info()
    expect(info.server).toMatchObject({ redis_version: string, tcp_port: server().port, uptime_in_seconds: number })
    expect(info.keyspace?.db0).toMatchObject({ keys: number, expires: number, avg_ttl: number })
    expect(Object.keys(await redis.info('memory'))).toEqual(['memory'])
    expect(Object.keys(await redis.info(['memory', 'clients']))).toEqual(['clients', 'memory'])
    expect(await redis.info('server', { raw: true })).toContain('redis_version:')
    expect(await redis.bytes.info('server', { raw: true })).toBeInstanceOf(Buffer)
  })

  test('the server: sizes, times, saving, flushing', async () => {
    const redis = client()
    await redis.flushall('sync')
    await redis.set('k', 'v')
    expect(await redis.dbsize()).toBe(1)
    expect(await redis.bigints.dbsize()).toBe(1n)
    expect(await redis.time()).toEqual({ seconds: number, microseconds: number })
    expect(await redis.lastsave()).toEqual(number)
    expect(await redis.swapdb(0, 1)).toBe('OK')
    expect(await redis.dbsize()).toBe(0)
    expect(await redis.swapdb(0, 1)).toBe('OK')
    expect(await redis.flushdb('async')).toBe('OK')
    expect(await redis.save()).toBe('OK')
    expect(await redis.bgsave({ schedule: true })).toMatch(/Background saving/)
    await redis.bgrewriteaof().then(
      reply => expect(reply).toMatch(/Background append only file/),
      error => expect(error.message).toMatch(/append only|AOF|already in progress/i),
    )
    expect(await redis.lolwut()).toContain('ver')
    expect(await redis.role()).toEqual({ role: 'master', offset: number, replicas: [] })
    expect(await redis.replicaof('no one')).toBe('OK')
    expect(await redis.slaveof('no one')).toBe('OK')
    await expect(redis.failover({ abort: true })).rejects.toThrow(/No failover in progress/)
    await expect(redis.shutdown({ abort: true })).rejects.toThrow(/No shutdown in progress/)
  })

  test('configuration', async () => {
    const redis = client()
    expect(await redis.configSet({ 'slowlog-max-len': 64, 'latency-monitor-threshold': 1 })).toBe('OK')
    expect({ ...(await redis.configGet('slowlog-max-len', 'latency-monitor-*')) }).toEqual({
      'slowlog-max-len': '64',
      'latency-monitor-threshold': '1',
    })
    expect(await redis.configResetstat()).toBe('OK')
    await expect(redis.configRewrite()).rejects.toThrow(/without a config file/)
    expect(await redis.configHelp()).toEqual(strings)
  })

  test('clients', async () => {
    const redis = client()
    const id = await redis.clientId()
    expect(id).toEqual(number)
    expect(await redis.clientSetname('me')).toBe('OK')
    expect(await redis.clientGetname()).toBe('me')
    expect(await redis.bytes.clientGetname()).toEqual(Buffer.from('me'))
    const mine = await redis.clientInfo()
    expect(mine).toMatchObject({
      id,
      name: 'me',
      db: 0,
      addr: string,
      flags: string,
      qbufFree: number,
      user: 'default',
    })
    expect(await redis.clientList({ id: [id] })).toEqual([expect.objectContaining({ id, name: 'me' })])
    expect((await redis.clientList({ type: 'normal' })).map(each => each.id)).toContain(id)
    expect(await redis.clientGetredir()).toBe(-1)
    expect(await redis.clientTrackinginfo()).toEqual({ flags: ['off'], redirect: -1, prefixes: [] })
    expect(await redis.clientNoEvict(false)).toBe('OK')
    expect(await redis.clientPause(1)).toBe('OK')
    expect(await redis.clientPause(1, 'write')).toBe('OK')
    expect(await redis.clientUnpause()).toBe('OK')
    expect(await redis.clientUnblock(id)).toBe(0)
    expect(await redis.clientUnblock(id, 'error')).toBe(0)
    expect(await redis.clientKill({ user: 'nobody-of-this-name' }).catch(() => 0)).toBe(0)
    expect(await redis.clientKill({ id: 2 ** 31, skipme: true })).toBe(0)
    await expect(redis.clientKill({})).rejects.toMatchObject({ name: 'DataError' })
    expect(await redis.clientHelp()).toEqual(strings)
  })

  test('clients, newer', async context => {
    await needs(context, server(), 'CLIENT NO-TOUCH')
    const redis = client()
    expect(await redis.clientNoTouch(false)).toBe('OK')
    expect(await redis.clientSetinfo('lib-name', 'tests')).toBe('OK')
  })

  test('what would change the shared connection is refused, and the right way named', async () => {
    const redis = client()
    const refused: [string, ...string[]][] = [
      ['monitor'],
      ['CLIENT', 'reply', 'OFF'],
      ['SYNC'],
      ['PSYNC', '?', '-1'],
      ['RESET'],
      ['QUIT'],
      ['MULTI'],
      ['Select', '1'],
      ['AUTH', 'x'],
      ['HELLO', '3'],
      ['SUBSCRIBE', 'c'],
      ['psubscribe', 'c'],
      ['WATCH', 'k'],
      ['WAIT', '0', '0'],
      ['CLIENT', 'TRACKING', 'ON'],
    ]
    for (const words of refused) {
      await expect(redis.call(...words), words.join(' ')).rejects.toMatchObject({
        name: 'DataError',
        message: expect.stringContaining(': use '),
      })
      await expect(
        redis
          .pipeline()
          .call(...words)
          .exec(),
        words.join(' '),
      ).rejects.toMatchObject({ name: 'DataError' })
    }
    expect(await redis.echo('still right')).toBe('still right')
  })

  test('users', async () => {
    const redis = client()
    expect(await redis.aclSetuser('alice', 'on', '>secret', '~app:*', '&news', '+@read')).toBe('OK')
    expect(await redis.aclGetuser('alice')).toEqual({
      flags: expect.arrayContaining(['on']),
      passwords: [string],
      commands: expect.stringContaining('+@read'),
      keys: '~app:*',
      channels: '&news',
      selectors: [],
    })
    expect(await redis.aclGetuser('nobody')).toBeNull()
    expect((await redis.aclUsers()).sort()).toEqual(['alice', 'default'])
    expect(await redis.aclList()).toHaveLength(2)
    expect(await redis.aclWhoami()).toBe('default')
    expect(await redis.aclCat()).toContain('read')
    expect(await redis.aclCat('hash')).toContain('hget')
    expect(await redis.aclDryrun('alice', 'GET', 'app:1')).toBe('OK')
    expect(await redis.aclDryrun('alice', 'SET', 'app:1', 'v')).toContain('no permissions')
    expect(await redis.aclGenpass()).toHaveLength(64)
    expect(await redis.aclGenpass(5)).toHaveLength(2)
    await expect(redis.aclSave()).rejects.toThrow(/not configured/)
    await expect(redis.aclLoad()).rejects.toThrow(/not configured/)
    await redis.call('DEBUG', 'JMAP').catch(() => {})
    const other = await server().connect()
    await other.command('AUTH', 'alice', 'secret')
    await other.command('SET', 'app:1', 'v').catch(() => {})
    other.close()
    expect((await redis.aclLog(1))[0]).toMatchObject({
      count: 1,
      reason: 'command',
      object: 'set',
      username: 'alice',
      ageSeconds: number,
      clientInfo: string,
    })
    expect(await redis.aclLogReset()).toBe('OK')
    expect(await redis.aclLog()).toEqual([])
    expect(await redis.aclDeluser('alice')).toBe(1)
    expect(await redis.aclHelp()).toEqual(strings)
  })

  test('latency', async () => {
    const redis = client()
    await redis.configSet({ 'latency-monitor-threshold': 1 })
    await redis.latencyReset()
    await redis.call('DEBUG', 'SLEEP', '0.005')
    // Valkey adds two more.
    expect(await redis.latencyLatest()).toMatchObject([
      { event: 'command', timestamp: number, latest: number, max: number },
    ])
    expect(await redis.latencyHistory('command')).toEqual([{ timestamp: number, latency: number }])
    expect(await redis.latencyDoctor()).toEqual(string)
    expect(await redis.latencyGraph('command')).toContain('command')
    await redis.set('k', 'v')
    const { set } = await redis.latencyHistogram('set')
    expect(set).toEqual({ calls: number, histogramUsec: expect.any(Object) })
    expect(await redis.latencyReset('command')).toBe(1)
    expect(await redis.latencyHelp()).toEqual(strings)
  })

  test('memory', async () => {
    const redis = client()
    await redis.set('k', 'v')
    expect(await redis.memoryUsage('k')).toEqual(number)
    expect(await redis.memoryUsage('none', { samples: 0 })).toBeNull()
    const stats = await redis.memoryStats()
    expect(stats).toMatchObject({
      'peak.allocated': number,
      'db.0': { 'overhead.hashtable.main': number },
      fragmentation: number,
    })
    expect(await redis.memoryDoctor()).toEqual(string)
    expect(await redis.memoryMallocStats()).toEqual(string)
    expect(await redis.memoryPurge()).toBe('OK')
    expect(await redis.memoryHelp()).toEqual(strings)
  })

  test('the slow log', async () => {
    const redis = client()
    await redis.configSet({ 'slowlog-log-slower-than': 0 })
    expect(await redis.slowlogReset()).toBe('OK')
    await redis.get('slow')
    expect(await redis.slowlogGet(50)).toContainEqual({
      id: number,
      timestamp: number,
      duration: number,
      args: ['GET', 'slow'],
      client: string,
      name: string,
    })
    expect(await redis.slowlogLen()).toBeGreaterThan(0)
    await redis.configSet({ 'slowlog-log-slower-than': 10_000 })
    expect(await redis.slowlogHelp()).toEqual(strings)
  })

  test('modules', async () => {
    const redis = client()
    expect(await redis.moduleList()).toEqual(expect.any(Array))
    await expect(redis.moduleLoad('/no/such/module.so')).rejects.toMatchObject({
      name: expect.stringMatching(/Error$/),
    })
    await expect(redis.moduleLoadex('/no/such.so', { config: { a: 'b' }, args: ['c'] })).rejects.toMatchObject({
      name: expect.stringMatching(/Error$/),
    })
    await expect(redis.moduleUnload('none')).rejects.toThrow(/no such module|not allowed/)
    expect(await redis.moduleHelp()).toEqual(strings)
  })

  test('what the server tells of its commands', async () => {
    const redis = client()
    expect(await redis.commandCount()).toBeGreaterThan(200)
    const [get, none] = await redis.commandInfo('get', 'no-such-command')
    expect(get).toMatchObject({
      name: 'get',
      arity: 2,
      flags: expect.arrayContaining(['readonly']),
      firstKey: 1,
      keySpecs: [expect.objectContaining({ flags: expect.any(Array), beginSearch: expect.any(Object) })],
      subcommands: [],
    })
    expect(none).toBeNull()
    expect((await redis.command()).length).toBeGreaterThan(200)
    expect((await redis.commandDocs('get')).get).toMatchObject({
      summary: string,
      since: '1.0.0',
      group: 'string',
      arguments: expect.any(Array),
    })
    expect(await redis.commandGetkeys('MSET', 'a', '1', 'b', '2')).toEqual(['a', 'b'])
    expect(await redis.commandGetkeysandflags('GET', 'a')).toEqual([
      { key: 'a', flags: expect.arrayContaining(['RO']) },
    ])
    expect(await redis.commandList({ pattern: 'xa*' })).toEqual(expect.arrayContaining(['xadd', 'xack']))
    expect(await redis.commandList()).toContain('get')
    expect(await redis.commandHelp()).toEqual(strings)
  })

  test('COMMANDLOG and the like (Valkey)', async context => {
    await needs(context, server(), 'COMMANDLOG')
    const redis = client()
    expect(await redis.commandlogGet(1, 'slow')).toEqual(expect.any(Array))
    expect(await redis.commandlogLen('large-reply')).toEqual(number)
    expect(await redis.commandlogReset('slow')).toBe('OK')
    expect(await redis.commandlogHelp()).toEqual(strings)
    expect(await redis.clientImportSource(false).catch(error => error.message)).toMatch(/OK|import/i)
  })
})

test('a cluster tells of itself', { timeout: 30_000 }, async () => {
  const { Redis } = await import('../../src/client/redis.js')
  const cluster = await startCluster()
  try {
    for (const protocol of [2, 3] as const) {
      const redis = new Redis({ port: cluster.nodes[0]?.port ?? 0, protocol })
      const id = await redis.clusterMyid()
      expect(id).toHaveLength(40)
      expect(await redis.clusterInfo()).toMatchObject({
        clusterState: 'ok',
        clusterSlotsOk: 16_384,
        clusterKnownNodes: 6,
      })
      const nodes = await redis.clusterNodes()
      expect(nodes).toHaveLength(6)
      expect(nodes.find(node => node.id === id)).toMatchObject({
        flags: expect.arrayContaining(['myself', 'master']),
        primary: null,
        linkState: 'connected',
        slots: [expect.stringMatching(/^\d+-\d+$/)],
      })
      const [shard] = await redis.clusterShards()
      expect(shard).toMatchObject({
        slots: [{ start: number, end: number }],
        nodes: expect.arrayContaining([
          expect.objectContaining({
            id: string,
            ip: string,
            port: number,
            role: 'master',
            replicationOffset: number,
            health: 'online',
          }),
        ]),
      })
      const ranges = await redis.clusterSlots()
      expect(ranges).toHaveLength(3)
      expect(ranges[0]).toMatchObject({
        start: number,
        end: number,
        nodes: expect.arrayContaining([{ host: '127.0.0.1', port: number, id: string, metadata: {} }]),
      })
      expect(await redis.clusterReplicas(id)).toEqual([expect.objectContaining({ primary: id })])
      expect(await redis.clusterSlaves(id)).toHaveLength(1)
      expect(await redis.clusterKeyslot('foo')).toBe(12_182)
      expect(await redis.clusterCountkeysinslot(0)).toBe(0)
      expect(await redis.clusterGetkeysinslot(0, 10)).toEqual([])
      expect(await redis.clusterCountFailureReports(id)).toBe(0)
      expect((await redis.clusterLinks())[0]).toMatchObject({
        direction: string,
        node: string,
        createTime: number,
        events: string,
      })
      expect(await redis.clusterBumpepoch()).toMatch(/BUMPED|STILL/)
      expect(await redis.clusterSaveconfig()).toBe('OK')
      expect(await redis.clusterSetslot(0, 'stable')).toBe('OK')
      expect(await redis.clusterHelp()).toEqual(strings)
      await expect(redis.clusterAddslots(0)).rejects.toThrow(/busy/)
      await expect(redis.clusterAddslotsrange({ start: 0, end: 1 })).rejects.toThrow(/busy/)
      await expect(redis.clusterForget(id)).rejects.toThrow(/myself/)
      await expect(redis.clusterReplicate(id)).rejects.toThrow(/myself/i)
      await expect(redis.clusterSetConfigEpoch(5)).rejects.toThrow(/epoch|nodes/i)
      await expect(redis.clusterFailover()).rejects.toThrow(/replica/)
      await redis.close()
    }
    const last = new Redis({ port: cluster.nodes[0]?.port ?? 0 })
    expect(await last.clusterMeet('127.0.0.1', cluster.nodes[1]?.port ?? 0)).toBe('OK')
    expect(await last.clusterDelslots(16_383)).toBe('OK')
    expect(await last.clusterDelslotsrange({ start: 16_381, end: 16_382 })).toBe('OK')
    expect(await last.clusterFlushslots()).toBe('OK')
    expect(await last.clusterReset('soft')).toBe('OK')
    await last.close()
  } finally {
    await cluster.stop()
  }
})

test('ModuleError, where modules may be loaded', async () => {
  const { Redis } = await import('../../src/client/redis.js')
  const server = await startSingle({ config: ['--enable-module-command', 'yes'] })
  const redis = new Redis({ port: server.port })
  await expect(redis.moduleLoad('/no/such/module.so')).rejects.toBeInstanceOf(ModuleError)
  await expect(redis.moduleUnload('none')).rejects.toBeInstanceOf(ModuleError)
  await redis.close()
  await server.stop()
})
