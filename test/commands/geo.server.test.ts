import { beforeEach, expect, it } from 'vitest'
import { overBothProtocols } from './protocols.js'

overBothProtocols(client => {
  const palermo = { member: 'Palermo', longitude: 13.361389, latitude: 38.115556 }
  const catania = { member: 'Catania', longitude: 15.087269, latitude: 37.502669 }
  const place = { longitude: 15, latitude: 37 }
  const around = { fromlonlat: place, byradius: { radius: 200, unit: 'km' } } as const
  const all = { withcoord: true, withdist: true, withhash: true } as const

  beforeEach(async () => {
    await client().geoadd('k', [palermo, catania])
  })

  it('GEOADD adds members, and GEOPOS, GEODIST and GEOHASH read them', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.geoadd('k', { ...palermo, longitude: 13 }, { nx: true }),
        redis.bigints.geoadd('k', { ...catania, latitude: 37 }, { xx: true, ch: true }),
        redis.geoadd('k', catania),
        redis.geodist('k', 'Palermo', 'Catania'),
        redis.bigints.geodist('k', 'Palermo', 'Catania', 'km'),
        redis.geodist('k', 'Palermo', 'none'),
        redis.geohash('k', 'Palermo', 'none'),
        redis.bytes.geohash('k', ['Palermo']),
        redis.geopos('k', 'Palermo', 'none'),
      ]),
    ).toStrictEqual([
      0,
      1n,
      0,
      166274.1516,
      166.2742,
      null,
      ['sqc8b49rny0', null],
      ['sqc8b49rny0'],
      [{ longitude: expect.closeTo(13.361389, 5), latitude: expect.closeTo(38.115556, 5) }, null],
    ])
  })

  it('GEOSEARCH finds members with the requested details', async () => {
    const redis = client()
    const near = {
      distance: 56.4413,
      hash: 3479447370796909,
      longitude: expect.closeTo(15.087269, 5),
      latitude: expect.closeTo(37.502669, 5),
    }
    expect(
      await Promise.all([
        redis.geosearch('k', { ...around, asc: true }),
        redis.bytes.geosearch('k', { ...around, desc: true, count: 1 }),
        redis.geosearch('k', { ...around, asc: true, count: 1, ...all }),
        redis.bigints.geosearch('k', { ...around, asc: true, count: 1, withhash: true }),
        redis.bytes.geosearch('k', { ...around, desc: true, withdist: true }),
        redis.geosearch('k', { frommember: 'Catania', bybox: { width: 10, height: 10, unit: 'mi' }, withcoord: true }),
        redis.geosearch('none', { ...around, withdist: true }),
        redis.georadius('k', 15, 37, 200, 'km', { asc: true }),
        redis.georadius('k', 15, 37, 200, 'km', { asc: true, count: 1, ...all }),
        redis.georadiusRo('k', 15, 37, 100, 'km', all),
        redis.georadiusbymember('k', 'Catania', 1, 'm'),
        redis.georadiusbymember('k', 'Catania', 1, 'm', { withdist: true }),
        redis.georadiusbymemberRo('k', 'Catania', 1, 'ft', { count: 1, any: true, withhash: true }),
      ]),
    ).toStrictEqual([
      ['Catania', 'Palermo'],
      [Buffer.from('Palermo')],
      [{ member: 'Catania', ...near }],
      [{ member: 'Catania', hash: 3479447370796909n }],
      [
        { member: Buffer.from('Palermo'), distance: 190.4424 },
        { member: Buffer.from('Catania'), distance: 56.4413 },
      ],
      [{ member: 'Catania', longitude: near.longitude, latitude: near.latitude }],
      [],
      ['Catania', 'Palermo'],
      [{ member: 'Catania', ...near }],
      [{ member: 'Catania', ...near }],
      ['Catania'],
      [{ member: 'Catania', distance: 0 }],
      [{ member: 'Catania', hash: 3479447370796909 }],
    ])
  })

  it('GEOSEARCHSTORE stores the found members', async () => {
    const redis = client()
    expect(
      await Promise.all([
        redis.geosearchstore('to', 'k', around),
        redis.zscore('to', 'Catania'),
        redis.bigints.geosearchstore('to', 'k', { ...around, asc: true, count: 1, storedist: true }),
        redis.zrange('to', 0, -1, { withscores: true }),
        redis.georadius('k', 15, 37, 200, 'km', { store: 'to' }),
        redis.bigints.georadius('k', 15, 37, 100, 'km', { storedist: 'to' }),
        redis.zrange('to', 0, -1, { withscores: true }),
        redis.georadiusbymember('k', 'Catania', 1, 'km', { store: 'to' }),
      ]),
    ).toStrictEqual([
      2,
      3479447370796909,
      1n,
      [{ member: 'Catania', score: expect.closeTo(56.4413, 3) }],
      2,
      1n,
      [{ member: 'Catania', score: expect.closeTo(56.4413, 3) }],
      1,
    ])
  })
})
