/** The names that options of other clients have here, or the reason why there is no such option. */

const CONNECTING = 'the client connects at the first call, or with connect()'
const RECONNECT = 'use reconnect: { min, max, attempts }'
const OFFLINE = 'use queue: { offline }'
const MULTIPLE = 'calls of one turn of the event loop are written together already'

const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  // ioredis
  ['connectionName', 'use clientName'],
  ['keyPrefix', "use prefix: 'app:'"],
  ['lazyConnect', CONNECTING],
  ['retryStrategy', RECONNECT],
  ['reconnectOnError', 'the client reconnects by itself after a READONLY error'],
  ['maxRetriesPerRequest', 'use commandTimeout, the deadline of a call; a write is never sent twice'],
  ['autoResendUnfulfilledCommands', 'reads are resent, and other commands after with({ idempotent: true })'],
  ['autoResubscribe', 'the client subscribes again by itself after a reconnect'],
  ['enableAutoPipelining', MULTIPLE],
  ['enableOfflineQueue', OFFLINE],
  ['enableReadyCheck', 'the client waits for a server that is loading its data'],
  ['family', 'the client tries IPv4 and IPv6 addresses'],
  ['stringNumbers', 'use the view redis.bigints'],
  ['showFriendlyErrorStack', 'errors have the fields command, node and code'],
  ['socketTimeout', 'use healthCheckInterval'],
  ['blockingTimeout', 'a blocking command may take its own timeout plus commandTimeout'],
  ['sentinels', 'Sentinel is not supported'],
  ['redisOptions', 'set these options directly; they apply to every node'],
  ['natMap', 'use addressMap'],
  ['scaleReads', "use readFrom: 'primary', 'replica' or 'nearest'"],
  ['slotsRefreshInterval', 'use refreshInterval'],
  // node-redis
  ['url', 'pass it as the first argument: new Redis(url, options)'],
  ['socket', 'set host, port, path, tls, connectTimeout and reconnect directly'],
  ['database', 'use db'],
  ['name', 'use clientName'],
  ['RESP', 'use protocol'],
  ['commandsQueueMaxLength', 'use queue: { maxCommands }'],
  ['disableOfflineQueue', OFFLINE],
  ['pingInterval', 'use healthCheckInterval'],
  ['credentialsProvider', 'use credentials'],
  ['rootNodes', 'pass the seeds as the first argument'],
  ['defaults', 'set these options directly; they apply to every node'],
  ['nodeAddressMap', 'use addressMap'],
  ['useReplicas', "use readFrom: 'replica'"],
  // Bun
  ['autoReconnect', 'use reconnect'],
  ['connectionTimeout', 'use connectTimeout'],
  ['maxRetries', RECONNECT],
  // Common mistakes
  ['user', 'use username'],
  ['pass', 'use password'],
  ['hostname', 'use host'],
  ['timeout', 'use commandTimeout or connectTimeout'],
])

/** The hint for an unknown option; undefined if no other client has it. */
export function insteadOf(name: string): string | undefined {
  return OTHER_NAMES.get(name)
}
