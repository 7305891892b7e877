/**
 * What is said before a connection may be used: HELLO with AUTH and SETNAME, or AUTH under RESP2; then, in one write,
 * CLIENT SETINFO, SELECT, READONLY, and `PING <nonce>`, which shows that each reply belonged to its step.
 *
 * It is one unit: a failure of what the connection cannot do without destroys it. What it can do without may be refused,
 * and is not said again to who refused it.
 */

import {
  AUTH,
  CLIENT_ID,
  CLIENT_SETINFO,
  CLIENT_SETNAME,
  HELLO,
  PING,
  READONLY,
  SELECT,
} from '../../commands/client-internal.js'
import type { Argument } from '../../commands/core/argument.js'
import { Command } from '../../commands/core/command.js'
import { pairsOf } from '../../commands/core/decoders.js'
import type { Reply } from '../../commands/core/reply.js'
import type { Spec } from '../../commands/core/spec.js'
import {
  AuthenticationError,
  AuthenticationWrongNumberOfArgsError,
  BusyLoadingError,
  ConnectionError,
  InvalidResponse,
  NoPermissionError,
  type RedisError,
  ResponseError,
} from '../../errors/errors.js'
import type { Credentials, Settings } from '../options/options.js'
import { explained, insisted, isForNow, isOfHello, isUnknownCommand, isWithoutPassword } from './handshake-errors.js'
import { nonce } from './nonce.js'

/** What the server said of itself. */
export interface Greeting {
  readonly protocol: 2 | 3
  /** The id of this connection, if HELLO or CLIENT ID told. */
  readonly id: number | undefined
  /** `standalone`, `cluster` or `sentinel`, if it told. */
  readonly mode: string | undefined
  /** `master` or `replica`, if it told. */
  readonly role: string | undefined
  /** `redis`, `valkey` …, if it told. */
  readonly server: string | undefined
  readonly version: string | undefined
}

/** Sends all of them in one write; each promise gets the reply as it came, or rejects. */
export type SendHandshake = (commands: readonly Command[]) => Promise<unknown>[]

interface Step {
  readonly command: Command
  /** Throws for a reply that this step cannot have. */
  readonly read: (reply: Reply) => void
  /** True if the connection is as good without it. */
  readonly tolerates?: (error: RedisError) => boolean
}

