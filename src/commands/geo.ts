import type { Argument, Arguments, Key, OneOrMore, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, type ReplyTypes, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import { at, double, int, itemPerArgument, list, orNull, text, tuple, word } from './core/decoders.js'
import type { AtMostOne, OneOf } from './core/exclusive-options.js'
import { keyAfter, keyAt } from './core/key-specs.js'
import { decided, exclusive, flag, isGiven, option, plainOptions, pushSeveral, refuse } from './core/option-tokens.js'
import { owned, ownProperties } from './core/own-properties.js'
import type { Reply } from './core/reply.js'
import { read, type Spec, write } from './core/spec.js'

/** Metres, kilometres, feet or miles. */
export type GeoUnit = 'm' | 'km' | 'ft' | 'mi'

/** A position on earth, in degrees. */
export interface Position {
  /** From -180 to 180. */
  readonly longitude: number
  /** From -85.05112878 to 85.05112878. */
  readonly latitude: number
}

export interface GeoMember extends Position {
  readonly member: Argument
}

export type GeoaddOptions = AtMostOne<{
  /** Only adds new members. @since 6.2 */
  readonly nx: boolean
  /** Only moves existing members. @since 6.2 */
  readonly xx: boolean
}> & {
  /** The reply counts moved members too, not only new members. @since 6.2 */
  readonly ch?: boolean
}

type Order = AtMostOne<{
  /** The nearest member first. */
  readonly asc: boolean
  /** The farthest member first. */
  readonly desc: boolean
}>

type Quantity =
  | { readonly count?: never; readonly any?: false }
  | {
      /** Maximum number of members; the nearest ones are returned. */
      readonly count: number
      /** Returns the first members found, which may not be the nearest. @since 6.2 */
      readonly any?: boolean
    }

/** The order and the number of members. */
export type GeoSelection = Order & Quantity

/** The details of each member in addition to its name. */
export interface GeoDetails<D extends boolean, O extends boolean, H extends boolean> {
  /** `distance`, in the unit of the search. */
  readonly withdist?: D
  /** `longitude` and `latitude`. */
  readonly withcoord?: O
  /** `hash`, the geohash as an integer of 52 bits. */
  readonly withhash?: H
}

/** The centre and the size of the search area. */
export type GeoArea = OneOf<{
  /** Around this member. */
  readonly frommember: Argument
  /** Around this position. */
  readonly fromlonlat: Position
}> &
  OneOf<{
    readonly byradius: { readonly radius: number; readonly unit: GeoUnit }
    readonly bybox: { readonly width: number; readonly height: number; readonly unit: GeoUnit }
  }>

/** Where to store the found members. Their scores are geohashes (`store`) or distances (`storedist`). */
export type GeoStore = OneOf<{ readonly store: Key; readonly storedist: Key }>

type Flat<T> = { readonly [K in keyof T]: T[K] }

type Detailed<F extends ReplyTypes, D, O, H> = Flat<
  { member: F['text'] } & (D extends true ? { distance: number } : unknown) &
    (O extends true ? Position : unknown) &
    (H extends true ? { hash: F['int'] } : unknown)
>

/** The found members: their names, or objects with the requested details. */
export type GeoFound<F extends ReplyTypes, D extends boolean, O extends boolean, H extends boolean> = D extends boolean
  ? O extends boolean
    ? H extends boolean
      ? true extends D | O | H
        ? Detailed<F, D, O, H>[]
        : F['text'][]
      : never
    : never
  : never

interface AnySelection {
  readonly asc?: boolean
  readonly desc?: boolean
  readonly count?: number
  readonly any?: boolean
  readonly withdist?: boolean
  readonly withcoord?: boolean
  readonly withhash?: boolean
  readonly store?: Key
  readonly storedist?: Key
}

const position: Decoder = tuple(2, items => ({ longitude: double(at(items, 0)), latitude: double(at(items, 1)) }))

const names = list(text)

/** The name of a member is followed by the requested details, in the order distance, hash, position. */
function found({ withdist, withcoord, withhash }: AnySelection): Decoder {
  if (withdist !== true && withcoord !== true && withhash !== true) return names
  return list(
    tuple(1, (found, shape) => {
      const items = found.values()
      const next = (): Reply => items.next().value ?? null
      return {
        member: text(next(), shape),
        ...(withdist && { distance: double(next()) }),
        ...(withhash && { hash: int(next(), shape) }),
        ...(withcoord && (position(next(), shape) as Position)),
      }
    }),
  )
}

const storing = (from: number) => [
  keyAt(0, 'read'),
  keyAfter('STORE', 'write', from),
  keyAfter('STOREDIST', 'write', from),
]

const GEOADD = write('GEOADD', int)
const GEODIST = read('GEODIST', orNull(double))
const GEOHASH = read('GEOHASH', itemPerArgument(1, list(orNull(word))))
const GEOPOS = read('GEOPOS', itemPerArgument(1, list(orNull(position))))
const GEORADIUS = write('GEORADIUS', names, { keys: storing(5) })
const GEORADIUS_RO = read('GEORADIUS_RO', names)
const GEORADIUSBYMEMBER = write('GEORADIUSBYMEMBER', names, { keys: storing(4) })
const GEORADIUSBYMEMBER_RO = read('GEORADIUSBYMEMBER_RO', names)
const GEOSEARCH = read('GEOSEARCH', names)
const GEOSEARCHSTORE = write('GEOSEARCHSTORE', int, { keys: [keyAt(0, 'write'), keyAt(1, 'read')] })

/** Commands for positions on earth, stored in a sorted set whose scores are geohashes. */
export abstract class Geo<C extends Context> extends Runner<C> {
  /** Adds or moves members. Returns the number of new members. @since 3.2 [GEOADD](https://redis.io/commands/geoadd) */
  geoadd(key: Key, members: OneOrMore<GeoMember>, options: GeoaddOptions = {}): Outcome<C, C['int']> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    exclusive(args, options, 'nx', 'xx')
    flag(args, 'NX', options.nx)
    flag(args, 'XX', options.xx)
    flag(args, 'CH', options.ch)
    const given = Array.isArray(members) ? (members as readonly GeoMember[]) : [members as GeoMember]
    if (given.length === 0) refuse(args, 'At least one member is needed.')
    for (const { longitude, latitude, member } of owned(given)) args.push(longitude, latitude, member)
    return this.run(new Command(GEOADD, args))
  }

  /**
   * Returns the distance of two members, by default in metres; null if one of them does not exist. @since 3.2
   * [GEODIST](https://redis.io/commands/geodist)
   */
  geodist(key: Key, member: Argument, other: Argument, unit?: GeoUnit): Outcome<C, number | null> {
    return this.run(new Command(GEODIST, unit === undefined ? [key, member, other] : [key, member, other, unit]))
  }

  /**
   * Returns the geohashes of members as text of 11 characters; null for a member that does not exist. @since 3.2
   * [GEOHASH](https://redis.io/commands/geohash)
   */
  geohash(key: Key, ...members: Several<Argument>): Outcome<C, (string | null)[]> {
    const args: Arguments = [key]
    pushSeveral(args, members, 'member')
    return this.run(new Command(GEOHASH, args))
  }

  /**
   * Returns the positions of members; null for a member that does not exist. @since 3.2
   * [GEOPOS](https://redis.io/commands/geopos)
   */
  geopos(key: Key, ...members: Several<Argument>): Outcome<C, (Position | null)[]> {
    const args: Arguments = [key]
    pushSeveral(args, members, 'member')
    return this.run(new Command(GEOPOS, args))
  }

  /**
   * Returns the members within `radius` of a position; with `store` or `storedist` it stores them and returns their
   * number. @since 3.2 [GEORADIUS](https://redis.io/commands/georadius)
   * @deprecated `geosearch` and `geosearchstore` do the same.
   */
  georadius<D extends boolean = false, O extends boolean = false, H extends boolean = false>(
    key: Key,
    longitude: number,
    latitude: number,
    radius: number,
    unit: GeoUnit,
    options?: GeoSelection & GeoDetails<D, O, H> & { readonly store?: never; readonly storedist?: never },
  ): Outcome<C, GeoFound<C, D, O, H>>
  georadius(
    key: Key,
    longitude: number,
    latitude: number,
    radius: number,
    unit: GeoUnit,
    options: GeoSelection & GeoStore,
  ): Outcome<C, C['int']>
  georadius(
    key: Key,
    longitude: number,
    latitude: number,
    radius: number,
    unit: GeoUnit,
    options: AnySelection = {},
  ): Outcome<C, unknown> {
    return this.run(radiusCommand(GEORADIUS, [key, longitude, latitude, radius, unit], options))
  }

  /**
   * Returns the members within `radius` of a position. @since 3.2.10
   * [GEORADIUS_RO](https://redis.io/commands/georadius_ro)
   * @deprecated `geosearch` does the same.
   */
  georadiusRo<D extends boolean = false, O extends boolean = false, H extends boolean = false>(
    key: Key,
    longitude: number,
    latitude: number,
    radius: number,
    unit: GeoUnit,
    options: GeoSelection & GeoDetails<D, O, H> = {} as GeoSelection & GeoDetails<D, O, H>,
  ): Outcome<C, GeoFound<C, D, O, H>> {
    return this.run(radiusCommand(GEORADIUS_RO, [key, longitude, latitude, radius, unit], options))
  }

  /**
   * Returns the members within `radius` of a member; with `store` or `storedist` it stores them and returns their
   * number. @since 3.2 [GEORADIUSBYMEMBER](https://redis.io/commands/georadiusbymember)
   * @deprecated `geosearch` and `geosearchstore` do the same.
   */
  georadiusbymember<D extends boolean = false, O extends boolean = false, H extends boolean = false>(
    key: Key,
    member: Argument,
    radius: number,
    unit: GeoUnit,
    options?: GeoSelection & GeoDetails<D, O, H> & { readonly store?: never; readonly storedist?: never },
  ): Outcome<C, GeoFound<C, D, O, H>>
  georadiusbymember(
    key: Key,
    member: Argument,
    radius: number,
    unit: GeoUnit,
    options: GeoSelection & GeoStore,
  ): Outcome<C, C['int']>
  georadiusbymember(
    key: Key,
    member: Argument,
    radius: number,
    unit: GeoUnit,
    options: AnySelection = {},
  ): Outcome<C, unknown> {
    return this.run(radiusCommand(GEORADIUSBYMEMBER, [key, member, radius, unit], options))
  }

  /**
   * Returns the members within `radius` of a member. @since 3.2.10
   * [GEORADIUSBYMEMBER_RO](https://redis.io/commands/georadiusbymember_ro)
   * @deprecated `geosearch` does the same.
   */
  georadiusbymemberRo<D extends boolean = false, O extends boolean = false, H extends boolean = false>(
    key: Key,
    member: Argument,
    radius: number,
    unit: GeoUnit,
    options: GeoSelection & GeoDetails<D, O, H> = {} as GeoSelection & GeoDetails<D, O, H>,
  ): Outcome<C, GeoFound<C, D, O, H>> {
    return this.run(radiusCommand(GEORADIUSBYMEMBER_RO, [key, member, radius, unit], options))
  }

  /**
   * Returns the members within a circle or a box: their names, or objects with `withdist`, `withcoord` or `withhash`.
   * @since 6.2 [GEOSEARCH](https://redis.io/commands/geosearch)
   */
  geosearch<D extends boolean = false, O extends boolean = false, H extends boolean = false>(
    key: Key,
    options: GeoArea & GeoSelection & GeoDetails<D, O, H>,
  ): Outcome<C, GeoFound<C, D, O, H>> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    pushArea(args, options)
    pushSelection(args, options)
    return this.run(new Command(GEOSEARCH, args, found(options)))
  }

  /**
   * Stores the members within a circle or a box; with `storedist` their scores are distances. Returns their number.
   * @since 6.2 [GEOSEARCHSTORE](https://redis.io/commands/geosearchstore)
   */
  geosearchstore(
    destination: Key,
    source: Key,
    options: GeoArea & GeoSelection & { readonly storedist?: boolean },
  ): Outcome<C, C['int']> {
    const args: Arguments = [destination, source]
    options = plainOptions(args, options)
    pushArea(args, options)
    const { storedist, ...selection } = options
    pushSelection(args, ownProperties(selection))
    flag(args, 'STOREDIST', storedist)
    return this.run(new Command(GEOSEARCHSTORE, args))
  }
}

