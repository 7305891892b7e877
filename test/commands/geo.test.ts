import { expect, it } from 'vitest'
import { InvalidResponse } from '../../src/errors/errors.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()
const catania = { member: 'Catania', longitude: 15.087269, latitude: 37.502669 }
const place = { longitude: 15, latitude: 37 }
const byradius = { radius: 200, unit: 'km' } as const
const bybox = { width: 400, height: 300, unit: 'mi' } as const

it('GEOADD, GEOPOS, GEODIST and GEOHASH send their arguments', () => {
  expectEncodings([
    [r.geoadd('k', catania), 'GEOADD k 15.087269 37.502669 Catania'],
    [
      r.geoadd('k', [catania, { member: 2, longitude: -1, latitude: 0 }], { nx: true, ch: true }),
      'GEOADD k NX CH 15.087269 37.502669 Catania -1 0 2',
    ],
    [r.geoadd('k', catania, { xx: true }), 'GEOADD k XX 15.087269 37.502669 Catania'],
    [r.geodist('k', 'a', 'b'), 'GEODIST k a b'],
    [r.geodist('k', 'a', 'b', 'km'), 'GEODIST k a b km'],
    [r.geohash('k', 'a', 'b'), 'GEOHASH k a b'],
    [r.geopos('k', ['a', 'b']), 'GEOPOS k a b'],
  ])
})

it('GEOSEARCH and GEOSEARCHSTORE send their options', () => {
  expectEncodings([
    [r.geosearch('k', { frommember: 'a', byradius }), 'GEOSEARCH k FROMMEMBER a BYRADIUS 200 km'],
    [
      r.geosearch('k', { fromlonlat: place, bybox, asc: true, count: 3, any: true }),
      'GEOSEARCH k FROMLONLAT 15 37 BYBOX 400 300 mi ASC COUNT 3 ANY',
    ],
    [
      r.geosearch('k', { frommember: 'a', byradius, desc: true, withcoord: true, withdist: true, withhash: true }),
      'GEOSEARCH k FROMMEMBER a BYRADIUS 200 km DESC WITHCOORD WITHDIST WITHHASH',
    ],
    [
      r.geosearchstore('to', 'k', { frommember: 'a', byradius, count: 3, storedist: true }),
      'GEOSEARCHSTORE to k FROMMEMBER a BYRADIUS 200 km COUNT 3 STOREDIST',
      'to k',
    ],
    [
      r.geosearchstore('to', 'k', { fromlonlat: place, bybox }),
      'GEOSEARCHSTORE to k FROMLONLAT 15 37 BYBOX 400 300 mi',
      'to k',
    ],
  ])
})

it('the deprecated GEORADIUS commands send their options', () => {
  expectEncodings([
    [r.georadius('k', 15, 37, 200, 'km'), 'GEORADIUS k 15 37 200 km'],
    [
      r.georadius('k', 15, 37, 200, 'km', { asc: true, count: 2, any: true, withcoord: true, withdist: true }),
      'GEORADIUS k 15 37 200 km ASC COUNT 2 ANY WITHCOORD WITHDIST',
    ],
    [r.georadius('k', 15, 37, 200, 'km', { store: 'to' }), 'GEORADIUS k 15 37 200 km STORE to', 'k to'],
    [
      r.georadius('k', 15, 37, 200, 'km', { count: 1, storedist: 'to' }),
      'GEORADIUS k 15 37 200 km COUNT 1 STOREDIST to',
      'k to',
    ],
    [r.georadiusRo('k', 15, 37, 200, 'm', { withhash: true }), 'GEORADIUS_RO k 15 37 200 m WITHHASH'],
    [r.georadiusRo('k', 15, 37, 200, 'm'), 'GEORADIUS_RO k 15 37 200 m'],
    [r.georadiusbymember('k', 'a', 200, 'ft'), 'GEORADIUSBYMEMBER k a 200 ft'],
    [r.georadiusbymember('k', 'a', 200, 'ft', { store: 'to' }), 'GEORADIUSBYMEMBER k a 200 ft STORE to', 'k to'],
    // A member may be called like the token.
    [r.georadiusbymember('k', 'STORE', 200, 'ft', { desc: true }), 'GEORADIUSBYMEMBER k STORE 200 ft DESC'],
    [r.georadiusbymemberRo('k', 'a', 200, 'mi', { withdist: true }), 'GEORADIUSBYMEMBER_RO k a 200 mi WITHDIST'],
    [r.georadiusbymemberRo('k', 'a', 200, 'mi'), 'GEORADIUSBYMEMBER_RO k a 200 mi'],
  ])
})

