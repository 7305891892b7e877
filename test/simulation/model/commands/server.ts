/** Commands that concern the server itself, such as INFO, ROLE, CONFIG, TIME and WAIT. */
import { type Call, type CommandSpec, command, integer } from '../command.js'
import { eventFlags } from '../pubsub.js'
import { Failure, MapReply, NOTHING, OK, type Reply, Verbatim } from '../reply.js'
import { lower, matches } from '../text.js'

const ANYWHERE = 'loading stale'

export const SERVER: readonly CommandSpec[] = [
  command('time', 1, ANYWHERE, undefined, call => {
    const micros = Math.floor(call.server.options.now() * 1000)
    return [String(Math.floor(micros / 1_000_000)), String(micros % 1_000_000)]
  }),
  command('info', -1, `${ANYWHERE} admin`, undefined, ({ server, args }) => {
    return new Verbatim(info(server, args.slice(1).map(lower)))
  }),
  command('role', 1, `${ANYWHERE} noscript admin`, undefined, role),
  command('lastsave', 1, `${ANYWHERE} admin`, undefined, ({ now }) => Math.floor(now / 1000)),
  command('config|get', -3, `${ANYWHERE} noscript admin`, undefined, ({ server, args }) => {
    const all = new Map([...DEFAULTS, ...server.config, ...live(server)])
    const wanted = args.slice(2).map(lower)
    return new MapReply([...all].filter(([name]) => wanted.some(pattern => matches(pattern, name))))
  }),
  command('config|set', -4, `${ANYWHERE} noscript admin`, undefined, configure),
  command('config|resetstat', 2, `${ANYWHERE} noscript admin`, undefined, () => OK),
  command('wait', 3, 'noscript', undefined, wait),
  command('readonly', 1, ANYWHERE, undefined, call => readsReplica(call, true)),
  command('readwrite', 1, ANYWHERE, undefined, call => readsReplica(call, false)),
  command('asking', 1, '', undefined, ({ server, connection }) => {
    if (server.cluster === undefined) return NO_CLUSTER
    connection.asking = true
    return OK
  }),
  command('replicaof', 3, `${ANYWHERE} noscript admin`, undefined, replicaOf),
  command('slaveof', 3, `${ANYWHERE} noscript admin`, undefined, replicaOf),
]

const NO_CLUSTER = new Failure('ERR This instance has cluster support disabled')

const DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['maxmemory', '0'],
  ['maxmemory-policy', 'noeviction'],
  ['timeout', '0'],
  ['appendonly', 'no'],
  ['save', ''],
  ['replica-serve-stale-data', 'yes'],
  ['lua-time-limit', '5000'],
  ['busy-reply-threshold', '5000'],
  ['proto-max-bulk-len', '536870912'],
  ['tracking-table-max-keys', '1000000'],
])

function live({ pubsub, maxClients, databases }: Call['server']): [string, string][] {
  return [
    ['notify-keyspace-events', pubsub.events],
    ['maxclients', String(maxClients)],
    ['databases', String(databases.length)],
  ]
}

function configure({ server, args }: Call): Reply {
  if (args.length % 2 !== 0) return new Failure("ERR wrong number of arguments for 'config|set' command")
  const pairs: [string, string][] = []
  for (let i = 2; i < args.length; i += 2) pairs.push([lower(args[i]!), args[i + 1]!])
  const known = new Set([
    ...DEFAULTS.keys(),
    ...server.config.keys(),
    ...live(server).map(([name]) => name),
    'requirepass',
  ])
  const unknown = args.find((arg, i) => i >= 2 && i % 2 === 0 && !known.has(lower(arg)))
  if (unknown !== undefined) {
    return new Failure(`ERR Unknown option or number of arguments for CONFIG SET - '${unknown}'`)
  }
  for (const [name, value] of pairs) {
    if (name === 'notify-keyspace-events') {
      const flags = eventFlags(value)
      if (flags === undefined) {
        return new Failure(
          `ERR CONFIG SET failed (possibly related to argument '${name}') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.`,
        )
      }
      server.pubsub.events = flags
    } else if (name === 'maxclients') server.maxClients = integer(value)
    else if (name === 'requirepass') server.users.set('default', value === '' ? ['nopass'] : ['resetpass', `>${value}`])
    else server.config.set(name, value)
  }
  return OK
}

