/** Commands that concern the connection itself, such as HELLO, AUTH and CLIENT. */
import { type Call, type CommandSpec, command, IN_72, integer, since } from '../command.js'
import { Failure, MapReply, NOTHING, OK, type Reply, Status, SYNTAX, Verbatim } from '../reply.js'
import { int64, lower } from '../text.js'
import { describeClient, killClients } from './clients.js'

const ANYWHERE = 'loading stale'
const FIRST_OF_ALL = 'noauth noscript loading stale busy'

export const CONNECTIONS: readonly CommandSpec[] = [
  command('ping', -1, '', undefined, ping),
  command('echo', 2, '', undefined, call => call.text(1)),
  command('hello', -1, FIRST_OF_ALL, undefined, hello),
  command('auth', -2, FIRST_OF_ALL, undefined, auth),
  command('quit', -1, FIRST_OF_ALL, undefined, ({ connection }) => {
    connection.reply(OK)
    connection.end()
    return NOTHING
  }),
  command('reset', 1, FIRST_OF_ALL, undefined, ({ connection }) => {
    connection.reset()
    return new Status('RESET')
  }),
  command('select', 2, ANYWHERE, undefined, call => {
    const index = integer(call.text(1))
    if (call.server.cluster !== undefined && index !== 0 && !call.server.dialect.has({ valkey: [9, 0] })) {
      return new Failure('ERR SELECT is not allowed in cluster mode')
    }
    if (call.server.databases[index] === undefined) return new Failure('ERR DB index is out of range')
    call.connection.db = index
    return OK
  }),
  command('client|id', 2, ANYWHERE, undefined, ({ connection }) => connection.id),
  command('client|getname', 2, ANYWHERE, undefined, ({ connection }) => connection.name || null),
  command('client|setname', 3, ANYWHERE, undefined, call => {
    checkName(call.text(2))
    call.connection.name = call.text(2)
    return OK
  }),
  command('client|info', 2, ANYWHERE, undefined, ({ connection }) => new Verbatim(`${describeClient(connection)}\n`)),
  command('client|list', -2, `${ANYWHERE} admin`, undefined, ({ server }) => {
    const lines = [...server.connections.values()].map(each => `${describeClient(each)}\n`)
    return new Verbatim(lines.join(''))
  }),
  command('client|kill', -3, `${ANYWHERE} admin`, undefined, killClients),
  command('client|unblock', -3, `${ANYWHERE} admin`, undefined, unblock),
  command('client|no-evict', 3, `${ANYWHERE} admin`, undefined, call => {
    call.connection.noEvict = onOrOff(call)
    return OK
  }),
  ...since(
    IN_72,
    command('client|setinfo', 4, ANYWHERE, undefined, setInfo),
    command('client|no-touch', 3, ANYWHERE, undefined, call => {
      call.connection.noTouch = onOrOff(call)
      return OK
    }),
  ),
  command('client|reply', 3, ANYWHERE, undefined, reply),
  ...since({ valkey: [9, 0] }, command('client|reply', 3, `${ANYWHERE} nomulti`, undefined, reply)),
  command('client|pause', -3, `${ANYWHERE} admin`, undefined, pause),
  command('client|unpause', 2, `${ANYWHERE} admin`, undefined, ({ server }) => {
    server.unpause()
    return OK
  }),
]

function ping({ connection, args }: Call): Reply {
  if (args.length > 2) return new Failure("ERR wrong number of arguments for 'ping' command")
  if (connection.protocol === 2 && connection.subscriptions + connection.shards.size > 0) {
    return ['pong', args[1] ?? '']
  }
  return args[1] ?? new Status('PONG')
}

function checkName(name: string): void {
  if (/[^!-~]/.test(name)) throw new Failure('ERR Client names cannot contain spaces, newlines or special characters.')
}

