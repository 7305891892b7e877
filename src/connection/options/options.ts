/** The options of a client: those that the user passes, and the complete settings that the client works with. */

import type { ConnectionOptions } from 'node:tls'
import {
  type Check,
  type Checks,
  isBoolean,
  isCount,
  isDelay,
  isFilledText,
  isLimit,
  isMs,
  isPositive,
  isText,
  ownOptions,
} from '../../commands/core/check-options.js'
import { hasOwn, ownProperties } from '../../commands/core/own-properties.js'
import { isObject } from '../../commands/core/value-types.js'
import { DataError } from '../../errors/errors.js'
import { HandshakeMemory } from '../handshake-memory.js'
import { LIMITS, type ReaderLimits } from '../resp/protocol.js'
import { insteadOf } from './migration-hints.js'

/** The address of a server: a host and port, or a unix socket. */
export type Endpoint =
  | { readonly host: string; readonly port: number; readonly tls?: boolean }
  | { readonly path: string }

export interface Credentials {
  readonly username?: string | undefined
  readonly password: string
}

/** Fixed credentials, or a function that is called at each connect, so that passwords may rotate. */
export type CredentialsProvider = Credentials | (() => Credentials | Promise<Credentials>)

export interface ReconnectOptions {
  /** Upper bound of the first delay in ms (default 50). The delay is random between 0 and the bound. */
  readonly min?: number | undefined
  /** The bound doubles with each attempt up to this many ms (default 2000). */
  readonly max?: number | undefined
  /** Failed attempts in a row after which all waiting calls are rejected (default Infinity). The next call connects again. */
  readonly attempts?: number | undefined
}

export interface QueueOptions {
  /** The most bytes of commands not yet written, connected or not (default 256 MiB). */
  readonly maxBytes?: number | undefined
  /** The most commands not yet written (default 1,000,000). */
  readonly maxCommands?: number | undefined
  /** Whether calls wait while the connection is lost (default true). Calls wait for the first connection in any case. */
  readonly offline?: boolean | undefined
}

export interface PoolOptions {
  /** Connections that are kept open (default 0). */
  readonly min?: number | undefined
  /** The most connections leased at the same time (default 10). */
  readonly max?: number | undefined
  /** How long a caller waits for a connection, in ms (default 5000); after that it rejects with MaxConnectionsError. */
  readonly acquireTimeout?: number | undefined
  /** How long an idle connection stays open, in ms (default 30000). */
  readonly idleTimeout?: number | undefined
  /** The most callers that wait; the next one rejects with MaxConnectionsError at once (default Infinity). */
  readonly maxWaiting?: number | undefined
}

export interface RedisOptions {
  /** Host name or address (default 127.0.0.1). */
  readonly host?: string | undefined
  /** Port (default 6379). */
  readonly port?: number | undefined
  /** Path of a unix socket; replaces host and port. */
  readonly path?: string | undefined
  /** User name in the server's ACLs (default: the user `default`); needs a password. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Replaces username and password: fixed credentials, or a function that is called at each connect. */
  readonly credentials?: CredentialsProvider | undefined
  /** The number of the database (default 0). */
  readonly db?: number | undefined
  /** Is added to every key, pattern and channel, and removed from the keys in replies, as by `redis.prefixed()` (default: none). */
  readonly prefix?: string | undefined
  /** The connection name that CLIENT LIST shows. */
  readonly clientName?: string | undefined
  /**
   * The version of RESP. By default RESP3 is tried first and RESP2 is the fallback. With 2, neither HELLO nor CLIENT is sent,
   * except for a `clientName` and for the id of a leased connection, because some proxies close the connection at them.
   */
  readonly protocol?: 2 | 3 | undefined
  /** Whether CLIENT LIST shows the name and version of this library, on servers with CLIENT SETINFO (default true). */
  readonly setInfo?: boolean | undefined
  /** True, or options of node:tls. The certificate of the server is verified unless these options disable it. */
  readonly tls?: boolean | ConnectionOptions | undefined
  /** Time limit of a whole connection attempt in ms: DNS, TCP, TLS and handshake (default 10000). */
  readonly connectTimeout?: number | undefined
  /** Time limit from a call to its reply in ms; 0 or Infinity disables it (default 5000). */
  readonly commandTimeout?: number | undefined
  /** The delays between connection attempts; false: the client connects only when a call needs it. */
  readonly reconnect?: ReconnectOptions | false | undefined
  /** Limits of the commands not yet written; a call beyond a limit rejects, with the outcome `'not sent'`. */
  readonly queue?: QueueOptions | undefined
  /** The same as `queue: { offline }`. */
  readonly offlineQueue?: boolean | undefined
  /** The connections that sessions and blocking commands lease. */
  readonly pool?: PoolOptions | undefined
  /** Ms without data after which the server is sent a PING; after as many more the connection is closed; 0 is off (default 15000). */
  readonly healthCheckInterval?: number | undefined
  /** Limits of a reply; a reply beyond one closes the connection. No reply of a Redis server reaches the defaults. */
  readonly limits?: Partial<ReaderLimits> | undefined
  /** TCP_NODELAY (default true). */
  readonly noDelay?: boolean | undefined
  /** TCP keep-alive: true, false, or the delay of the first probe in ms (default 15000). */
  readonly keepAlive?: boolean | number | undefined
  /** Whether READONLY is sent after the handshake, so that a replica of a cluster answers reads (default false). */
  readonly readonly?: boolean | undefined
}

