/** The options of a cluster: the seeds, the options that only a cluster has, and the settings of each node. */

import type { PeerCertificate } from 'node:tls'
import { type Checks, isFunction, isMs, isOneOf, ownOptions } from '../commands/core/check-options.js'
import { ownProperties } from '../commands/core/own-properties.js'
import { isObject, isUrl } from '../commands/core/value-types.js'
import { isThenable } from '../connection/events.js'
import { textOf } from '../connection/handler-errors.js'
import { insteadOf } from '../connection/options/migration-hints.js'
import {
  CHECKS,
  checkTls,
  mergeOptions,
  nameOf,
  type RedisOptions,
  type Settings,
  withDefaults,
  withoutBrackets,
} from '../connection/options/options.js'
import { parseUrl, readOptions } from '../connection/options/url.js'
import { identityFault, isAddress } from '../connection/socket/dial.js'
import { DataError } from '../errors/errors.js'
import { isHost } from '../errors/from-reply.js'
import { databaseNotZero, noSeed, seedIsSocket } from './cluster-errors.js'
import type { Address } from './topology.js'

/** The nodes that answer reads. */
export type ReadFrom = 'primary' | 'replica' | 'nearest'

/** The address where a node that announces itself as `host:port` is dialled. */
export type AddressMap =
  | Readonly<Record<string, string | Address>>
  | ((address: Address) => string | Address | undefined)

export interface RedisClusterOptions extends Omit<RedisOptions, 'host' | 'port' | 'path' | 'readonly'> {
  /**
   * The node that answers commands that only read (default `primary`). `replica`: any replica of the shard, or the primary when no
   * replica is connected. `nearest`: the node that answers PING fastest. A replica may return slightly old values.
   */
  readonly readFrom?: ReadFrom | undefined
  /**
   * The addresses where nodes behind a NAT or a tunnel are dialled: `{ '10.0.0.1:7000': 'localhost:17000' }`, or a function. A node
   * without an entry is dialled where it announces itself.
   */
  readonly addressMap?: AddressMap | undefined
  /** Returns whether a node may be dialled, given its address after `addressMap` (default: all may). Not called for seeds. */
  readonly allowRedirect?: ((address: Address) => boolean) | undefined
  /** Time between refreshes of the topology when nothing else requests one, ms (default 10000); 0 turns them off. */
  readonly refreshInterval?: number | undefined
}

/** A node that the client asks first: its URL, or its host and port. */
export type Seed = string | URL | { readonly host?: string; readonly port?: number }

export interface ClusterSettings {
  /** The options as the user gave them, for `duplicate()`. */
  readonly options: RedisClusterOptions
  readonly seeds: readonly Address[]
  /** The options of each node, except host and port. */
  readonly base: RedisOptions
  readonly readFrom: ReadFrom
  readonly refreshInterval: number
  /** The settings of calls, and of the cluster as a whole. */
  readonly settings: Settings
  /** The address where a node is dialled; undefined if it must not be. */
  place(announced: Address): Address | undefined
  /** The settings of the node at `address`. */
  settingsOf(address: Address): Settings
  /** The options of a `Redis` for the node at `address`. */
  optionsOf(address: Address, readonly: boolean): RedisOptions
}

export function readClusterOptions(seeds: Seed | readonly Seed[], options: RedisClusterOptions = {}): ClusterSettings {
  const given = readSeeds(seeds)
  const {
    addressMap,
    allowRedirect,
    readFrom = 'primary',
    refreshInterval = 10_000,
    ...rest
  } = ownClusterOptions(options)
  checkTls(given.options, rest as RedisOptions)
  const base = mergeOptions(given.options, readOptions(rest as RedisOptions, undefined))
  if ((base.db ?? 0) !== 0) {
    throw databaseNotZero()
  }
  const settings = withDefaults({ ...base, ...given.seeds[0] })
  const names = new Names(given.seeds)
  return {
    options,
    seeds: given.seeds,
    base,
    readFrom,
    refreshInterval,
    settings,
    place: placer(addressMap, allowRedirect, names),
    settingsOf: address => {
      const of = withDefaults(optionsOf(base, names, address))
      // Never give up on a node: the cluster decides how long it is away, and whether another takes its place.
      return {
        ...of,
        readonly: readFrom !== 'primary',
        reconnect: { ...of.reconnect, attempts: Number.POSITIVE_INFINITY },
      }
    },
    optionsOf: (address, readonly) => ({ ...optionsOf(base, names, address), ...(readonly ? { readonly } : {}) }),
  }
}

const OWN_CHECKS: Checks<Omit<RedisClusterOptions, keyof RedisOptions>> = {
  addressMap: value => {
    if (typeof value === 'function') return undefined
    if (!isObject(value)) return 'an object or a function'
    for (const to of Object.values(value)) addressOf(to as string | Address)
    return undefined
  },
  allowRedirect: isFunction,
  readFrom: isOneOf('primary', 'replica', 'nearest'),
  refreshInterval: isMs,
}

const { host: _, port: __, path: ___, ...NODE_CHECKS } = CHECKS
const CLUSTER_CHECKS: Checks<RedisClusterOptions> = { ...NODE_CHECKS, ...OWN_CHECKS }

function ownClusterOptions(options: RedisClusterOptions): RedisClusterOptions {
  if (!isObject(options)) throw new DataError('The options must be an object.')
  for (const name of ['host', 'port', 'path']) {
    if (Object.hasOwn(options, name) && options[name] !== undefined)
      throw new DataError(`The option ${name} belongs to a seed, not to the cluster: give it in the first argument.`)
  }
  return ownOptions(options, CLUSTER_CHECKS, { insteadOf })
}

