/** MULTI and WATCH. */
import { ALL, type Call, type CommandSpec, command, since } from '../command.js'
import type { Queued } from '../connection.js'
import { Failure, NOTHING, NULL_ARRAY, OK, type Reply } from '../reply.js'
import { encode } from '../resp.js'
import { dropTransaction, runCommand } from '../run-command.js'

const ANYWHERE = 'loading stale busy noscript'

export const TRANSACTIONS: readonly CommandSpec[] = [
  command('multi', 1, ANYWHERE, undefined, multi),
  ...since({ valkey: [8, 0] }, command('multi', 1, `${ANYWHERE} nomulti`, undefined, multi)),
  command('exec', 1, 'loading stale noscript', undefined, exec),
  command('discard', 1, ANYWHERE, undefined, ({ connection }) => {
    if (connection.queue === undefined) return new Failure('ERR DISCARD without MULTI')
    dropTransaction(connection)
    return OK
  }),
  command('watch', -2, ANYWHERE, ALL, watch),
  ...since({ valkey: [8, 0] }, command('watch', -2, `${ANYWHERE} nomulti`, ALL, watch)),
  command('unwatch', 1, ANYWHERE, undefined, ({ server, connection }) => {
    server.watches.unwatch(connection)
    connection.dirty = false
    return OK
  }),
]

function multi({ connection }: Call): Reply {
  if (connection.queue !== undefined) return new Failure('ERR MULTI calls can not be nested')
  connection.queue = []
  return OK
}

function watch({ server, connection, db, args }: Call): Reply {
  if (connection.queue !== undefined) return new Failure('ERR WATCH inside MULTI is not allowed')
  // A connection that is dirty already needs no more watches, because its EXEC fails anyway.
  if (!connection.dirty) for (const key of args.slice(1)) server.watches.watch(connection, db, key)
  return OK
}

function exec(call: Call): Reply {
  const { connection, server } = call
  const { queue } = connection
  if (queue === undefined) return new Failure('ERR EXEC without MULTI')
  const { refused } = connection
  const dirty = connection.dirty || server.watches.hasExpired(connection.watched)
  dropTransaction(connection)
  if (refused) return new Failure('EXECABORT Transaction discarded because of previous errors.')
  if (dirty) return NULL_ARRAY
  if (connection.subscriptions + connection.shards.size > 0 && !server.dialect.is72) return writeEach(call, queue)
  return queue.map(({ spec, args }) => runQueued(call, spec, args))
}

/** Writes each reply at once. Before 7.2, messages to the connection itself then arrive between the replies. */
function writeEach(call: Call, queue: readonly Queued[]): Reply {
  const { connection } = call
  connection.write(`*${queue.length}\r\n`)
  for (const { spec, args } of queue) connection.write(encode(runQueued(call, spec, args), connection.protocol))
  return NOTHING
}

function runQueued({ connection, server }: Call, spec: Queued['spec'], args: readonly string[]): Reply {
  const refusal = connection.user && server.users.refusal(connection.user, spec, args)
  if (refusal !== undefined) {
    server.tell(connection, args, refusal, 'refused')
    return refusal
  }
  return runCommand(connection, spec, args, 'exec')
}