function hello(call: Call): Reply {
  const { connection, server, args } = call
  let protocol = connection.protocol
  let name: string | undefined
  if (args.length > 1) {
    const version = int64(args[1]!)
    if (version === undefined) return new Failure('ERR Protocol version is not an integer or out of range')
    if (version !== 2n && version !== 3n) return new Failure('NOPROTO unsupported protocol version')
    protocol = version === 2n ? 2 : 3
  }
  let login: [string, string] | undefined
  for (let i = 2; i < args.length; i++) {
    const word = lower(args[i]!)
    const rest = args.length - 1 - i
    if (word === 'auth' && rest >= 2) {
      login = [args[i + 1]!, args[i + 2]!]
      i += 2
    } else if (word === 'setname' && rest >= 1) {
      name = args[++i]!
      checkName(name)
    } else return new Failure(`ERR Syntax error in HELLO option '${args[i]}'`)
  }
  const failed = login && logIn(call, ...login)
  if (failed !== undefined) return failed
  if (connection.user === undefined) {
    return new Failure(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    )
  }
  if (name !== undefined) connection.name = name
  connection.protocol = protocol
  return new MapReply([
    ['server', server.dialect.flavour],
    ['version', server.dialect.versionText],
    ['proto', protocol],
    ['id', connection.id],
    ['mode', server.cluster === undefined ? 'standalone' : 'cluster'],
    ['role', server.isReplica ? 'replica' : 'master'],
    ['modules', []],
  ])
}

function auth(call: Call): Reply {
  const { args, server } = call
  if (args.length > 3) return SYNTAX
  if (args.length === 2 && server.users.default.noPassword) {
    return new Failure(
      'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    )
  }
  const [name, password] = args.length === 2 ? ['default', args[1]!] : [args[1]!, args[2]!]
  return logIn(call, name, password) ?? OK
}

/** Returns the reply of a login that fails. */
function logIn({ server, connection }: Call, name: string, password: string): Reply | undefined {
  const user = server.users.authenticate(name, password)
  if (user === undefined) {
    const { dialect } = server
    // A fault of these servers: the error is not sent if an earlier reply is still in the connection's output.
    const isSilent = dialect.is72 && !dialect.has({ valkey: [9, 0] }) && connection.outputBytes > 0
    return isSilent ? NOTHING : new Failure('WRONGPASS invalid username-password pair or user is disabled.')
  }
  connection.user = user
  return undefined
}

function setInfo(call: Call): Reply {
  const { connection } = call
  const [, , option, value] = call.args as [string, string, string, string]
  const word = lower(option)
  if (word !== 'lib-name' && word !== 'lib-ver') return new Failure(`ERR Unrecognized option '${option}'`)
  if (/[^!-~]/.test(value)) {
    return new Failure(`ERR ${word} cannot contain spaces, newlines or special characters.`)
  }
  if (word === 'lib-name') connection.libName = value
  else connection.libVersion = value
  return OK
}

function unblock(call: Call): Reply {
  const { server, args } = call
  if (args.length > 4) return SYNTAX
  const how = lower(args[3] ?? 'timeout')
  if (how !== 'timeout' && how !== 'error') return new Failure('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR')
  const other = server.connections.get(integer(args[2]!))
  if (other === undefined) return 0
  const failure = new Failure('UNBLOCKED client unblocked via CLIENT UNBLOCK')
  return server.blocking.unblock(other, how === 'error' ? failure : undefined) ? 1 : 0
}

function onOrOff(call: Call): boolean {
  const word = lower(call.text(2))
  if (word !== 'on' && word !== 'off') throw SYNTAX
  return word === 'on'
}

function reply({ connection, args }: Call): Reply {
  switch (lower(args[2]!)) {
    case 'on':
      connection.replies = 'on'
      connection.skips = false
      connection.skipsNext = false
      return OK
    case 'off':
      connection.replies = 'off'
      return NOTHING
    case 'skip':
      if (connection.replies === 'on') connection.skipsNext = true
      return NOTHING
    default:
      return SYNTAX
  }
}

function pause({ server, args }: Call): Reply {
  const mode = lower(args[3] ?? 'all')
  if (args.length > 4 || (mode !== 'all' && mode !== 'write')) {
    return new Failure('ERR CLIENT PAUSE mode must be WRITE or ALL')
  }
  const milliseconds = integer(args[2]!, new Failure('ERR timeout is not an integer or out of range'))
  if (milliseconds < 0) return new Failure('ERR timeout is negative')
  server.pause(milliseconds, mode === 'all')
  return OK
}
