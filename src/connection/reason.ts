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
