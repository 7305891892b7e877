/** The options of a client: what the user may give, what it means, and the settled form that the rest works with. */
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
import { ownProperties } from '../../commands/core/own-properties.js'
import { isObject } from '../../commands/core/value-types.js'
import { DataError } from '../../errors/errors.js'
import { HandshakeMemory } from '../handshake-memory.js'
import { LIMITS, type ReaderLimits } from '../resp/protocol.js'
import { insteadOf } from './migration-hints.js'

/** Where a link dials: a host and port, or a unix socket. */
export type Endpoint =
  | { readonly host: string; readonly port: number; readonly tls?: boolean }
  | { readonly path: string }

export interface Credentials {
  readonly username?: string
  readonly password: string
}

/** Fixed credentials, or a function that is asked at each connect: passwords may rotate. */
export type CredentialsProvider = Credentials | (() => Credentials | Promise<Credentials>)

export interface ReconnectOptions {
  /** Upper bound of the first delay, ms (default 50). The delay itself is drawn evenly from 0 to the bound. */
  readonly min?: number
  /** The bound doubles with each attempt up to this, ms (default 2000). */
  readonly max?: number
  /** Failed attempts in a row after which everything that waits is rejected (default Infinity). The next call dials again. */
  readonly attempts?: number
}

export interface QueueOptions {
  /** Bytes of commands not yet written, connected or not (default 256 MiB). */
  readonly maxBytes?: number
  /** Commands not yet written (default 1,000,000). */
  readonly maxCommands?: number
  /** Whether calls wait while the link is lost (default true). The first connection is waited for in any case. */
  readonly offline?: boolean
}

export interface PoolOptions {
  /** Connections kept open (default 0). */
  readonly min?: number
  /** Connections lent at the same time at most (default 10). */
  readonly max?: number
  /** How long a caller waits for one, ms (default 5000); over it: MaxConnectionsError. */
  readonly acquireTimeout?: number
  /** A connection idle for this long is closed, ms (default 30000). */
  readonly idleTimeout?: number
  /** Callers that may wait; one more is rejected with MaxConnectionsError at once (default Infinity). */
  readonly maxWaiting?: number
}

export interface RedisOptions {
  /** Host name or address (default 127.0.0.1). */
  readonly host?: string
  /** Port (default 6379). */
  readonly port?: number
  /** Path of a unix socket, instead of host and port. */
  readonly path?: string
  /** User of the server's ACLs (default: the user `default`); it needs a password. */
  readonly username?: string
  readonly password?: string
  /** Instead of username and password: fixed, or asked at each connect. */
  readonly credentials?: CredentialsProvider
  /** Database to SELECT (default 0). */
  readonly db?: number
  /** Name shown by CLIENT LIST. */
  readonly clientName?: string
  /**
   * 3 is tried first and 2 is the fallback; 2 or 3 alone insists (default: as said). With 2 neither HELLO nor CLIENT is sent,
   * but for a `clientName` and for the id of a leased connection: there are proxies that hang up at them.
   */
  readonly protocol?: 2 | 3
  /** Whether CLIENT LIST shows the name and version of this library, on servers that know it (default true). */
  readonly setInfo?: boolean
  /** True, or options of node:tls. The server is verified unless these say otherwise. */
  readonly tls?: boolean | ConnectionOptions
  /** Bound of one connection attempt whole, ms: DNS, TCP, TLS, handshake (default 10000). */
  readonly connectTimeout?: number
  /** Deadline of a call from the call to its reply, ms; 0 or Infinity is none (default 5000). */
  readonly commandTimeout?: number
  /** The pauses between attempts; false: no attempt but those that calls ask for. */
  readonly reconnect?: ReconnectOptions | false
  /** Bounds of what is not yet written; over one of them a call rejects, `'not sent'`. */
  readonly queue?: QueueOptions
  /** The same as `queue: { offline }`. */
  readonly offlineQueue?: boolean
  /** Connections that are lent, to sessions and blocking commands. */
  readonly pool?: PoolOptions
  /** Silence after which the peer is asked for a sign of life, ms; a second one drops the connection; 0 is off (default 15000). */
  readonly healthCheckInterval?: number
  /** How deep, long and big a reply may be; beyond it the connection is ended. No reply of a Redis server meets the defaults. */
  readonly limits?: Partial<ReaderLimits>
  /** TCP_NODELAY (default true). */
  readonly noDelay?: boolean
  /** TCP keep-alive: true, false or the delay of the first probe in ms (default 15000). */
  readonly keepAlive?: boolean | number
  /** Says READONLY behind the handshake, so that a replica of a cluster answers reads (default false). */
  readonly readonly?: boolean
}

