/** Opens sockets: TCP, TLS and unix. No other file uses node:net or node:tls. */
import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { ConnectionOptions, PeerCertificate, TLSSocket } from 'node:tls'
import { hasOwn, ownProperties } from '../../commands/core/own-properties.js'
import { detached } from '../../commands/core/timers.js'
import type { Endpoint, Settings } from '../options/options.js'

/** Whether a host is an IP address, not a name. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0
}

/** The most bytes that wait in a socket, unless a single value is bigger. */
export const HIGH_WATER_MARK: number = 1024 * 1024

/** About how many bytes are encoded before they are written. Most ticks need one write; under load the limit bounds memory. */
export const CHUNK: number = 256 * 1024

export type { Socket } from 'node:net'

/** The read buffer of a socket, and the callback that gets the number of bytes read. */
export interface Intake {
  readonly buffer: () => Uint8Array
  readonly callback: (bytes: number) => boolean
}

export interface Dialled {
  readonly socket: Socket
  /** The event after which the socket may be written to: over TLS the server's certificate has been verified by then. */
  readonly ready: 'connect' | 'secureConnect'
}

/**
 * Options that Node reads from a copy which has a prototype again: if they are not set here, a property of Object.prototype would
 * be read.
 */
const UNSET = { signal: undefined, fd: undefined, handle: undefined }

/** Loaded at the first TLS connection. */
let tlsModule: typeof import('node:tls') | undefined

/** The error of a certificate that matches none of `hosts`, worded for the first host; undefined if it matches one of them. */
export function identityFault(hosts: readonly string[], certificate: PeerCertificate): Error | undefined {
  const faults = hosts.map(host => tlsModule?.checkServerIdentity(host, certificate))
  return faults.every(fault => fault !== undefined) ? faults[0] : undefined
}

/** A socket that connects to `endpoint`. The certificate is verified against the host name, which is also sent as SNI. */
export async function dial(endpoint: Endpoint, tls: ConnectionOptions | undefined, onread: Intake): Promise<Dialled> {
  const target = hasOwn(endpoint, 'path')
    ? { path: endpoint.path }
    : { host: endpoint.host, port: endpoint.port, autoSelectFamily: true }
  // Chunks are written until the socket asks to stop. Its mark is one chunk lower than our limit, so that the last chunk stays
  // under the limit.
  const options = ownProperties<object>(UNSET, { highWaterMark: HIGH_WATER_MARK - CHUNK, onread }, target)
  const secure =
    tls ?? (Object.hasOwn(endpoint, 'tls') && !hasOwn(endpoint, 'path') && endpoint.tls === true ? {} : undefined)
  // Node's types do not know that the high-water mark is passed on, nor that tls.connect takes onread.
  if (secure === undefined) {
    return { socket: detached(() => connectTcp(options as TcpNetConnectOpts)), ready: 'connect' }
  }
  tlsModule ??= await import('node:tls')
  const { connect } = tlsModule
  const servername = hasOwn(endpoint, 'host') && !isAddress(endpoint.host) ? { servername: endpoint.host } : {}
  const merged = ownProperties<ConnectionOptions>({ minVersion: 'TLSv1.2' }, servername, secure, options)
  return { socket: detached(() => connect(merged)), ready: 'secureConnect' }
}

/** Resolves when the socket may be written to, with its options set. */
export function whenConnected({ ready, socket }: Dialled, { keepAlive, noDelay }: Settings): Promise<void> {
  return new Promise(resolve => {
    socket.once(ready, () => {
      socket.setNoDelay(noDelay)
      if (keepAlive > 0) socket.setKeepAlive(true, keepAlive)
      resolve()
    })
  })
}

/** Whether the socket cannot be written to yet: it is not connected, or the server's certificate is not verified yet. */
export function isConnecting(socket: Socket | undefined): boolean {
  return (
    socket === undefined || socket.connecting || (socket as { secureConnecting?: boolean }).secureConnecting === true
  )
}

/** The codes of Node and OpenSSL for an untrusted certificate, and the message of Deno, whose errors have no code. */
const DISTRUSTED =
  /^(?:CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_)|invalid peer certificate/

/** The reason why the server's certificate was rejected; undefined if `error` has another cause. */
export function refusedCertificate(socket: Socket, error: (Error & { code?: string }) | undefined): string | undefined {
  if (error === undefined || !('encrypted' in socket)) return undefined
  const { authorizationError } = socket as Partial<TLSSocket>
  const reason = error.code ?? error.message
  // With rejectUnauthorized: false there is an authorizationError too, which is not the cause.
  if (authorizationError && String(authorizationError) === reason) return reason
  return DISTRUSTED.test(reason) || DISTRUSTED.test(error.message) ? reason : undefined
}
