/** Opens sockets: tcp, tls, unix. The one place that touches node:net and node:tls. */
import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { ConnectionOptions, PeerCertificate, TLSSocket } from 'node:tls'
import { detached } from '../../commands/core/timers.js'
import type { Endpoint } from '../options/options.js'

/** Whether a host is an address, and no name. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0
}

/** The most bytes that wait in a socket, but for a single bigger value. */
export const HIGH_WATER_MARK: number = 1024 * 1024

/** About how many bytes are encoded before they are written: one write per tick for most, bounded for floods. */
export const CHUNK: number = 256 * 1024

export type { Socket } from 'node:net'

/** Where a socket puts what it reads, and who is told how much it was. */
export interface Intake {
  readonly buffer: () => Uint8Array
  readonly callback: (bytes: number) => boolean
}

export interface Dialled {
  readonly socket: Socket
  /** The event that says it may be written to: over TLS the verdict on the server's certificate has fallen then. */
  readonly ready: 'connect' | 'secureConnect'
}

/** Loaded at the first connection that is to be secure. */
let tlsModule: typeof import('node:tls') | undefined

/** What is wrong with a certificate that is for none of `hosts`, said of the first; undefined if it is for one of them. */
export function identityFault(hosts: readonly string[], certificate: PeerCertificate): Error | undefined {
  const faults = hosts.map(host => tlsModule?.checkServerIdentity(host, certificate))
  return faults.every(fault => fault !== undefined) ? faults[0] : undefined
}

/** A socket that connects to `endpoint`. TLS is verified against the host's name, which is also the server name (SNI). */
export async function dial(endpoint: Endpoint, tls: ConnectionOptions | undefined, onread: Intake): Promise<Dialled> {
  const target =
    'path' in endpoint ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port, autoSelectFamily: true }
  // A chunk is written until the socket says stop: behind the last one it must not be over the mark.
  const options = { highWaterMark: HIGH_WATER_MARK - CHUNK, onread, ...target }
  const secure = tls ?? ('tls' in endpoint && endpoint.tls === true ? {} : undefined)
  // Node's types do not know that the high-water mark is passed on, nor that tls.connect takes onread.
  if (secure === undefined) {
    return { socket: detached(() => connectTcp(options as TcpNetConnectOpts)), ready: 'connect' }
  }
  tlsModule ??= await import('node:tls')
  const { connect } = tlsModule
  const servername = 'host' in endpoint && !isAddress(endpoint.host) ? { servername: endpoint.host } : {}
  const merged = { minVersion: 'TLSv1.2', ...servername, ...secure, ...options }
  return { socket: detached(() => connect(merged as ConnectionOptions)), ready: 'secureConnect' }
}

/** Whether it cannot be written to yet, over TLS because the server was not verified. */
export function isConnecting(socket: Socket | undefined): boolean {
  return (
    socket === undefined || socket.connecting || (socket as { secureConnecting?: boolean }).secureConnecting === true
  )
}

/** What Node and OpenSSL call a certificate that they do not trust; Deno, whose errors have no code, says it in words. */
const DISTRUSTED =
  /^(?:CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_)|invalid peer certificate/

/** Why the server's certificate was refused, if that is the `error` that ended `socket`. */
export function refusedCertificate(socket: Socket, error: (Error & { code?: string }) | undefined): string | undefined {
  if (error === undefined || !('encrypted' in socket)) return undefined
  const { authorizationError } = socket as Partial<TLSSocket>
  const said = error.code ?? error.message
  // With rejectUnauthorized: false there is an authorizationError too, and it harms nobody.
  if (authorizationError && String(authorizationError) === said) return said
  return DISTRUSTED.test(said) || DISTRUSTED.test(error.message) ? said : undefined
}