/** The handshake of one connection. */
export async function shakeHands(ask: SendHandshake, settings: Settings): Promise<Greeting> {
  const { handshakeMemory } = settings
  const bare = handshakeMemory.begins()
  const credentials = await credentialsOf(settings)
  const hasPassword = credentials !== undefined
  let greeting = await greet(ask, settings, credentials, bare)
  if (greeting === undefined) {
    if (credentials !== undefined) await login(ask, credentials)
    greeting = { protocol: 2, id: undefined, mode: undefined, role: undefined, server: undefined, version: undefined }
  }
  let { id } = greeting
  const steps = stepsOf(settings, greeting, bare)
  if (settings.leased && id === undefined && !bare && !handshakeMemory.refuses(CLIENT_ID.name)) {
    const read = (reply: Reply) => {
      if (typeof reply !== 'number') throw wrongForm('CLIENT ID', 'an integer')
      id = reply
    }
    steps.push({ command: step(CLIENT_ID, []), read, tolerates: refusalNoted(settings, CLIENT_ID) })
  }
  const mark = markOf(settings, bare)
  if (mark !== undefined) steps.push(mark)
  await performAll(ask, steps, hasPassword)
  handshakeMemory.succeeded(bare)
  return { ...greeting, id }
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

/** HELLO 3; undefined if RESP2 is to be spoken. */
async function greet(
  ask: SendHandshake,
  settings: Settings,
  credentials: Credentials | undefined,
  bare: boolean,
): Promise<Greeting | undefined> {
  const { clientName, protocol } = settings
  if (protocol === 2 || (bare && protocol === undefined)) return undefined
  const args: (string | number)[] = [3]
  if (credentials !== undefined) args.push('AUTH', credentials.username ?? 'default', credentials.password)
  if (clientName !== undefined && !bare) args.push('SETNAME', clientName)
  try {
    return readGreeting((await ask([step(HELLO, args)])[0]) as Reply)
  } catch (error) {
    if (credentials !== undefined && isWithoutPassword(error)) return greet(ask, settings, undefined, bare)
    if (!isOfHello(error, credentials !== undefined)) throw explained(error, credentials !== undefined)
    if (protocol === undefined) return undefined
    throw error instanceof NoPermissionError ? explained(error, credentials !== undefined) : insisted(error)
  }
}

/** A map; other servers send it flat. */
function readGreeting(reply: Reply): Greeting {
  const pairs = pairsOf(reply)
  if (pairs === undefined || pairs.length % 2 !== 0) throw wrongForm('HELLO', 'a map')
  const fields = new Map<unknown, unknown>()
  for (let i = 0; i < pairs.length; i += 2) fields.set(pairs[i], pairs[i + 1])
  const text = (name: string) => {
    const value = fields.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const id = fields.get('id')
  return {
    protocol: fields.get('proto') === 2 ? 2 : 3,
    id: typeof id === 'number' ? id : undefined,
    mode: text('mode'),
    role: text('role'),
    server: text('server'),
    version: text('version'),
  }
}

/** AUTH under RESP2; a server before 6 knows a password alone. */
async function login(ask: SendHandshake, { password, username }: Credentials): Promise<void> {
  const auth = (args: string[]) => performAll(ask, [{ command: step(AUTH, args), read: isOk('AUTH') }], true)
  try {
    await auth(username === undefined ? [password] : [username, password])
  } catch (error) {
    if (error instanceof AuthenticationWrongNumberOfArgsError && username === 'default') {
      await login(ask, { password })
    } else if (!isWithoutPassword(error)) throw error
  }
}

/** What follows the login, but for the mark. */
function stepsOf(settings: Settings, greeting: Greeting, bare: boolean): Step[] {
  const { handshakeMemory, clientName, db, readonly, setInfo } = settings
  const steps: Step[] = []
  const add = (spec: Spec, args: Argument[], tolerates?: Step['tolerates']) => {
    const read = isOk(spec.name)
    steps.push({ command: step(spec, args), read, ...(tolerates === undefined ? {} : { tolerates }) })
  }
  if (setInfo && !bare && knowsInfo(greeting) && !handshakeMemory.refuses(CLIENT_SETINFO.name)) {
    const noted = refusalNoted(settings, CLIENT_SETINFO)
    // Nothing is lost without it, also for a while.
    const tolerates = (error: RedisError) => noted(error) || isForNow(error)
    add(CLIENT_SETINFO, ['LIB-NAME', 'respire'], tolerates)
    add(CLIENT_SETINFO, ['LIB-VER', VERSION], tolerates)
  }
  const named =
    greeting.protocol === 3 || clientName === undefined || bare || handshakeMemory.refuses(CLIENT_SETNAME.name)
  if (!named) add(CLIENT_SETNAME, [clientName], refusalNoted(settings, CLIENT_SETNAME))
  if (db !== 0) add(SELECT, [db])
  if (readonly) add(READONLY, [], error => isNeedless(error, greeting))
  return steps
}

/** Servers that know no HELLO 3 know no CLIENT SETINFO, and those that call themselves Redis have it since 7.2. */
function knowsInfo({ protocol, server, version }: Greeting): boolean {
  if (protocol === 2) return false
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? []
  return server !== 'redis' || major === undefined || Number(major) * 100 + Number(minor) >= 702
}

/** A primary answers reads without READONLY, and so does a server of no cluster. */
function isNeedless(error: RedisError, { role }: Greeting): boolean {
  return role === 'master' || /cluster support disabled/i.test(error.message) || isUnknownCommand(error)
}

/** Tolerates a refusal that lasts, and has the command left out from then on. */
function refusalNoted({ handshakeMemory }: Settings, { name }: Spec): (error: RedisError) => boolean {
  return error => {
    if (isForNow(error) || error instanceof AuthenticationError) return false
    handshakeMemory.refused(name)
    return true
  }
}

/**
 * The end of the handshake. Replies come in order, so a step that was answered twice has the mark answered by another
 * one's reply. It is also the question whether a server without our password lets us in.
 */
function markOf({ handshakeMemory }: Settings, bare: boolean): Step | undefined {
  if (handshakeMemory.refuses(PING.name)) return undefined
  const text = nonce()
  const plain = bare || !handshakeMemory.echoes
  return {
    command: step(PING, plain ? [] : [text]),
    read: reply => {
      if (!plain && reply === text) return
      // No other step is answered so, hence this is proof as well: from servers that know no argument of PING.
      if (reply !== 'PONG') throw wrongForm('PING', 'its argument')
      handshakeMemory.echoes = false
    },
    tolerates: error => {
      if (OTHER_STEP.test(error.message)) throw wrongForm('PING', 'its argument')
      if (error instanceof NoPermissionError || isUnknownCommand(error)) handshakeMemory.refused(PING.name)
      return !(error instanceof AuthenticationError)
    },
  }
}

/** An error that names another step is the reply of that step. */
const OTHER_STEP = /\b(?:hello|auth|client|setinfo|setname|select|readonly)\b/i

async function performAll(ask: SendHandshake, steps: readonly Step[], hasPassword: boolean): Promise<void> {
  const replies = ask(steps.map(({ command }) => command))
  const outcomes = await Promise.allSettled(
    replies.map(async (reply, i) => {
      const step = steps[i] as Step
      try {
        step.read((await reply) as Reply)
      } catch (error) {
        // A loss, and a server that has no room, is none: the connection is over.
        const refused = error instanceof ResponseError || error instanceof AuthenticationError
        const tolerable = refused || error instanceof BusyLoadingError
        if (!tolerable || step.tolerates?.(error) !== true) throw explained(error, hasPassword)
      }
    }),
  )
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function isOk(name: string): (reply: Reply) => void {
  return reply => {
    if (reply !== 'OK') throw wrongForm(name, 'OK')
  }
}

function step(spec: Spec, args: readonly Argument[]): Command {
  return new Command(spec, [...args], reply => reply)
}

function wrongForm(name: string, expected: string): InvalidResponse {
  return new InvalidResponse(
    `The reply to ${name}, in the handshake, is not ${expected}: replies do not belong to their commands, or this is no Redis.`,
    { command: name, outcome: 'not sent' },
  )
}
export const VERSION: string = '0.1.0'
