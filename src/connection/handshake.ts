/**
 * What is said before a connection may be used: HELLO with AUTH and SETNAME, or AUTH under RESP2; then, in one write,
 * CLIENT SETINFO, SELECT and READONLY. It is one unit: any failure but those tolerated destroys the connection.
 */
import { Command } from '../commands/command.js'
import { AUTH, CLIENT_ID, CLIENT_SETINFO, CLIENT_SETNAME, HELLO, READONLY, SELECT } from '../commands/handshaking.js'
import { pairsOf } from '../commands/replies.js'
import type { Reply } from '../commands/reply.js'
import {
  AuthenticationError,
  AuthenticationWrongNumberOfArgsError,
  AuthorizationError,
  ConnectionError,
  NoPermissionError,
  RedisError,
  ResponseError,
} from '../errors/errors.js'
import type { Credentials, Settings } from './options.js'
import { VERSION } from './version.js'

/** What the server said of itself. */
export interface Greeting {
  readonly protocol: 2 | 3
  /** The id of this connection (CLIENT ID). */
  readonly id: number | undefined
  /** `standalone`, `cluster` or `sentinel`, if it told. */
  readonly mode: string | undefined
  readonly version: string | undefined
}

/** A step tells what to send, and whether an error reply to it may be ignored. */
interface Step {
  readonly command: Command
  readonly tolerated: boolean
}

export type Ask = (command: Command) => Promise<unknown>

export async function shakeHands(ask: Ask, settings: Settings): Promise<Greeting> {
  const credentials = await credentialsOf(settings)
  const greeting = (await greet(ask, settings, credentials)) ?? (await login(ask, credentials))
  const answers = await Promise.allSettled(steps(settings, greeting).map(step => perform(ask, step)))
  const failed = answers.find(answer => answer.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return greeting
}

async function credentialsOf({ credentials }: Settings): Promise<Credentials | undefined> {
  if (typeof credentials !== 'function') return credentials
  let given: Credentials
  try {
    given = await credentials()
  } catch (cause) {
    throw new ConnectionError('The credentials function failed; it is asked again at the next attempt.', { cause })
  }
  if (typeof given?.password !== 'string') {
    throw new ConnectionError('The credentials function gave no { username?, password }.')
  }
  return given
}

/** HELLO 3; undefined if the server knows no HELLO or no RESP3 and RESP2 is allowed. */
async function greet(
  ask: Ask,
  settings: Settings,
  credentials: Credentials | undefined,
): Promise<Greeting | undefined> {
  if (settings.protocol === 2) return undefined
  const args: (string | number)[] = [3]
  if (credentials !== undefined) args.push('AUTH', credentials.username ?? 'default', credentials.password)
  if (settings.clientName !== undefined) args.push('SETNAME', settings.clientName)
  try {
    return readGreeting((await ask(new Command(HELLO, args, reply => reply))) as Reply)
  } catch (error) {
    if (error instanceof ResponseError && settings.protocol === undefined && knowsNoHello(error)) return undefined
    throw explained(error)
  }
}

function knowsNoHello(error: ResponseError): boolean {
  return error.code === 'NOPROTO' || /^ERR unknown command/i.test(error.message)
}

function readGreeting(reply: Reply): Greeting {
  const pairs = pairsOf(reply) ?? []
  const fields = new Map<unknown, unknown>()
  for (let i = 0; i + 1 < pairs.length; i += 2) fields.set(pairs[i], pairs[i + 1])
  const text = (name: string) => (typeof fields.get(name) === 'string' ? (fields.get(name) as string) : undefined)
  const id = fields.get('id')
  return { protocol: 3, id: typeof id === 'number' ? id : undefined, mode: text('mode'), version: text('version') }
}

/** AUTH under RESP2; a server before 6 knows a password alone. */
async function login(ask: Ask, credentials: Credentials | undefined): Promise<Greeting> {
  if (credentials !== undefined) {
    const { username, password } = credentials
    try {
      await ask(new Command(AUTH, username === undefined ? [password] : [username, password]))
    } catch (error) {
      const old = error instanceof AuthenticationWrongNumberOfArgsError && username === 'default'
      if (!old) throw explained(error)
      await ask(new Command(AUTH, [password])).catch(cause => {
        throw explained(cause)
      })
    }
  }
  // Also the question whether a server without our password lets us in.
  const id = await ask(new Command(CLIENT_ID, [])).catch(error => {
    if (!(error instanceof ResponseError)) throw explained(error)
  })
  return { protocol: 2, id: typeof id === 'number' ? id : undefined, mode: undefined, version: undefined }
}

function steps(settings: Settings, greeting: Greeting): Step[] {
  const { clientName, db, readonly } = settings
  const list: Step[] = [
    // Unknown before Redis 7.2: their replies are read and forgotten.
    { command: new Command(CLIENT_SETINFO, ['LIB-NAME', 'respire']), tolerated: true },
    { command: new Command(CLIENT_SETINFO, ['LIB-VER', VERSION]), tolerated: true },
  ]
  if (greeting.protocol === 2 && clientName !== undefined) {
    list.push({ command: new Command(CLIENT_SETNAME, [clientName]), tolerated: false })
  }
  if (db !== 0) list.push({ command: new Command(SELECT, [db]), tolerated: false })
  if (readonly) list.push({ command: new Command(READONLY, []), tolerated: false })
  return list
}

async function perform(ask: Ask, step: Step): Promise<void> {
  try {
    await ask(step.command)
  } catch (error) {
    if (step.tolerated && error instanceof ResponseError) return
    throw explained(error)
  }
}

/** Says what the refusal of a step means for who wanted to connect. */
function explained(error: unknown): unknown {
  if (!(error instanceof RedisError)) return error
  if (error instanceof NoPermissionError) {
    return new AuthorizationError(
      `This user may not open the connection: the server refused ${error.command ?? 'a step of the handshake'} (${error.message}).`,
      { code: error.code, command: error.command, cause: error },
    )
  }
  if (error instanceof AuthenticationError && error.code === 'WRONGPASS') {
    return new AuthenticationError(
      `The server refused the user name or the password (${error.message}): check username and password; in a URL they are percent-encoded.`,
      { code: error.code, command: error.command, cause: error },
    )
  }
  if (error instanceof ResponseError && error.command === 'SELECT') {
    return new ResponseError(`The server refused the database of the option db (${error.message}).`, {
      code: error.code,
      command: error.command,
      cause: error,
    })
  }
  if (error instanceof AuthenticationWrongNumberOfArgsError) {
    return new AuthenticationError(
      'The server takes a password without a user name (it is older than Redis 6): give the password alone.',
      {
        cause: error,
      },
    )
  }
  if (error instanceof AuthenticationError && error.code === 'NOAUTH') {
    return new AuthenticationError(
      'The server wants a password and none was given: set password, or put it in the URL.',
      {
        code: error.code,
        cause: error,
      },
    )
  }
  return error
}

/** Whether trying again cannot help until somebody changes something: nothing dials until a call comes. */
export function isPermanent(error: RedisError): boolean {
  return error instanceof AuthenticationError || error instanceof AuthorizationError || error instanceof ResponseError
}