/** The options `T`, each with its value. */
export type Complete<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }

/** Every option with its value. Links, pools and clients are created from it. */
export interface Settings {
  readonly endpoint: Endpoint
  readonly tls: ConnectionOptions | undefined
  readonly credentials: CredentialsProvider | undefined
  readonly db: number
  /** The prefix of keys. */
  readonly prefix: string | undefined
  readonly clientName: string | undefined
  readonly protocol: 2 | 3 | undefined
  readonly setInfo: boolean
  readonly connectTimeout: number
  readonly commandTimeout: number
  readonly reconnect: Complete<ReconnectOptions>
  readonly queue: Complete<QueueOptions>
  readonly pool: Complete<PoolOptions>
  readonly healthCheckInterval: number
  readonly limits: ReaderLimits
  readonly noDelay: boolean
  readonly keepAlive: number
  /** Whether READONLY is sent after the handshake, for reads from a replica. */
  readonly readonly: boolean
  /** Whether the connection is leased. Its client id is then needed to end a call that blocks it. */
  readonly leased: boolean
  /** What earlier handshakes have revealed about the server. */
  readonly handshakeMemory: HandshakeMemory
}

const isName: Check = value =>
  typeof value === 'string' && /^[!-~]+$/.test(value) ? undefined : 'visible ASCII characters without spaces'

function isCredentials(value: unknown): boolean {
  if (!isObject(value)) return false
  const { password, username } = ownProperties(value)
  return typeof password === 'string' && (username === undefined || typeof username === 'string')
}

const RECONNECT: Checks<ReconnectOptions> = { min: isDelay, max: isDelay, attempts: isLimit }
const QUEUE: Checks<QueueOptions> = { maxBytes: isLimit, maxCommands: isLimit, offline: isBoolean }
const POOL: Checks<PoolOptions> = {
  min: isCount,
  max: isPositive,
  acquireTimeout: isMs,
  idleTimeout: isMs,
  maxWaiting: isLimit,
}
const READER: Checks<ReaderLimits> = {
  maxDepth: isPositive,
  maxLine: isPositive,
  maxBulk: isPositive,
  maxElements: isPositive,
}

/** The checks of the options of a client. */
export const CHECKS: Checks<RedisOptions> = {
  host: isFilledText,
  port: value => (isPositive(value) === undefined && (value as number) < 65_536 ? undefined : 'a port from 1 to 65535'),
  path: isFilledText,
  username: isText,
  password: isText,
  credentials: value =>
    typeof value === 'function' || isCredentials(value) ? undefined : '{ username?, password } or a function',
  db: isCount,
  prefix: isText,
  clientName: isName,
  protocol: value => (value === 2 || value === 3 ? undefined : '2 or 3'),
  setInfo: isBoolean,
  tls: value => (typeof value === 'boolean' || isObject(value) ? undefined : 'true or options of node:tls'),
  connectTimeout: isMs,
  commandTimeout: isMs,
  reconnect: value => (value === false ? undefined : part('reconnect', value, RECONNECT) && 'an object or false'),
  queue: value => part('queue', value, QUEUE),
  offlineQueue: isBoolean,
  pool: value => part('pool', value, POOL),
  healthCheckInterval: isMs,
  limits: value => part('limits', value, READER),
  noDelay: isBoolean,
  readonly: isBoolean,
  keepAlive: value => isBoolean(value) && isDelay(value) && 'true, false or milliseconds',
}

function part<T extends object>(name: string, value: unknown, checks: Checks<T>): string | undefined {
  if (!isObject(value)) return 'an object'
  ownOptions(value as T, checks, { prefix: `${name}.` })
  return undefined
}

/** @throws DataError for unknown options and bad values. */
export function checkOptions(options: RedisOptions): void {
  if (!isObject(options)) throw new DataError('The options must be an object, such as { host, port }, or a URL.')
  const { credentials, host, password, path, pool, port, username } = ownOptions(options, CHECKS, { insteadOf })
  if (credentials !== undefined && (username ?? password) !== undefined) {
    throw new DataError('The option credentials cannot be combined with username or password: remove one of them.')
  }
  if (path !== undefined && (host ?? port) !== undefined) {
    throw new DataError('The option path cannot be combined with host or port: remove one of them.')
  }
  if (username !== undefined && password === undefined) {
    throw new DataError('The option username needs a password: set the option password too.')
  }
  const { min = 0, max = 10 } = ownProperties(pool)
  if (min > max) throw new DataError('The option pool.min must not be above pool.max.')
}

function own<K extends keyof RedisOptions>(options: RedisOptions, name: K): RedisOptions[K] | undefined {
  return Object.hasOwn(options, name) ? options[name] : undefined
}

