import { ConnectionError, type ErrorDetails, InvalidResponse, RedisError, TimeoutError } from '../../errors/errors.js'
import type { Settings } from '../options/options.js'

type SocketError = (Error & { code?: string }) | undefined

/** Why a socket failed, in words. */
export function reasonOf(error: SocketError): string {
  switch (error?.code) {
    case undefined:
      return error === undefined ? 'the server closed it.' : error.message
    case 'ECONNREFUSED':
      return 'ECONNREFUSED, nothing listens there.'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${error?.code}, the name is not known.`
    case 'ENOENT':
      return 'ENOENT, there is no such socket.'
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return 'the server does not speak TLS at this port: redis:// instead of rediss://?'
    default:
      return `${error?.code}.`
  }
}

/** What a server that wants TLS may mean by closing a connection without it. */
function plainHint(error: SocketError): string {
  const closed = error === undefined || error.code === 'ECONNRESET' || error.code === 'EPIPE'
  return closed ? ' If it wants TLS at this port, say rediss:// or tls: true.' : ''
}

/** What a connection ends with whose socket failed or ended when it was in use. */
export function lost(node: string, error: SocketError): ConnectionError {
  return new ConnectionError(`The connection to ${node} was lost: ${reasonOf(error)}`, detailsOf(node, error))
}

/** What an attempt ends with whose socket failed or ended; `step` of the handshake had no reply. */
export function failedToConnect(node: string, error: SocketError, isPlain: boolean, step?: string): ConnectionError {
  const tls = isPlain ? plainHint(error) : ''
  const hello = step === 'HELLO' ? ' If it does not know HELLO, say protocol: 2.' : ''
  const message = `Connecting to ${node} failed: ${reasonOf(error)}${tls}${hello}`
  return new ConnectionError(message, detailsOf(node, error))
}

/** What an attempt ends with whose server has shown a certificate that is not trusted; `code` says why. */
export function certificateError(node: string, error: SocketError, code: string): ConnectionError {
  return new ConnectionError(
    `The certificate of ${node} was refused (${code}): nothing was sent. Give its CA as tls.ca, or its name as tls.servername.`,
    { code, node, cause: error },
  )
}

function detailsOf(node: string, error: SocketError): ErrorDetails {
  return { code: error?.code, node, cause: error }
}

/** What was thrown, in words: a function of the user can throw anything. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return 'it threw something that has no text'
  }
}

/** What ends a connection whose server broke the protocol; `shifted`: its bytes are RESP, and prove that replies are not in order. */
export function protocolBreach(breach: InvalidResponse, node: string, opening: boolean, shifted: boolean): RedisError {
  const what = shifted ? 'its replies do not belong to what was asked' : 'what it sent is not RESP'
  if (!opening) {
    const message = `The connection to ${node} was ended, since ${what}: ${breach.message}`
    return new ConnectionError(message, { node, cause: breach })
  }
  const hint =
    ' Is there a Redis at this port, and does it speak TLS where the URL says redis:// (or the other way round)?'
  const message = `The handshake with ${node} was ended, since ${what}: ${breach.message}${hint}`
  return new InvalidResponse(message, { node, cause: breach })
}

/** `error` with the node, made one of ours if it is none. */
export function withNodeName(error: unknown, node: string, message: string): RedisError {
  if (!(error instanceof RedisError)) return new ConnectionError(message, { node, cause: error })
  error.node ??= node
  return error
}

/** What an attempt that was not ready in time ends with: `stage` is how far it came. */
export function notReady(
  node: string,
  stage: 'dial' | 'credentials' | 'handshake',
  { connectTimeout, tls }: Settings,
): TimeoutError {
  const what = {
    dial: `${node} has not connected`,
    credentials: 'The credentials function has given nothing',
    handshake: `${node} has not answered the handshake`,
  }[stage]
  const hint = tls && stage !== 'credentials' ? ' Does it speak TLS at this port?' : ''
  return new TimeoutError(`${what} within ${connectTimeout} ms (connectTimeout).${hint}`, {
    node,
    phase: 'connecting',
    elapsed: connectTimeout,
  })
}
