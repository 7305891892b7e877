import { expect, it } from 'vitest'
import { applyPrefix } from '../../src/commands/core/prefix.js'
import { MapReply } from '../../src/commands/core/reply.js'
import { InvalidResponse } from '../../src/errors/errors.js'
import { expectEncodings } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('PUBLISH, SPUBLISH and PUBSUB send their arguments', () => {
  expectEncodings([
    [r.publish('c', 'm'), 'PUBLISH c m', ''],
    [r.spublish('c', 5), 'SPUBLISH c 5', 'c'],
    [r.pubsubChannels(), 'PUBSUB CHANNELS', ''],
    [r.pubsubChannels('n*'), 'PUBSUB CHANNELS n*', ''],
    [r.pubsubHelp(), 'PUBSUB HELP', ''],
    [r.pubsubNumpat(), 'PUBSUB NUMPAT', ''],
    [r.pubsubNumsub(), 'PUBSUB NUMSUB', ''],
    [r.pubsubNumsub('a', 'b'), 'PUBSUB NUMSUB a b', ''],
    [r.pubsubNumsub(['a', 'b']), 'PUBSUB NUMSUB a b', ''],
    [r.pubsubNumsub([]), 'PUBSUB NUMSUB', ''],
    [r.pubsubShardchannels(), 'PUBSUB SHARDCHANNELS', ''],
    [r.pubsubShardchannels('n*'), 'PUBSUB SHARDCHANNELS n*', ''],
    [r.pubsubShardnumsub('a'), 'PUBSUB SHARDNUMSUB a', ''],
  ])
})

it('a prefix is added to channels and patterns, and removed from channels in replies', () => {
  const prefixed = [
    r.publish('c', 'm'),
    r.spublish('c', 'm'),
    r.pubsubChannels('n*'),
    r.pubsubNumsub('a', 'b'),
    r.pubsubShardchannels('n*'),
    r.pubsubShardnumsub('a'),
  ].map(({ command }) => {
    applyPrefix(command, 'p:')
    return command.args
  })
  expect(prefixed).toEqual([['p:c', 'm'], ['p:c', 'm'], ['p:n*'], ['p:a', 'p:b'], ['p:n*'], ['p:a']])
  expect(r.pubsubChannels().decode(['p:a', 'b'], { prefix: 'p:' })).toEqual(['a', 'b'])
  expect(r.pubsubNumsub('a').decode(['p:a', 1], { prefix: 'p:' })).toEqual({ a: 1 })
})

it('PUBSUB NUMSUB becomes numbers by channel, the same under both protocols', () => {
  for (const call of [r.pubsubNumsub('a', 'b'), r.pubsubShardnumsub('a', 'b')]) {
    expect(call.decode(['a', 0, 'b', 2])).toEqual({ a: 0, b: 2 })
    expect(call.decode(new MapReply(['a', 0, 'b', 2]))).toEqual({ a: 0, b: 2 })
    expect(call.decode([Buffer.from('a'), 1], { bytes: true, bigints: true })).toEqual({ a: 1n })
    expect(call.decode([])).toStrictEqual({})
    expect(() => call.decode('odd')).toThrow(InvalidResponse)
  }
})

it('pub/sub replies become text channels and integers of the view', () => {
  const b = Buffer.from([255])
  for (const call of [r.pubsubChannels(), r.pubsubShardchannels()]) {
    expect(call.decode(['a'])).toEqual(['a'])
    expect(call.decode([b], { bytes: true })).toEqual([b])
  }
  for (const call of [r.publish('c', 'm'), r.spublish('c', 'm'), r.pubsubNumpat()]) {
    expect([call.decode(3), call.decode(3, { bigints: true })]).toEqual([3, 3n])
  }
  expect(r.pubsubHelp().decode([Buffer.from('x')], { bytes: true })).toEqual(['x'])
})