/** Merges `more` over `base`. An option of `more` also removes the options of `base` that it replaces, such as path those of a host. */
export function mergeOptions(base: RedisOptions, more: RedisOptions | undefined): RedisOptions {
  if (more === undefined) return ownProperties<RedisOptions>(base)
  if (!isObject(more)) throw new DataError('The options must be an object, such as { host, port }.')
  const merged = ownProperties<Record<string, unknown>>(base as Record<string, unknown>)
  if (own(more, 'credentials') !== undefined) {
    delete merged.username
    delete merged.password
  }
  if ((own(more, 'username') ?? own(more, 'password')) !== undefined) delete merged.credentials
  if (own(more, 'path') !== undefined) {
    delete merged.host
    delete merged.port
  }
  if ((own(more, 'host') ?? own(more, 'port')) !== undefined) delete merged.path
  for (const name of Object.keys(more)) {
    const value = (more as Record<string, unknown>)[name]
    if (value === undefined) continue
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined
    merged[name] = name !== 'credentials' && isObject(value) && isObject(before) ? { ...before, ...value } : value
  }
  checkOptions(merged as RedisOptions)
  return merged as RedisOptions
}

/**
 * Rejects `tls: false` if `base`, the options of a URL or of the duplicated client, has TLS: a password would be sent in clear
 * text.
 * @throws DataError
 */
export function checkTls(
  base: RedisOptions,
  more: RedisOptions | undefined,
  why = 'the URL begins with rediss://: write redis://',
): void {
  if (!isObject(more) || !base.tls || own(more, 'tls') !== false) return
  throw new DataError(`The option tls is false, and ${why} for a link without TLS.`)
}

/** Returns the settings of `options`, with defaults for those that are absent. */
export function withDefaults(options: RedisOptions): Settings {
  const get = <K extends keyof RedisOptions>(name: K) => own(options, name)
  const path = get('path')
  const tls = get('tls')
  const pauses = get('reconnect')
  const reconnect = pauses === false ? false : ownProperties(pauses)
  const queue: QueueOptions = ownProperties(get('queue'))
  const pool: PoolOptions = ownProperties(get('pool'))
  const limits: Partial<ReaderLimits> = ownProperties(get('limits'))
  const password = get('password')
  const username = get('username')
  const keepAlive = get('keepAlive') ?? true
  return {
    endpoint:
      path === undefined ? { host: withoutBrackets(get('host') ?? '127.0.0.1'), port: get('port') ?? 6379 } : { path },
    tls: tls === undefined || tls === false ? undefined : tls === true ? {} : tls,
    credentials:
      get('credentials') ??
      (password === undefined ? undefined : username === undefined ? { password } : { username, password }),
    db: get('db') ?? 0,
    prefix: get('prefix'),
    clientName: get('clientName'),
    protocol: get('protocol'),
    setInfo: get('setInfo') ?? true,
    connectTimeout: get('connectTimeout') ?? 10_000,
    commandTimeout: get('commandTimeout') ?? 5_000,
    reconnect:
      reconnect === false
        ? { min: 50, max: 2_000, attempts: 0 }
        : {
            min: reconnect?.min ?? 50,
            max: reconnect?.max ?? 2_000,
            attempts: reconnect?.attempts ?? Number.POSITIVE_INFINITY,
          },
    queue: {
      maxBytes: queue.maxBytes ?? 256 * 1024 * 1024,
      maxCommands: queue.maxCommands ?? 1_000_000,
      offline: get('offlineQueue') ?? queue.offline ?? true,
    },
    pool: {
      min: pool.min ?? 0,
      max: pool.max ?? 10,
      acquireTimeout: pool.acquireTimeout ?? 5_000,
      idleTimeout: pool.idleTimeout ?? 30_000,
      maxWaiting: pool.maxWaiting ?? Number.POSITIVE_INFINITY,
    },
    healthCheckInterval: get('healthCheckInterval') ?? 15_000,
    limits: {
      maxDepth: limits.maxDepth ?? LIMITS.maxDepth,
      maxLine: limits.maxLine ?? LIMITS.maxLine,
      maxBulk: limits.maxBulk ?? LIMITS.maxBulk,
      maxElements: limits.maxElements ?? LIMITS.maxElements,
    },
    noDelay: get('noDelay') ?? true,
    keepAlive: keepAlive === true ? 15_000 : keepAlive === false ? 0 : keepAlive,
    readonly: get('readonly') ?? false,
    leased: false,
    handshakeMemory: new HandshakeMemory(),
  }
}

/** Removes the brackets that an IPv6 address has in a URL. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/** The endpoint of a name that `nameOf` made. */
export function endpointNamed(name: string): Endpoint {
  const [, host, port] = /^\[?([^[\]/]*?)\]?:(\d+)$/.exec(name) ?? []
  return host === undefined ? { path: name } : { host, port: Number(port) }
}

/** The name of an endpoint in errors and events: `host:port` or the path. */
export function nameOf(endpoint: Endpoint): string {
  if (hasOwn(endpoint, 'path')) return endpoint.path
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`
}
