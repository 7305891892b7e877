/** Executes a request: the checks in the server's order, the queue of MULTI, and the steps after a command. */
import { type CommandSpec, keysOf, wrongArity } from './command.js'
import { commandOf } from './commands.js'
import type { ModelConnection, Queued } from './connection.js'
import { Failure, QUEUED, type Reply } from './reply.js'
import { dropTransaction, runCommand } from './run-command.js'
import { lower } from './text.js'

/** Commands that run inside MULTI instead of being queued. */
const NOT_QUEUED: ReadonlySet<string> = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset'])
const WHILE_SUBSCRIBED: ReadonlySet<string> = new Set([
  'subscribe',
  'unsubscribe',
  'psubscribe',
  'punsubscribe',
  'ssubscribe',
  'sunsubscribe',
  'ping',
  'quit',
  'reset',
])

export function execute(connection: ModelConnection, args: readonly string[]): void {
  const { server } = connection
  server.atOneInstant(() => {
    const found = commandOf(args, server)
    const refusal = found instanceof Failure ? found : refusalOf(connection, found, args)
    if (refusal === POSTPONED) {
      connection.postponed = args
      return
    }
    if (refusal !== undefined) {
      refuse(connection, found instanceof Failure ? undefined : found, args, refusal)
    } else if (!(found instanceof Failure)) {
      connection.lastCommand = found.name
      if (connection.queue !== undefined && !NOT_QUEUED.has(found.name)) {
        // The server does not keep the commands of a transaction that fails anyway.
        if (!connection.refused && !connection.dirty) connection.queue.push({ spec: found, args })
        server.tell(connection, args, null, 'queued')
        answer(connection, found.name, QUEUED, true)
      } else {
        server.tracking.current = connection
        answer(connection, found.name, runCommand(connection, found, args, 'ran'), false)
        server.tracking.endCommand(connection)
        server.endStep(args.reduce((sum, arg) => sum + arg.length, 14))
        server.tracking.endCommand(connection)
        server.tracking.current = undefined
      }
    }
    afterCommand(connection, found instanceof Failure ? undefined : found.name)
  })
}

function answer(connection: ModelConnection, name: string, reply: Reply, isQueued: boolean): void {
  const times = connection.server.proxy?.times?.(connection, name, isQueued) ?? 1
  for (let i = 0; i < times; i++) connection.reply(reply)
}

const POSTPONED: unique symbol = Symbol('postponed')

/** Returns the reply that rejects a command, if it may not run now. The checks have the order of the server. */
function refusalOf(
  connection: ModelConnection,
  spec: CommandSpec,
  args: readonly string[],
): Failure | typeof POSTPONED | undefined {
  const { server } = connection
  const { flags, name } = spec
  if (name === 'hello' && server.proxy?.hello !== undefined) return new Failure(server.proxy.hello)
  if (args.length < Math.abs(spec.arity) || (spec.arity > 0 && args.length !== spec.arity)) return wrongArity(name)
  if (connection.user === undefined && !flags.has('noauth')) return new Failure('NOAUTH Authentication required.')
  if (connection.queue !== undefined && flags.has('nomulti')) {
    const which = server.dialect.has({ valkey: [9, 0] }) ? `Command '${name}'` : 'Command'
    return new Failure(`ERR ${which} not allowed inside a transaction`)
  }
  const forbidden = connection.user && server.users.refusal(connection.user, spec, args)
  if (forbidden !== undefined) return forbidden
  const queue = name === 'exec' ? (connection.queue ?? []) : []
  const any = (flag: 'write' | 'denyoom') => flags.has(flag) || queue.some(each => each.spec.flags.has(flag))
  const redirected = server.redirect?.(connection, {
    keys: [...keysOf(spec, args), ...queue.flatMap(each => keysOf(each.spec, each.args))],
    writes: any('write'),
    isPubSub: isShardPubSub(connection, spec, queue),
    isQueued: connection.queue !== undefined && name !== 'exec',
  })
  if (redirected !== undefined) {
    if (name === 'exec') dropTransaction(connection)
    else if (connection.queue !== undefined) spoil(connection, connection.queue)
    return redirected
  }
  if (server.outOfMemory && any('denyoom')) {
    return new Failure("OOM command not allowed when used memory > 'maxmemory'.")
  }
  if (server.diskError && server.primary === undefined && any('write')) {
    return new Failure(
      'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.',
    )
  }
  if (server.primary !== undefined && any('write')) {
    return new Failure("READONLY You can't write against a read only replica.")
  }
  if (
    connection.protocol === 2 &&
    connection.subscriptions + connection.shards.size > 0 &&
    !WHILE_SUBSCRIBED.has(name)
  ) {
    return new Failure(
      `ERR Can't execute '${lower(args[0]!)}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
    )
  }
  if (server.primary?.up === false && server.config.get('replica-serve-stale-data') === 'no' && !flags.has('stale')) {
    return new Failure("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")
  }
  if (server.loading && !flags.has('loading')) return new Failure('LOADING Redis is loading the dataset in memory')
  if (server.busy && !flags.has('busy')) {
    return new Failure('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.')
  }
  if (server.holdsUp(any('write') || flags.has('publishes'))) return POSTPONED
  return undefined
}

/** Makes the open transaction fail at EXEC. */
function spoil(connection: ModelConnection, queue: Queued[]): void {
  connection.refused = true
  if (connection.server.dialect.has({ valkey: [8, 0] })) queue.length = 0
}

/** A replica serves shard channels. Servers since 7.2 also count the commands of a transaction, and Redis no longer counts SUNSUBSCRIBE. */
function isShardPubSub({ server: { dialect } }: ModelConnection, spec: CommandSpec, queue: readonly Queued[]): boolean {
  const counts = ({ flags, name }: CommandSpec) =>
    flags.has('pubsub') && !(name === 'sunsubscribe' && dialect.has({ redis: [7, 2] }))
  return counts(spec) || (dialect.is72 && queue.some(each => counts(each.spec)))
}

function refuse(
  connection: ModelConnection,
  spec: CommandSpec | undefined,
  args: readonly string[],
  failure: Failure,
): void {
  let reply = failure
  if (connection.queue !== undefined) spoil(connection, connection.queue)
  if (spec?.name === 'exec' && connection.queue !== undefined) {
    dropTransaction(connection)
    reply = new Failure(`EXECABORT Transaction discarded because of: ${failure.text}`)
  }
  connection.server.tell(connection, args, reply, 'refused')
  connection.reply(reply)
}

/** Clears the state that holds for one command only. */
function afterCommand(connection: ModelConnection, name: string | undefined): void {
  if (name !== 'asking' && connection.queue === undefined) connection.asking = false
  if (name?.startsWith('client|') !== true && connection.queue === undefined) connection.caching = false
  connection.skips = connection.skipsNext
  connection.skipsNext = false
}
