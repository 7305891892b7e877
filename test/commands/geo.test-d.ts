import { describe, expectTypeOf, it } from 'vitest'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { Position } from '../../src/commands/geo.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const some: boolean

const area = { frommember: 'a', byradius: { radius: 1, unit: 'km' } } as const

describe('types of geo commands', () => {
  it('GEOSEARCH returns names, or objects with the requested details', () => {
    expectTypeOf(plain.geosearch('k', area)).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(bytes.geosearch('k', { ...area, count: 1, any: true, asc: true })).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(plain.geosearch('k', { ...area, withdist: true })).toEqualTypeOf<
      Promise<{ readonly member: string; readonly distance: number }[]>
    >()
    expectTypeOf(bytes.geosearch('k', { ...area, withcoord: true, withdist: false })).toEqualTypeOf<
      Promise<{ readonly member: Buffer; readonly longitude: number; readonly latitude: number }[]>
    >()
    expectTypeOf(bigints.geosearch('k', { ...area, withhash: true, withdist: true })).toEqualTypeOf<
      Promise<{ readonly member: string; readonly distance: number; readonly hash: bigint }[]>
    >()
    expectTypeOf(plain.geosearch('k', { ...area, withdist: some })).toEqualTypeOf<
      Promise<string[] | { readonly member: string; readonly distance: number }[]>
    >()
  })

  it('GEORADIUS returns members, or the number of stored members', () => {
    expectTypeOf(plain.georadius('k', 1, 2, 3, 'm')).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(plain.georadius('k', 1, 2, 3, 'm', { withdist: true })).toEqualTypeOf<
      Promise<{ readonly member: string; readonly distance: number }[]>
    >()
    expectTypeOf(bigints.georadius('k', 1, 2, 3, 'm', { store: 'to' })).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.georadiusbymember('k', 'a', 3, 'm', { desc: true })).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(plain.georadiusbymember('k', 'a', 3, 'm', { storedist: 'to' })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(plain.georadiusRo('k', 1, 2, 3, 'm')).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(plain.georadiusbymemberRo('k', 'a', 3, 'm', { withhash: true })).toEqualTypeOf<
      Promise<{ readonly member: string; readonly hash: number }[]>
    >()
    expectTypeOf(plain.geosearchstore('to', 'k', { ...area, storedist: true })).toEqualTypeOf<Promise<number>>()
  })

  it('GEOPOS and GEODIST return positions and distances', () => {
    expectTypeOf(plain.geopos('k', 'a')).toEqualTypeOf<Promise<(Position | null)[]>>()
    expectTypeOf(bytes.geohash('k', 'a')).toEqualTypeOf<Promise<(string | null)[]>>()
    expectTypeOf(plain.geodist('k', 'a', 'b', 'mi')).toEqualTypeOf<Promise<number | null>>()
  })

  it('geo commands exclude options that conflict', () => {
    // @ts-expect-error
    void plain.geosearch('k', { frommember: 'a' })
    // @ts-expect-error
    void plain.geosearch('k', { ...area, asc: true, desc: true })
    // @ts-expect-error
    void plain.geosearch('k', { ...area, any: true })
    // @ts-expect-error
    void plain.geosearch('k', { ...area, withDist: true })
    // @ts-expect-error
    void plain.georadius('k', 1, 2, 3, 'm', { store: 'a', withdist: true })
    // @ts-expect-error
    void plain.geoadd('k', { member: 'a', longitude: 1, latitude: 1 }, { nx: true, xx: true })
  })
})