function pushArea(args: Arguments, options: GeoArea): void {
  const { frommember, fromlonlat, byradius, bybox } = options
  exclusive(args, options, 'frommember', 'fromlonlat')
  exclusive(args, options, 'byradius', 'bybox')
  if (frommember === undefined && fromlonlat === undefined)
    refuse(args, 'One of the options frommember and fromlonlat is needed.')
  if (byradius === undefined && bybox === undefined) refuse(args, 'One of the options byradius and bybox is needed.')
  option(args, 'FROMMEMBER', frommember)
  if (fromlonlat !== undefined) args.push('FROMLONLAT', fromlonlat.longitude, fromlonlat.latitude)
  if (byradius !== undefined) args.push('BYRADIUS', byradius.radius, byradius.unit)
  if (bybox !== undefined) args.push('BYBOX', bybox.width, bybox.height, bybox.unit)
}

function pushSelection(args: Arguments, options: AnySelection): void {
  exclusive(args, options, 'asc', 'desc')
  if (isGiven(options, 'any') && !isGiven(options, 'count')) refuse(args, 'The option any needs the option count.')
  flag(args, 'ASC', options.asc)
  flag(args, 'DESC', options.desc)
  option(args, 'COUNT', options.count)
  flag(args, 'ANY', options.any)
  flag(args, 'WITHCOORD', options.withcoord)
  flag(args, 'WITHDIST', options.withdist)
  flag(args, 'WITHHASH', options.withhash)
}

function radiusCommand(spec: Spec, args: Arguments, options: AnySelection): Command {
  options = plainOptions(args, options)
  const { store, storedist } = options
  decided(args, options, ['store', 'storedist'])
  exclusive(args, options, 'store', 'storedist')
  for (const detail of ['withcoord', 'withdist', 'withhash']) {
    exclusive(args, options, 'store', detail)
    exclusive(args, options, 'storedist', detail)
  }
  pushSelection(args, options)
  option(args, 'STORE', store)
  option(args, 'STOREDIST', storedist)
  return new Command(spec, args, store === undefined && storedist === undefined ? found(options) : int)
}
