/**
 * The commands that are sent before a connection is used: HELLO with AUTH and SETNAME, or AUTH under RESP2. Then, in one write,
 * CLIENT SETINFO, SELECT, READONLY, and `PING <nonce>`, which proves that each reply belonged to its command.
 *
 * The failure of a required command closes the connection. An optional command may be rejected, and is then not sent to that
 * server again.
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
import { unchanged } from '../../commands/core/decoder.js'
import { pairsOf } from '../../commands/core/decoders.js'
import type { Reply } from '../../commands/core/reply.js'
import type { Spec } from '../../commands/core/spec.js'
import {
  AuthenticationError,
  AuthenticationWrongNumberOfArgsError,
  BusyLoadingError,
  NoPermissionError,
  type RedisError,
  ResponseError,
} from '../../errors/errors.js'
import type { Credentials, Settings } from '../options/options.js'
import {
  credentialsFailed,
  explained,
  isForNow,
  isOfHello,
  isUnknownCommand,
  isWithoutPassword,
  noCredentials,
  withoutResp3,
  wrongForm,
} from './handshake-errors.js'
import { nonce } from './nonce.js'

/** The properties of the server and of the connection, as HELLO reports them. */
export interface Greeting {
  readonly protocol: 2 | 3
  /** The id of this connection, if HELLO or CLIENT ID returned it. */
  readonly id: number | undefined
  /** `standalone`, `cluster` or `sentinel`, if reported. */
  readonly mode: string | undefined
  /** `master` or `replica`, if reported. */
  readonly role: string | undefined
  /** `redis`, `valkey` …, if reported. */
  readonly server: string | undefined
  readonly version: string | undefined
}

/** Sends the commands in one write. Each promise resolves with the undecoded reply, or rejects. */
export type SendHandshake = (commands: readonly Command[]) => Promise<unknown>[]

interface Step {
  readonly command: Command
  /** Throws for a reply that this command cannot have. */
  readonly read: (reply: Reply) => void
  /** Whether the connection can be used although the command was rejected with `error`. */
  readonly tolerates?: (error: RedisError) => boolean
}

/** Performs the handshake of a connection. */
export async function shakeHands(send: SendHandshake, settings: Settings): Promise<Greeting> {
  const { handshakeMemory } = settings
  const minimal = handshakeMemory.beginAttempt()
  const credentials = await credentialsOf(settings)
  const hasPassword = credentials !== undefined
  let greeting = await greet(send, settings, credentials, minimal)
  if (greeting === undefined) {
    if (credentials !== undefined) await login(send, credentials)
    greeting = { protocol: 2, id: undefined, mode: undefined, role: undefined, server: undefined, version: undefined }
  }
  let { id } = greeting
  const steps = stepsOf(settings, greeting, minimal)
  if (settings.leased && id === undefined && !minimal && !handshakeMemory.rejects(CLIENT_ID.name)) {
    const read = (reply: Reply) => {
      if (typeof reply !== 'number') throw wrongForm('CLIENT ID', 'an integer')
      id = reply
    }
    steps.push({ command: step(CLIENT_ID, []), read, tolerates: toleratingRejection(settings, CLIENT_ID) })
  }
  const probe = probeStep(settings, minimal)
  if (probe !== undefined) steps.push(probe)
  await performAll(send, steps, hasPassword)
  handshakeMemory.noteSuccess(minimal)
  return { ...greeting, id }
}

async function credentialsOf({ credentials }: Settings): Promise<Credentials | undefined> {
  if (typeof credentials !== 'function') return credentials
  let given: Credentials
  try {
    given = await credentials()
  } catch (cause) {
    throw credentialsFailed(cause)
  }
  if (typeof given?.password !== 'string') throw noCredentials()
  return given
}

/** Sends HELLO 3; returns undefined if the connection must use RESP2. */
async function greet(
  send: SendHandshake,
  settings: Settings,
  credentials: Credentials | undefined,
  minimal: boolean,
): Promise<Greeting | undefined> {
  const { clientName, protocol } = settings
  if (protocol === 2 || (minimal && protocol === undefined)) return undefined
  const args: (string | number)[] = [3]
  if (credentials !== undefined) args.push('AUTH', credentials.username ?? 'default', credentials.password)
  if (clientName !== undefined && !minimal) args.push('SETNAME', clientName)
  try {
    return readGreeting((await send([step(HELLO, args)])[0]) as Reply)
  } catch (error) {
    if (credentials !== undefined && isWithoutPassword(error)) return greet(send, settings, undefined, minimal)
    if (!isOfHello(error, credentials !== undefined)) throw explained(error, credentials !== undefined)
    if (protocol === undefined) return undefined
    throw error instanceof NoPermissionError ? explained(error, credentials !== undefined) : withoutResp3(error)
  }
}

