import { expect, it } from 'vitest'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('PUBLISH reaches subscribers, and PUBSUB returns channels and numbers', async () => {
    const redis = client()
    const listener = await server().connect()
    try {
      await listener.command('SUBSCRIBE', 'news')
      await listener.command('PSUBSCRIBE', 'n*')
      expect(
        await Promise.all([
          redis.publish('news', 'm'),
          redis.bigints.publish('other', 'm'),
          redis.pubsubChannels(),
          redis.bytes.pubsubChannels('n*'),
          redis.pubsubChannels('x*'),
          redis.pubsubNumpat(),
          redis.bigints.pubsubNumpat(),
          redis.pubsubNumsub('news', 'none'),
          redis.bigints.pubsubNumsub(['news']),
          redis.pubsubNumsub(),
          redis.prefixed('ne').pubsubChannels('w*'),
          redis.prefixed('ne').pubsubNumsub('ws'),
          redis.prefixed('ne').publish('ws', 'm'),
        ]),
      ).toEqual([
        2,
        0n,
        ['news'],
        [Buffer.from('news')],
        [],
        1,
        1n,
        { news: 1, none: 0 },
        { news: 1n },
        {},
        ['ws'],
        { ws: 1 },
        2,
      ])
      expect(await redis.pubsubHelp()).toContainEqual(expect.stringMatching(/^NUMSUB/))
    } finally {
      listener.close()
    }
  })

  it('SPUBLISH reaches subscribers of a sharded channel, and PUBSUB returns their number', async context => {
    await needs(context, server(), 'SPUBLISH')
    const redis = client()
    const listener = await server().connect()
    try {
      await listener.command('SSUBSCRIBE', 'news')
      expect(
        await Promise.all([
          redis.spublish('news', 'm'),
          redis.bigints.spublish('none', 'm'),
          redis.pubsubShardchannels(),
          redis.bytes.pubsubShardchannels('x*'),
          redis.pubsubShardnumsub('news', 'none'),
          redis.bigints.pubsubShardnumsub(['news']),
          redis.pubsubChannels(),
        ]),
      ).toEqual([1, 0n, ['news'], [], { news: 1, none: 0 }, { news: 1n }, []])
    } finally {
      listener.close()
    }
  })
})
