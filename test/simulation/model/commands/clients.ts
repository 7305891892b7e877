/** CLIENT LIST, INFO and KILL. */
import type { Call } from '../command.js'
import type { ModelConnection } from '../connection.js'
import { Failure, NOTHING, OK, type Reply, SYNTAX } from '../reply.js'
import { int64, lower } from '../text.js'

/** A line of CLIENT LIST. */
export function describeClient(connection: ModelConnection): string {
  const { server } = connection
  const { host, port } = server.options.address ?? { host: '127.0.0.1', port: 6379 }
  const age = Math.floor((server.time() - connection.since) / 1000)
  const isBlocked = server.blocking.waitOf(connection) !== undefined
  const mode = server.tracking.modeOf(connection)
  const flags = [
    connection.subscriptions + connection.shards.size > 0 && 'P',
    connection.queue !== undefined && 'x',
    isBlocked && 'b',
    connection.dirty && 'd',
    connection.readsReplica && 'r',
    connection.noEvict && 'e',
    mode !== undefined && 't',
    mode?.isBroken === true && 'R',
    mode?.broadcasts === true && 'B',
  ].filter(Boolean)
  const library = server.dialect.is72 ? ` lib-name=${connection.libName} lib-ver=${connection.libVersion}` : ''
  return [
    `id=${connection.id} addr=${connection.address} laddr=${host}:${port} fd=${connection.id + 5} name=${connection.name}`,
    `age=${age} idle=0 flags=${flags.join('') || 'N'} db=${connection.db} sub=${connection.channels.size}`,
    `psub=${connection.patterns.size} ssub=${connection.shards.size} multi=${connection.queue?.length ?? -1} qbuf=26`,
    `qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=1024 rbp=0 obl=0 oll=0 omem=${connection.outputBytes} tot-mem=22298`,
    `events=r cmd=${connection.lastCommand} user=${connection.user?.name ?? '(superuser)'} redir=${mode?.redirect ?? -1}`,
    `resp=${connection.protocol}${library}`,
  ].join(' ')
}

/** CLIENT KILL, in its old and in its new form. */
export function killClients(call: Call): Reply {
  const { server, connection, args } = call
  if (args.length === 3) {
    const found = [...server.connections.values()].find(each => each.address === args[2])
    if (found === undefined) return new Failure('ERR No such client')
    if (found === connection) return killSelf(call, OK)
    server.kill(each => each === found)
    return OK
  }
  let skipsSelf = true
  const filters: ((each: ModelConnection) => boolean)[] = []
  for (let i = 2; i < args.length; i += 2) {
    const value = args[i + 1]
    if (value === undefined) return SYNTAX
    switch (lower(args[i]!)) {
      case 'id': {
        const id = int64(value)
        if (id === undefined || id < 1n) return new Failure('ERR client-id should be greater than 0')
        filters.push(each => BigInt(each.id) === id)
        break
      }
      case 'addr':
        filters.push(each => each.address === value)
        break
      case 'laddr':
        break
      case 'type': {
        const type = lower(value)
        if (!['normal', 'master', 'replica', 'slave', 'pubsub'].includes(type)) {
          return new Failure(`ERR Unknown client type '${value}'`)
        }
        filters.push(each => type === (each.subscriptions + each.shards.size > 0 ? 'pubsub' : 'normal'))
        break
      }
      case 'user': {
        const user = server.users.all.get(value)
        if (user === undefined) return new Failure(`ERR No such user '${value}'`)
        filters.push(each => each.user === user)
        break
      }
      case 'skipme': {
        const word = lower(value)
        if (word !== 'yes' && word !== 'no') return SYNTAX
        skipsSelf = word === 'yes'
        break
      }
      default:
        return SYNTAX
    }
  }
  const fits = (each: ModelConnection) => filters.every(filter => filter(each))
  const killed = server.kill(each => each !== connection && fits(each))
  return !skipsSelf && fits(connection) ? killSelf(call, killed + 1) : killed
}

/** Closes the caller's own connection, after its reply. */
function killSelf({ connection }: Call, reply: Reply): Reply {
  connection.reply(reply)
  connection.end()
  return NOTHING
}