function readsReplica({ server, connection }: Call, reads: boolean): Reply {
  if (server.cluster === undefined && !server.dialect.has({ valkey: [8, 0] })) return NO_CLUSTER
  connection.readsReplica = reads
  return OK
}

function role({ server }: Call): Reply {
  const { primary, log } = server
  if (primary !== undefined) {
    return ['slave', primary.host, primary.port, primary.up ? 'connected' : 'connect', primary.up ? log.offset : -1]
  }
  const replicas = server.replicas().map(({ host, port, offset }) => [host, String(port), String(offset)])
  return ['master', log.offset, replicas]
}

/** Blocks until the given number of replicas have applied the writes of this connection. */
function wait(call: Call): Reply {
  const { server, connection } = call
  const failure = new Failure('ERR timeout is not an integer or out of range')
  if (server.isReplica)
    return new Failure(
      'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.',
    )
  const timeout = integer(call.text(2), failure)
  const wanted = integer(call.text(1))
  if (timeout < 0) return new Failure('ERR timeout is negative')
  const { offset } = server.log
  const have = server.acknowledged(offset)
  if (have >= wanted || call.atOnce) return have
  server.blocking.block(connection, {
    db: call.db,
    keys: [],
    type: undefined,
    deadline: timeout === 0 ? Infinity : call.now + timeout,
    serve: () => (server.acknowledged(offset) >= wanted ? server.acknowledged(offset) : undefined),
    timedOut: () => server.acknowledged(offset),
    args: call.args,
  })
  return NOTHING
}

function replicaOf({ server, args }: Call): Reply {
  const [, host, port] = args as [string, string, string]
  if (server.cluster !== undefined) return new Failure('ERR REPLICAOF not allowed in cluster mode.')
  if (lower(host) === 'no' && lower(port) === 'one') server.promote()
  else server.demote(host, integer(port), false)
  return OK
}

function info(server: Call['server'], sections: readonly string[]): string {
  const { log, primary } = server
  const replicas = server.replicas()
  const isValkey = server.dialect.flavour === 'valkey'
  const all: Readonly<Record<string, readonly string[]>> = {
    Server: [
      `redis_version:${isValkey ? '7.2.4' : server.dialect.versionText}`,
      `redis_mode:${server.cluster === undefined ? 'standalone' : 'cluster'}`,
      `run_id:${server.runId}`,
      `tcp_port:${server.options.address?.port ?? 6379}`,
      ...(isValkey ? ['server_name:valkey', `valkey_version:${server.dialect.versionText}`] : []),
    ],
    Clients: [
      `connected_clients:${server.connections.size}`,
      `maxclients:${server.maxClients}`,
      `blocked_clients:${server.blocking.count}`,
    ],
    Memory: ['used_memory:1000000', 'maxmemory:0'],
    Persistence: [`loading:${server.loading ? 1 : 0}`],
    Replication: [
      `role:${primary === undefined ? 'master' : 'slave'}`,
      ...(primary === undefined
        ? []
        : [
            `master_host:${primary.host}`,
            `master_port:${primary.port}`,
            `master_link_status:${primary.up ? 'up' : 'down'}`,
          ]),
      `connected_slaves:${replicas.length}`,
      ...replicas.map(
        (each, i) => `slave${i}:ip=${each.host},port=${each.port},state=online,offset=${each.offset},lag=0`,
      ),
      `master_repl_offset:${log.offset}`,
    ],
    Cluster: [`cluster_enabled:${server.cluster === undefined ? 0 : 1}`],
    Keyspace: server.databases
      .filter(db => db.size > 0)
      .map(db => `db${db.index}:keys=${db.size},expires=${db.expiring},avg_ttl=0`),
  }
  const isWanted = (name: string) =>
    sections.length === 0 || sections.some(each => ['all', 'everything', 'default', lower(name)].includes(each))
  return Object.entries(all)
    .filter(([name]) => isWanted(name))
    .map(([name, lines]) => [`# ${name}`, ...lines, ''].join('\r\n'))
    .join('\r\n')
}
