import { describe, expect, it } from 'vitest'
import { type RedisClusterOptions, readClusterOptions, type Seed } from '../../src/cluster/cluster-options.js'
import { DataError, RedisClusterException } from '../../src/errors/errors.js'

const SEED = { host: '10.0.0.1', port: 7000 }

describe('the seeds of a cluster', () => {
  it('seeds are URLs, or hosts and ports; one is enough', () => {
    const { seeds } = readClusterOptions([
      'redis://a:1',
      { host: 'b', port: 2 },
      'redis://c',
      { port: 4 },
      'redis://[::1]:5',
    ])
    expect(seeds).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
      { host: 'c', port: 6379 },
      { host: '127.0.0.1', port: 4 },
      { host: '::1', port: 5 },
    ])
    expect(readClusterOptions('redis://a:1').seeds).toEqual([{ host: 'a', port: 1 }])
  })

  it('every node gets TLS, user and options from the URLs of the seeds, and the options of the client win', () => {
    const read = readClusterOptions(['rediss://app:secret@seed.example:1?clientName=api', { host: '10.0.0.2' }], {
      clientName: 'mine',
    })
    const settings = read.settingsOf({ host: 'node.example', port: 9 })
    expect(settings).toMatchObject({
      endpoint: { host: 'node.example', port: 9 },
      credentials: { username: 'app', password: 'secret' },
      clientName: 'mine',
      tls: {},
      db: 0,
    })
  })

  it('seeds and addressMap take IPv6 addresses with and without brackets', () => {
    const { seeds, place } = readClusterOptions(
      { host: '[::1]', port: 1 },
      { addressMap: { 'a:1': { host: '[::2]', port: 2 } } },
    )
    expect(seeds).toEqual([{ host: '::1', port: 1 }])
    expect(place({ host: 'a', port: 1 })).toEqual({ host: '::2', port: 2 })
  })

  it('a node that is known by its address gets the host name of a seed as its TLS server name', () => {
    const { settingsOf } = readClusterOptions('rediss://seed.example:1')
    const servername = (host: string, of = settingsOf) => of({ host, port: 1 }).tls?.servername
    expect(servername('10.0.0.7')).toBe('seed.example')
    expect(servername('node.example')).toBe('node.example')
    expect(servername('10.0.0.7', readClusterOptions('rediss://10.0.0.1:1').settingsOf)).toBeUndefined()
    // The host that a node announces, if it is dialled at another one.
    const mapped = readClusterOptions('rediss://10.0.0.1:1', { addressMap: () => '10.0.0.8:1' })
    mapped.place({ host: 'announced.example', port: 1 })
    expect(servername('10.0.0.8', mapped.settingsOf)).toBe('announced.example')
    const own = readClusterOptions('rediss://seed.example:1', { tls: { servername: 'own' } })
    expect(own.settingsOf({ host: '10.0.0.7', port: 1 }).tls).toEqual({ servername: 'own' })
  })

  it.each<
    [string, Seed | readonly Seed[], RedisClusterOptions, typeof DataError | typeof RedisClusterException, RegExp]
  >([
    ['no seed', [], {}, RedisClusterException, /needs at least one seed/],
    ['another database by URL', 'redis://a:1/2', {}, RedisClusterException, /one database/],
    ['another database by option', SEED, { db: 1 }, RedisClusterException, /one database/],
    ['a unix socket', 'unix:///tmp/x', {}, RedisClusterException, /unix socket/],
    ['a text that is no URL', 'a:1', {}, DataError, /scheme|parsed/],
    ['a number as seed', 7000 as never, {}, DataError, /URL or \{ host, port \}/],
    ['a bad port', { host: 'a', port: 0 }, {}, DataError, /port/],
    ['a seed with options', { host: 'a', db: 1 } as never, {}, DataError, /no db/],
    ['seeds with two passwords', ['redis://:a@x', 'redis://:b@y'], {}, DataError, /differ in password/],
    ['an unknown option', SEED, { nonesuch: 1 } as never, DataError, /Unknown option nonesuch: known are addressMap/],
    ['the options of ioredis', SEED, { scaleReads: 'slave' } as never, DataError, /scaleReads: use readFrom/],
    ['the options of node-redis', { rootNodes: [] } as never, {}, DataError, /no rootNodes: pass the seeds/],
    ['a host in the options', SEED, { host: 'a' } as never, DataError, /belongs to a seed/],
    ['a bad readFrom', SEED, { readFrom: 'anybody' as never }, DataError, /readFrom/],
    ['a bad refreshInterval', SEED, { refreshInterval: -1 }, DataError, /refreshInterval/],
    ['a bad allowRedirect', SEED, { allowRedirect: true as never }, DataError, /allowRedirect/],
    ['a bad addressMap', SEED, { addressMap: 'a:1' as never }, DataError, /addressMap/],
    ['a bad target of addressMap', SEED, { addressMap: { 'a:1': 'b' } }, DataError, /addressMap/],
    ['null as options', SEED, null as never, DataError, /options/],
  ])('the options of a cluster reject %s', (_, seeds, options, type, message) => {
    const call = () => readClusterOptions(seeds, options)
    expect(call).toThrow(type)
    expect(call).toThrow(message)
  })

  it('no error message contains the password of a seed', () => {
    try {
      readClusterOptions(['redis://:hunter2@x:99999'])
      expect.unreachable()
    } catch (error) {
      expect(String((error as Error).stack)).not.toContain('hunter2')
    }
  })
})

describe('the address of a node', () => {
  it('a node is dialled where it announces itself, or where addressMap maps it to', () => {
    const map = {
      '10.0.0.1:7000': 'localhost:17000',
      '10.0.0.2:7000': { host: 'localhost', port: 17001 },
      '[::1]:1': '[::2]:2',
    }
    const { place } = readClusterOptions(SEED, { addressMap: map })
    expect(place({ host: '10.0.0.1', port: 7000 })).toEqual({ host: 'localhost', port: 17000 })
    expect(place({ host: '10.0.0.2', port: 7000 })).toEqual({ host: 'localhost', port: 17001 })
    expect(place({ host: '::1', port: 1 })).toEqual({ host: '::2', port: 2 })
    expect(place({ host: '10.0.0.3', port: 7000 })).toEqual({ host: '10.0.0.3', port: 7000 })
    expect(place({ host: 'constructor', port: 1 })).toEqual({ host: 'constructor', port: 1 })
  })

  it('allowRedirect gets the address after addressMap', () => {
    const { place } = readClusterOptions(SEED, {
      addressMap: ({ port }) => (port === 7000 ? 'inside:1' : undefined),
      allowRedirect: ({ host }) => host === 'inside',
    })
    expect(place({ host: '10.0.0.1', port: 7000 })).toEqual({ host: 'inside', port: 1 })
    expect(place({ host: '10.0.0.1', port: 7001 })).toBeUndefined()
  })
})
