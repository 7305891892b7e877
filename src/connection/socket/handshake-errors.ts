/** Error replies to the commands of a handshake: their meaning for the caller, and whether another attempt can succeed. */
import {
  AuthenticationError,
  AuthenticationWrongNumberOfArgsError,
  AuthorizationError,
  BusyLoadingError,
  ConnectionError,
  InvalidResponse,
  MasterDownError,
  NoPermissionError,
  RedisError,
  ResponseError,
} from '../../errors/errors.js'

/** Errors that repeat until somebody changes the configuration. */
const lasting = new WeakSet<Error>()

/** Whether another attempt would fail until somebody changes the configuration: the next attempt waits for the next call. */
export function isPermanent(error: Error): boolean {
  return lasting.has(error)
}

/** The server will accept the same command later: it is loading, runs a script, has lost its primary, or has too many clients. */
export function isForNow(error: RedisError): boolean {
  return (
    error.code === 'BUSY' ||
    error instanceof BusyLoadingError ||
    error instanceof MasterDownError ||
    // `max number of clients`, DENIED, an LDAP directory out of reach.
    (error instanceof ConnectionError && !(error instanceof AuthenticationError))
  )
}

/** The server does not know the command, or a proxy in front of it does not let it through. Each has a text of its own. */
export function isUnknownCommand(error: RedisError): boolean {
  return /unknown (?:sub)?command|unsupported|not supported/i.test(error.message)
}

/** The error rejects HELLO itself or its protocol version, not the user. */
export function isOfHello(error: unknown, hasPassword: boolean): error is RedisError {
  if (!(error instanceof ResponseError || error instanceof AuthenticationError) || isForNow(error)) return false
  if (error.code === 'WRONGPASS') return false
  // Envoy accepts nothing but AUTH before a login. Redis replies NOAUTH to a HELLO without a password.
  if (error.code === 'NOAUTH') return hasPassword
  return error.code === 'NOPROTO' || isUnknownCommand(error) || /\bhello\b|proto|resp ?[23]/i.test(error.message)
}

/** The server has no password, and accepts every client. */
export function isWithoutPassword(error: unknown): boolean {
  return (
    error instanceof AuthenticationError && /no password is set|without any password configured/i.test(error.message)
  )
}

const NO_SUCH_DATABASE = /out of range|invalid db index|not allowed in cluster mode/i

/** The error that a caller gets for an error reply to a command of the handshake. `hasPassword`: a password was sent. */
export function explained(error: unknown, hasPassword: boolean): unknown {
  if (!(error instanceof RedisError)) return error
  const { code, command, message } = error
  const details = { code, command, cause: error, outcome: 'not sent' } as const
  if (error instanceof NoPermissionError) {
    return forGood(
      new AuthorizationError(
        `The user has no right to open the connection: the server rejected ${command ?? 'a command of the handshake'} (${message}).`,
        details,
      ),
    )
  }
  if (error instanceof AuthenticationWrongNumberOfArgsError) {
    return forGood(
      new AuthenticationWrongNumberOfArgsError(
        `The server, older than Redis 6, accepts no user name: set the password alone (${message}).`,
        details,
      ),
    )
  }
  if (code === 'NOAUTH') {
    return hasPassword
      ? new ConnectionError(`The server accepted the password, and still requires one (${message}).`, details)
      : forGood(
          new AuthenticationError(
            'The server requires a password and none was given: set password, or put it in the URL.',
            details,
          ),
        )
  }
  if (code === 'WRONGPASS') {
    return forGood(
      new AuthenticationError(
        `The server rejected the user name or the password (${message}): check username and password; in a URL they are percent-encoded.`,
        details,
      ),
    )
  }
  if (error instanceof AuthenticationError) return forGood(error)
  if (command === 'SELECT' && NO_SUCH_DATABASE.test(message)) {
    return forGood(new ResponseError(`The server rejected the database number of the option db (${message}).`, details))
  }
  return error
}

/** The error for a rejected HELLO if the option `protocol` requires RESP3. */
export function withoutResp3(error: RedisError): RedisError {
  const hint = 'The option protocol: 3 requires RESP3: remove it, or set protocol: 2.'
  return new ResponseError(`The server rejected HELLO (${error.message}). ${hint}`, {
    code: error.code,
    command: error.command,
    cause: error,
    outcome: 'not sent',
  })
}

function forGood<E extends RedisError>(error: E): E {
  lasting.add(error)
  return error
}

/** The function of the option `credentials` threw or rejected with `cause`. */
export function credentialsFailed(cause: unknown): ConnectionError {
  return new ConnectionError('The credentials function failed; it is called again at the next attempt.', { cause })
}

export function noCredentials(): ConnectionError {
  return new ConnectionError(
    'The credentials function must return { username?, password }, and returned something else.',
  )
}

export function wrongForm(name: string, expected: string): InvalidResponse {
  return new InvalidResponse(
    `The reply to ${name} in the handshake is not ${expected}: replies belong to other commands, or the server is not a Redis.`,
    { command: name, outcome: 'not sent' },
  )
}
