import { describe, expect, it } from 'vitest'
import { MapReply, type Reply } from '../../src/commands/core/reply.js'
import { expectEncodings } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

describe('arguments of monitoring commands', () => {
  it('LATENCY and SLOWLOG commands send their arguments', () => {
    expectEncodings([
      [r.latencyDoctor(), 'LATENCY DOCTOR', ''],
      [r.latencyGraph('command'), 'LATENCY GRAPH command', ''],
      [r.latencyHelp(), 'LATENCY HELP', ''],
      [r.latencyHistogram('get', 'config|get'), 'LATENCY HISTOGRAM get config|get', ''],
      [r.latencyHistory('command'), 'LATENCY HISTORY command', ''],
      [r.latencyLatest(), 'LATENCY LATEST', ''],
      [r.latencyReset(), 'LATENCY RESET', ''],
      [r.latencyReset('command', 'fork'), 'LATENCY RESET command fork', ''],
      [r.commandlogGet(5, 'large-reply'), 'COMMANDLOG GET 5 large-reply', ''],
      [r.commandlogHelp(), 'COMMANDLOG HELP', ''],
      [r.commandlogLen('slow'), 'COMMANDLOG LEN slow', ''],
      [r.commandlogReset('large-request'), 'COMMANDLOG RESET large-request', ''],
      [r.slowlogGet(), 'SLOWLOG GET', ''],
      [r.slowlogGet(-1), 'SLOWLOG GET -1', ''],
      [r.slowlogHelp(), 'SLOWLOG HELP', ''],
      [r.slowlogLen(), 'SLOWLOG LEN', ''],
      [r.slowlogReset(), 'SLOWLOG RESET', ''],
    ])
  })

  it('MEMORY and MODULE commands send their arguments', () => {
    expectEncodings([
      [r.memoryDoctor(), 'MEMORY DOCTOR', ''],
      [r.memoryHelp(), 'MEMORY HELP', ''],
      [r.memoryMallocStats(), 'MEMORY MALLOC-STATS', ''],
      [r.memoryPurge(), 'MEMORY PURGE', ''],
      [r.memoryStats(), 'MEMORY STATS', ''],
      [r.memoryUsage('k'), 'MEMORY USAGE k', 'k'],
      [r.memoryUsage('k', { samples: 0 }), 'MEMORY USAGE k SAMPLES 0', 'k'],
      [r.moduleHelp(), 'MODULE HELP', ''],
      [r.moduleList(), 'MODULE LIST', ''],
      [r.moduleLoad('m.so', 'a'), 'MODULE LOAD m.so a', ''],
      [
        r.moduleLoadex('m.so', { config: { x: '1', y: '2' }, args: ['a'] }),
        'MODULE LOADEX m.so CONFIG x 1 CONFIG y 2 ARGS a',
        '',
      ],
      [r.moduleUnload('m'), 'MODULE UNLOAD m', ''],
    ])
  })
})

describe('decoding of monitoring replies', () => {
  it('LATENCY replies become objects and lists of samples', () => {
    const histogram = { 'config|get': { calls: 2, histogramUsec: { '33': 1, '132': 2 } } }
    expect(r.latencyHistogram().decode(['config|get', ['calls', 2, 'histogram_usec', [33, 1, 132, 2]]])).toEqual(
      histogram,
    )
    expect(
      r
        .latencyHistogram()
        .decode(
          new MapReply(['config|get', new MapReply(['calls', 2, 'histogram_usec', new MapReply([33, 1, 132, 2])])]),
        ),
    ).toEqual(histogram)
    expect(r.latencyHistory('command').decode([[1_795_515_175, 10]])).toEqual([
      { timestamp: 1_795_515_175, latency: 10 },
    ])
    const latest = { event: 'command', timestamp: 1_795_515_175, latest: 10, max: 12 }
    expect(r.latencyLatest().decode([['command', 1_795_515_175, 10, 12]])).toStrictEqual([latest])
    expect(r.latencyLatest().decode([['command', 1_795_515_175, 10, 12, 22, 2]])).toStrictEqual([
      { ...latest, sum: 22, count: 2 },
    ])
    expect(r.latencyReset().decode(1, { bigints: true })).toBe(1n)
  })

  it('SLOWLOG GET becomes entries with named fields', () => {
    const reply: Reply = [[58, 1_795_515_175, 4, ['MEMORY', 'USAGE', 'k'], '127.0.0.1:35328', 'api']]
    expect(r.slowlogGet().decode(reply)).toEqual([
      {
        id: 58,
        timestamp: 1_795_515_175,
        duration: 4,
        args: ['MEMORY', 'USAGE', 'k'],
        client: '127.0.0.1:35328',
        name: 'api',
      },
    ])
  })

  it('SLOWLOG GET in a bytes view returns the words of a command as Buffers', () => {
    const reply: Reply = [[58, 1_795_515_175, 4, [Buffer.from([0xff])], Buffer.from('a:1'), Buffer.from('')]]
    expect(r.slowlogGet().decode(reply, { bytes: true })).toEqual([
      { id: 58, timestamp: 1_795_515_175, duration: 4, args: [Buffer.from([0xff])], client: 'a:1', name: '' },
    ])
  })

  it('MEMORY replies become numbers and objects of numbers', () => {
    const flat = (ratio: Reply, db: Reply): Reply[] => ['peak.allocated', 5, 'fragmentation', ratio, 'db.0', db]
    const inner: Reply[] = ['overhead.hashtable.main', 72]
    const expected = [5, 5.25, 72]
    const numbersOf = (stats: unknown): unknown[] =>
      Object.values(stats as object).flatMap(value => (typeof value === 'object' ? numbersOf(value) : value))
    expect(numbersOf(r.memoryStats().decode(flat('5.25', inner)))).toEqual(expected)
    expect(numbersOf(r.memoryStats().decode(new MapReply(flat(5.25, new MapReply(inner)))))).toEqual(expected)
    expect(r.memoryUsage('k').decode(56, { bigints: true })).toBe(56n)
    expect(r.memoryUsage('k').decode(null)).toBeNull()
  })

  it('MODULE LIST becomes the same objects under both protocols', () => {
    const fields: Reply[] = ['name', 'vectorset', 'ver', 1, 'path', '', 'args', []]
    const expected = [{ name: 'vectorset', ver: 1, path: '', args: [] }]
    expect(r.moduleList().decode([fields])).toEqual(expected)
    expect(r.moduleList().decode([new MapReply(fields)])).toEqual(expected)
  })
})
