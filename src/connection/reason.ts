/** Why a socket failed, in words. */
export function reasonOf(error: (Error & { code?: string }) | undefined): string {
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
export function plainHint(error: (Error & { code?: string }) | undefined): string {
  const closed = error === undefined || error.code === 'ECONNRESET' || error.code === 'EPIPE'
  return closed ? ' If it wants TLS at this port, say rediss:// or tls: true.' : ''
}
