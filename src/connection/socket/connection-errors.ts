/** The errors of one socket: it cannot be opened, is lost, is silent, or sends replies that no command has. */
import type { Command } from '../../commands/core/command.js'
import { ConnectionError, type ErrorDetails, InvalidResponse, RedisError, TimeoutError } from '../../errors/errors.js'
import type { Settings } from '../options/options.js'

export type SocketError = (Error & { code?: string }) | undefined

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

/** The error of a connection that was closed on purpose. */
export function connectionClosed(node: string): ConnectionError {
  return new ConnectionError(`The connection to ${node} was closed.`, { node })
}

export function tooSilent(node: string, silence: number, interval: number): ConnectionError {
  const message = `No data from ${node} for ${silence} ms (healthCheckInterval ${interval}): the connection was closed.`
  return new ConnectionError(message, { node })
}

/** The caller has changed the size of bytes whose length was already sent. */
export function memoryChanged(): ConnectionError {
  return new ConnectionError(
    'The memory of an argument was detached or resized before all of it was sent: pass a copy.',
  )
}

function detailsOf(node: string, error: SocketError): ErrorDetails {
  return { code: error?.code, node, cause: error }
}

// Replies that no command has: they close the connection

export function strayReply(): InvalidResponse {
  return new InvalidResponse('The server sent a reply although no command was waiting for one.')
}

export function strayError(error: RedisError): InvalidResponse {
  return new InvalidResponse(`The server sent an error although no command was waiting: ${error.message}`)
}

/** `command` was confirmed by messages although it is not the oldest in flight. */
export function outOfOrder({ spec }: Command): InvalidResponse {
  return new InvalidResponse(`Out-of-order reply: ${spec.name} was confirmed before an earlier command was answered.`)
}

/** `command` got the reply to a probe that was sent after it. */
export function answeredByProbe({ spec }: Command): InvalidResponse {
  return new InvalidResponse(`The server answered ${spec.name} with the reply to a PING that was sent later.`)
}

export function probeNotEchoed(): InvalidResponse {
  return new InvalidResponse('The server answered a PING with the reply to another command.')
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

/** The error of an attempt that `error` ended. */
export function attemptFailed(error: unknown, node: string): RedisError {
  return withNodeName(error, node, `Connecting to ${node} failed.`)
}

/** The error of a connection that an exception in our own code closes. */
export function internalError(error: unknown, node: string): RedisError {
  return withNodeName(error, node, 'Internal error in the client; please report it with its cause.')
}

/** `error` with the name of the node, wrapped in a ConnectionError if it is not a RedisError. */
function withNodeName(error: unknown, node: string, message: string): RedisError {
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