/** Every option with its value: what links, pools and clients are made from. */
export interface Settings {
  readonly endpoint: Endpoint
  readonly tls: ConnectionOptions | undefined
  readonly credentials: CredentialsProvider | undefined
  readonly db: number
  readonly clientName: string | undefined
  readonly protocol: 2 | 3 | undefined
  readonly setInfo: boolean
  readonly connectTimeout: number
  readonly commandTimeout: number
  readonly reconnect: Required<ReconnectOptions>
  readonly queue: Required<QueueOptions>
  readonly pool: Required<PoolOptions>
  readonly healthCheckInterval: number
  readonly limits: ReaderLimits
  readonly noDelay: boolean
  readonly keepAlive: number
  /** A replica that is read from says READONLY after its handshake. */
  readonly readonly: boolean
  /** The connection is leased: a call that blocks it can be ended by its client id. */
  readonly leased: boolean
  /** What handshakes have shown of the server. */
  readonly acquaintance: HandshakeMemory
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

/** What is checked of the options of a client. */
export const CHECKS: Checks<RedisOptions> = {
  host: isFilledText,
  port: value => (isPositive(value) === undefined && (value as number) < 65_536 ? undefined : 'a port from 1 to 65535'),
  path: isFilledText,
  username: isText,
  password: isText,
  credentials: value =>
    typeof value === 'function' || isCredentials(value) ? undefined : '{ username?, password } or a function',
  db: isCount,
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

/** Refuses unknown options and bad values with a DataError. */
export function checkOptions(options: RedisOptions): void {
  if (!isObject(options)) throw new DataError('The options must be an object, such as { host, port }, or a URL.')
  const { credentials, host, password, path, pool, port, username } = ownOptions(options, CHECKS, { insteadOf })
  if (credentials !== undefined && (username ?? password) !== undefined) {
    throw new DataError('The options credentials and username or password exclude each other.')
  }
  if (path !== undefined && (host ?? port) !== undefined) {
    throw new DataError('The options path and host or port exclude each other.')
  }
  if (username !== undefined && password === undefined) {
    throw new DataError('The option username needs a password.')
  }
  const { min = 0, max = 10 } = ownProperties(pool)
  if (min > max) throw new DataError('The option pool.min must not be above pool.max.')
}

function own<K extends keyof RedisOptions>(options: RedisOptions, name: K): RedisOptions[K] | undefined {
  return Object.hasOwn(options, name) ? options[name] : undefined
}

/** `more` over `base`; what stands for the same thing in `base` gives way as a whole. */
export function mergeOptions(base: RedisOptions, more: RedisOptions | undefined): RedisOptions {
  if (more === undefined) return base
  if (!isObject(more)) throw new DataError('The options must be an object, such as { host, port }.')
  const merged: Record<string, unknown> = { ...base }
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
 * Refuses options that switch off what `base`, the options of a URL or of the client that is duplicated, asks for: a password
 * would go out in clear text.
 */
export function checkTls(
  base: RedisOptions,
  more: RedisOptions | undefined,
  why = 'the URL says rediss://: write redis://',
): void {
  if (!isObject(more) || !base.tls || own(more, 'tls') !== false) return
  throw new DataError(`The option tls is false, and ${why} for a link without TLS.`)
}

/** Fills in the defaults. */
export function settle(options: RedisOptions): Settings {
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
    acquaintance: new HandshakeMemory(),
  }
}

/** An IPv6 address has brackets where a port may follow it, as in the hostname of a URL; it is dialled without. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/** How an endpoint is named in errors and events: `host:port` or the path. */
export function nameOf(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`
}