/** Reads the map of HELLO, which some servers send as a flat list. */
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

/** Sends AUTH under RESP2; a server older than Redis 6 accepts a password alone. */
async function login(send: SendHandshake, { password, username }: Credentials): Promise<void> {
  const auth = (args: string[]) => performAll(send, [{ command: step(AUTH, args), read: isOk('AUTH') }], true)
  try {
    await auth(username === undefined ? [password] : [username, password])
  } catch (error) {
    if (error instanceof AuthenticationWrongNumberOfArgsError && username === 'default') {
      await login(send, { password })
    } else if (!isWithoutPassword(error)) throw error
  }
}

/** The steps after the login, without the final PING. */
function stepsOf(settings: Settings, greeting: Greeting, minimal: boolean): Step[] {
  const { handshakeMemory, clientName, db, readonly, setInfo } = settings
  const steps: Step[] = []
  const add = (spec: Spec, args: Argument[], tolerates?: Step['tolerates']) => {
    const read = isOk(spec.name)
    steps.push({ command: step(spec, args), read, ...(tolerates === undefined ? {} : { tolerates }) })
  }
  if (setInfo && !minimal && knowsInfo(greeting) && !handshakeMemory.rejects(CLIENT_SETINFO.name)) {
    const noted = toleratingRejection(settings, CLIENT_SETINFO)
    // The connection works without it, also if the server rejects it only for now.
    const tolerates = (error: RedisError) => noted(error) || isForNow(error)
    add(CLIENT_SETINFO, ['LIB-NAME', 'respire'], tolerates)
    add(CLIENT_SETINFO, ['LIB-VER', VERSION], tolerates)
  }
  const named =
    greeting.protocol === 3 || clientName === undefined || minimal || handshakeMemory.rejects(CLIENT_SETNAME.name)
  if (!named) add(CLIENT_SETNAME, [clientName], toleratingRejection(settings, CLIENT_SETNAME))
  if (db !== 0) add(SELECT, [db])
  if (readonly) add(READONLY, [], error => isNeedless(error, greeting))
  return steps
}

/** Servers without HELLO 3 have no CLIENT SETINFO, and servers that report to be Redis have it since 7.2. */
function knowsInfo({ protocol, server, version }: Greeting): boolean {
  if (protocol === 2) return false
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? []
  return server !== 'redis' || major === undefined || Number(major) * 100 + Number(minor) >= 702
}

/** A primary answers reads without READONLY, and so does a server outside a cluster. */
function isNeedless(error: RedisError, { role }: Greeting): boolean {
  return role === 'master' || /cluster support disabled/i.test(error.message) || isUnknownCommand(error)
}

/** Tolerates a permanent rejection of the command, and remembers it, so that the command is not sent again. */
function toleratingRejection({ handshakeMemory }: Settings, { name }: Spec): (error: RedisError) => boolean {
  return error => {
    if (isForNow(error) || error instanceof AuthenticationError) return false
    handshakeMemory.noteRejected(name)
    return true
  }
}

/**
 * The last step, a PING. Replies come in order, so that the PING gets the reply to another step if the server answered a step
 * twice. It also shows whether the server requires a password that we do not have.
 */
function probeStep({ handshakeMemory }: Settings, minimal: boolean): Step | undefined {
  if (handshakeMemory.rejects(PING.name)) return undefined
  const text = nonce()
  const plain = minimal || !handshakeMemory.echoes
  return {
    command: step(PING, plain ? [] : [text]),
    read: reply => {
      if (!plain && reply === text) return
      // Some servers ignore the argument of PING. PONG is a proof as well, because it is the reply to no other step.
      if (reply !== 'PONG') throw wrongForm('PING', 'its argument')
      handshakeMemory.echoes = false
    },
    tolerates: error => {
      if (OTHER_STEP.test(error.message)) throw wrongForm('PING', 'its argument')
      if (error instanceof NoPermissionError || isUnknownCommand(error)) handshakeMemory.noteRejected(PING.name)
      return !(error instanceof AuthenticationError)
    },
  }
}

/** An error that names another step is the reply to that step. */
const OTHER_STEP = /\b(?:hello|auth|client|setinfo|setname|select|readonly)\b/i

async function performAll(send: SendHandshake, steps: readonly Step[], hasPassword: boolean): Promise<void> {
  const replies = send(steps.map(({ command }) => command))
  const outcomes = await Promise.allSettled(
    replies.map(async (reply, i) => {
      const step = steps[i] as Step
      try {
        step.read((await reply) as Reply)
      } catch (error) {
        // After other errors, a lost socket or a server with too many clients, the connection is closed.
        const rejected = error instanceof ResponseError || error instanceof AuthenticationError
        const tolerable = rejected || error instanceof BusyLoadingError
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
  return new Command(spec, [...args], unchanged)
}

export const VERSION: string = '0.1.0'