it('geo commands reject options that conflict or are missing', () => {
  expectRefusals(/exclude each other/, [
    loosely(r, 'geoadd', 'k', catania, { nx: true, xx: true }),
    loosely(r, 'geosearch', 'k', { frommember: 'a', fromlonlat: place, byradius }),
    loosely(r, 'geosearch', 'k', { frommember: 'a', byradius, bybox }),
    loosely(r, 'geosearch', 'k', { frommember: 'a', byradius, asc: true, desc: true }),
    loosely(r, 'georadius', 'k', 1, 2, 3, 'm', { store: 'a', storedist: 'b' }),
    loosely(r, 'georadius', 'k', 1, 2, 3, 'm', { store: 'a', withdist: true }),
    loosely(r, 'georadiusbymember', 'k', 'a', 3, 'm', { storedist: 'a', withcoord: true }),
  ])
  expectRefusals(/any needs the option count/, [
    loosely(r, 'geosearch', 'k', { frommember: 'a', byradius, any: true }),
    loosely(r, 'georadius', 'k', 1, 2, 3, 'm', { any: true }),
  ])
  expectRefusals(/One of the options frommember and fromlonlat is needed/, [loosely(r, 'geosearch', 'k', { byradius })])
  expectRefusals(/One of the options byradius and bybox is needed/, [
    loosely(r, 'geosearchstore', 't', 'k', { frommember: 'a' }),
  ])
  expectRefusals(/At least one member is needed/, [r.geoadd('k', []), r.geohash('k'), r.geopos('k', [])])
})

it('GEOSEARCH returns the requested details of each member, the same under both protocols', () => {
  const details = { withcoord: true, withdist: true, withhash: true } as const
  const full = [{ member: 'a', distance: 56.4413, hash: 3479447370796909, longitude: 15.5, latitude: 37.5 }]
  for (const call of [
    r.geosearch('k', { frommember: 'a', byradius, ...details }),
    r.georadius('k', 1, 2, 3, 'm', details),
    r.georadiusRo('k', 1, 2, 3, 'm', details),
    r.georadiusbymember('k', 'a', 3, 'm', details),
    r.georadiusbymemberRo('k', 'a', 3, 'm', details),
  ]) {
    expect(call.decode([['a', '56.4413', 3479447370796909, ['15.5', '37.5']]])).toStrictEqual(full)
    expect(call.decode([['a', '56.4413', 3479447370796909, [15.5, 37.5]]])).toStrictEqual(full)
    expect(call.decode([])).toStrictEqual([])
  }
  const area = { frommember: 'a', byradius } as const
  expect(r.geosearch('k', { ...area, withdist: true }).decode([['a', '1']])).toStrictEqual([
    { member: 'a', distance: 1 },
  ])
  expect(r.geosearch('k', { ...area, withcoord: true }).decode([['a', ['1', '2']]])).toStrictEqual([
    { member: 'a', longitude: 1, latitude: 2 },
  ])
  const b = Buffer.from([255])
  const wide = { bytes: true, bigints: true }
  expect(r.geosearch('k', { ...area, withhash: true }).decode([[b, 5]], wide)).toStrictEqual([{ member: b, hash: 5n }])
  expect(r.geosearch('k', area).decode(['a', 'b'])).toStrictEqual(['a', 'b'])
  expect(() => r.geosearch('k', { ...area, withdist: true }).decode(['odd'])).toThrow(InvalidResponse)
})

it('GEODIST and GEOPOS convert text replies to numbers', () => {
  expect(r.geodist('k', 'a', 'b').decode('166.2742')).toBe(166.2742)
  expect(r.geodist('k', 'a', 'b').decode(null)).toBeNull()
  expect(r.geopos('k', 'a', 'b').decode([['1.5', '2.5'], null, [3, 4]])).toStrictEqual([
    { longitude: 1.5, latitude: 2.5 },
    null,
    { longitude: 3, latitude: 4 },
  ])
  expect(r.geohash('k', 'a', 'b').decode([Buffer.from('sqc8b49rny0'), null], { bytes: true })).toEqual([
    'sqc8b49rny0',
    null,
  ])
  const store = { frommember: 'a', byradius } as const
  for (const call of [
    r.geoadd('k', catania),
    r.geosearchstore('to', 'k', store),
    r.georadius('k', 1, 2, 3, 'm', { store: 'to' }),
    r.georadiusbymember('k', 'a', 3, 'm', { storedist: 'to' }),
  ]) {
    expect([call.decode(3), call.decode(3, { bigints: true })]).toEqual([3, 3n])
  }
})
