/** What options of other clients are called here, or why there is no such option: for who moves over. */

const CONNECTING = 'it connects at the first call, or with connect()'
const RECONNECT = 'say reconnect: { min, max, attempts }'
const OFFLINE = 'say queue: { offline }'
const MULTIPLE = 'calls of one turn share a write already'

const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  // ioredis
  ['connectionName', 'say clientName'],
  ['keyPrefix', "take a view, redis.prefixed('app:')"],
  ['lazyConnect', CONNECTING],
  ['retryStrategy', RECONNECT],
  ['reconnectOnError', 'a refusal of READONLY replaces the connection already'],
  ['maxRetriesPerRequest', 'commandTimeout is the deadline of a call; a write is never sent twice'],
  ['autoResendUnfulfilledCommands', 'reads are sent again, and what with({ idempotent: true }) says'],
  ['autoResubscribe', 'subscriptions come back by themselves'],
  ['enableAutoPipelining', MULTIPLE],
  ['enableOfflineQueue', OFFLINE],
  ['enableReadyCheck', 'a server that is still loading is waited for'],
  ['family', 'names try both families'],
  ['stringNumbers', 'take the view redis.bigints'],
  ['showFriendlyErrorStack', 'errors carry command, node and code'],
  ['socketTimeout', 'say healthCheckInterval'],
  ['blockingTimeout', 'a blocking command has its own time and commandTimeout on top'],
  ['sentinels', 'Sentinel is not supported'],
  ['redisOptions', 'give its options beside the others, they are those of every node'],
  ['natMap', 'say addressMap'],
  ['scaleReads', "say readFrom: 'primary', 'replica' or 'nearest'"],
  ['slotsRefreshInterval', 'say refreshInterval'],
  // node-redis
  ['url', 'give it as the first argument: new Redis(url, options)'],
  ['socket', 'give host, port, path, tls, connectTimeout and reconnect themselves'],
  ['database', 'say db'],
  ['name', 'say clientName'],
  ['RESP', 'say protocol'],
  ['commandsQueueMaxLength', 'say queue: { maxCommands }'],
  ['disableOfflineQueue', OFFLINE],
  ['pingInterval', 'say healthCheckInterval'],
  ['credentialsProvider', 'say credentials'],
  ['rootNodes', 'give the seeds as the first argument'],
  ['defaults', 'give its options beside the others, they are those of every node'],
  ['nodeAddressMap', 'say addressMap'],
  ['useReplicas', "say readFrom: 'replica'"],
  // Bun
  ['autoReconnect', 'say reconnect'],
  ['connectionTimeout', 'say connectTimeout'],
  ['maxRetries', RECONNECT],
  // Slips
  ['user', 'say username'],
  ['pass', 'say password'],
  ['hostname', 'say host'],
  ['timeout', 'say commandTimeout or connectTimeout'],
])

/** What to do instead of an option that is not known; undefined if nobody else knows it either. */
export function insteadOf(name: string): string | undefined {
  return OTHER_NAMES.get(name)
}