/** The addresses of the seeds, and the options in their URLs, which must be the same in all. */
function readSeeds(seeds: Seed | readonly Seed[]): { seeds: Address[]; options: RedisOptions } {
  const list = Array.isArray(seeds) ? (seeds as readonly Seed[]) : [seeds as Seed]
  if (list.length === 0) throw noSeed()
  const read = list.map(readSeed)
  const options = ownProperties<RedisOptions>(...read.map(({ options }) => options))
  for (const seed of read) {
    for (const [name, value] of Object.entries(seed.options)) {
      if (options[name as keyof RedisOptions] === value) continue
      throw new DataError(`The seeds differ in ${name}: it must be the same for all nodes of a cluster.`)
    }
  }
  // A URL without TLS among others with it is a mistake. It must not make the client send a password in clear text.
  if (new Set(read.map(({ secure }) => secure).filter(secure => secure !== undefined)).size > 1) {
    throw new DataError('The seeds differ in tls: use rediss:// for all nodes of a cluster, or redis:// for all.')
  }
  return { seeds: read.map(({ address }) => address), options }
}

function readSeed(seed: Seed): { address: Address; options: RedisOptions; secure?: boolean } {
  if (typeof seed === 'string' || isUrl(seed)) {
    const { host, path, port, ...rest } = parseUrl(String(seed))
    const options = ownProperties<RedisOptions>(rest)
    if (path !== undefined) throw seedIsSocket()
    const address = { host: host ?? '127.0.0.1', port: port ?? 6379 }
    return { address, options, secure: options.tls !== undefined }
  }
  if (typeof seed !== 'object' || seed === null) throw new DataError('A seed must be a URL or { host, port }.')
  const { host, port, ...more } = ownProperties<Address>(seed as Address)
  const [unknown] = Object.keys(more)
  if (unknown !== undefined) {
    const hint = insteadOf(unknown) ?? 'options for all nodes go in the second argument'
    throw new DataError(`A seed has only host and port, no ${unknown}: ${hint}.`)
  }
  const checked = readOptions(
    { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) },
    undefined,
  )
  return { address: { host: withoutBrackets(checked.host ?? '127.0.0.1'), port: checked.port ?? 6379 }, options: {} }
}

function placer(
  map: AddressMap | undefined,
  allow: ((address: Address) => boolean) | undefined,
  names: Names,
): (announced: Address) => Address | undefined {
  return announced => {
    const address = mapped(map, announced)
    if (address !== announced) names.announced(address, announced.host)
    if (allow === undefined) return address
    return answer('allowRedirect', () => allow(address)) ? address : undefined
  }
}

function mapped(map: AddressMap | undefined, announced: Address): Address {
  if (map === undefined) return announced
  const name = nameOf(announced)
  const of = () => (typeof map === 'function' ? map(announced) : Object.hasOwn(map, name) ? map[name] : undefined)
  const to = answer('addressMap', of)
  return to === undefined ? announced : addressOf(to)
}

/**
 * Calls a function of the user and returns its value. A promise is an error: it would count as true for an allowRedirect.
 * @throws DataError if the function throws or returns a promise
 */
function answer<T>(option: string, ask: () => T): T {
  let given: T
  try {
    given = ask()
    if (isThenable(given)) Promise.resolve(given).catch(() => {})
    else return given
  } catch (cause) {
    throw new DataError(`The function of the option ${option} threw: ${textOf(cause)}`, { cause })
  }
  throw new DataError(`The function of the option ${option} must return its value, not a promise.`)
}

function addressOf(to: string | Address): Address {
  const text = typeof to === 'string' ? /^\[?(?<host>.*?)\]?:(?<port>\d{1,5})$/.exec(to)?.groups : undefined
  const host = typeof to === 'string' ? text?.host : typeof to?.host === 'string' ? withoutBrackets(to.host) : undefined
  const port = typeof to === 'string' ? Number(text?.port) : to?.port
  if (
    typeof host === 'string' &&
    isHost(host) &&
    Number.isInteger(port) &&
    (port as number) > 0 &&
    (port as number) < 65_536
  ) {
    return { host, port: port as number }
  }
  throw new DataError("The values of the option addressMap must be 'host:port' or { host, port }.")
}

/** The names under which a node is accepted in its certificate. */
class Names {
  readonly #seeds: readonly string[]
  /** The host that a node announces, by the address where it is dialled, if the two differ. */
  readonly #announced = new Map<string, string>()

  constructor(seeds: readonly Address[]) {
    this.#seeds = [...new Set(seeds.map(({ host }) => host))]
  }

  announced(address: Address, host: string): void {
    this.#announced.set(nameOf(address), host)
  }

  of(address: Address): string[] {
    const announced = this.#announced.get(nameOf(address))
    return [address.host, ...(announced === undefined ? [] : [announced]), ...this.#seeds]
  }

  /** The name for SNI, which must not be an address: the first host name among those of the node and the seeds. */
  serverNameOf(address: Address): string | undefined {
    return this.of(address).find(host => !isAddress(host))
  }
}

/**
 * Under TLS the certificate of a node must hold the host where it is dialled, the host that it announces, or the host of a seed:
 * some clusters have one certificate for all nodes, others one for each. Options of the user win.
 */
function optionsOf(base: RedisOptions, names: Names, address: Address): RedisOptions {
  const { host, port } = address
  const { tls } = base
  if (!tls || (tls !== true && tls.servername !== undefined)) return { ...base, host, port }
  const servername = names.serverNameOf(address)
  const secure = {
    ...(servername === undefined ? {} : { servername }),
    checkServerIdentity: (_: string, certificate: PeerCertificate) => identityFault(names.of(address), certificate),
    ...(tls === true ? {} : tls),
  }
  return { ...base, host, port, tls: secure }
}
