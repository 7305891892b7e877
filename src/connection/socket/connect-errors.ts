import { ConnectionError, type ErrorDetails, InvalidResponse, RedisError, TimeoutError } from '../../errors/errors.js'
import type { Settings } from '../options/options.js'

type SocketError = (Error & { code?: string }) | undefined

/** The reason why a socket failed. */
export function reasonOf(error: SocketError): string {
  switch (error?.code) {
    case undefined:
      return error === undefined ? 'the server closed it.' : error.message
    case 'ECONNREFUSED':
      return 'connection refused (ECONNREFUSED).'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `unknown host name (${error?.code}).`
    case 'ENOENT':
      return 'no such socket (ENOENT).'
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return 'the server does not use TLS at this port. Should the URL begin with redis:// instead of rediss://?'
    default:
      return `${error?.code}.`
  }
}

/** A hint for a server that may have closed the connection because it requires TLS. */
function plainHint(error: SocketError): string {
  const closed = error === undefined || error.code === 'ECONNRESET' || error.code === 'EPIPE'
  return closed ? ' If it requires TLS at this port, use rediss:// or tls: true.' : ''
}

/** The error of a connection whose socket failed or was closed while it was in use. */
export function lost(node: string, error: SocketError): ConnectionError {
  return new ConnectionError(`The connection to ${node} was lost: ${reasonOf(error)}`, detailsOf(node, error))
}

/** The error of an attempt whose socket failed or was closed; `step` of the handshake had no reply. */
export function failedToConnect(node: string, error: SocketError, isPlain: boolean, step?: string): ConnectionError {
  const tls = isPlain ? plainHint(error) : ''
  const hello = step === 'HELLO' ? ' If the server does not know HELLO, set protocol: 2.' : ''
  const message = `Connecting to ${node} failed: ${reasonOf(error)}${tls}${hello}`
  return new ConnectionError(message, detailsOf(node, error))
}

/** The error of an attempt whose server has an untrusted certificate, for the reason `code`. */
export function certificateError(node: string, error: SocketError, code: string): ConnectionError {
  return new ConnectionError(
    `The certificate of ${node} was rejected (${code}): nothing was sent. Set tls.ca to its CA, or tls.servername to its name.`,
    { code, node, cause: error },
  )
}

function detailsOf(node: string, error: SocketError): ErrorDetails {
  return { code: error?.code, node, cause: error }
}

/** The message of a thrown value: a function of the user can throw anything. */
export function textOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return 'it threw a value without a text'
  }
}

/** The error of a connection that `fault` closes. `shifted`: its bytes are valid RESP, but replies belong to other commands. */
export function protocolFailure(fault: InvalidResponse, node: string, opening: boolean, shifted: boolean): RedisError {
  const why = shifted ? 'its replies do not belong to the commands sent' : 'it did not send RESP'
  if (!opening) {
    const message = `The connection to ${node} was closed, because ${why}: ${fault.message}`
    return new ConnectionError(message, { node, cause: fault })
  }
  const hint = ' Is there a Redis at this port? Does it use TLS although the URL begins with redis://, or the reverse?'
  const message = `The handshake with ${node} failed, because ${why}: ${fault.message}${hint}`
  return new InvalidResponse(message, { node, cause: fault })
}

/** `error` with the name of the node, wrapped in a ConnectionError if it is not a RedisError. */
export function withNodeName(error: unknown, node: string, message: string): RedisError {
  if (!(error instanceof RedisError)) return new ConnectionError(message, { node, cause: error })
  error.node ??= node
  return error
}

/** The error of an attempt that was not ready in time; `stage` is the stage it was in. */
export function notReady(
  node: string,
  stage: 'dial' | 'credentials' | 'handshake',
  { connectTimeout, tls }: Settings,
): TimeoutError {
  const failure = {
    dial: `${node} did not accept the connection`,
    credentials: 'The credentials function returned nothing',
    handshake: `${node} did not answer the handshake`,
  }[stage]
  const hint = tls && stage !== 'credentials' ? ' Does it use TLS at this port?' : ''
  return new TimeoutError(`${failure} within ${connectTimeout} ms (connectTimeout).${hint}`, {
    node,
    phase: 'connecting',
    elapsed: connectTimeout,
  })
}
