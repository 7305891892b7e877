/** What a refusal of a step of the handshake means for who wanted to connect, and whether waiting helps. */
import {
  AuthenticationError,
  AuthenticationWrongNumberOfArgsError,
  AuthorizationError,
  BusyLoadingError,
  ConnectionError,
  MasterDownError,
  NoPermissionError,
  RedisError,
  ResponseError,
} from '../../errors/errors.js'

/** Failures that come again until somebody changes something. */
const lasting = new WeakSet<Error>()

/** Whether trying again cannot help until somebody changes something: nothing dials until a call comes. */
export function isPermanent(error: Error): boolean {
  return lasting.has(error)
}

/** The server would take the same step later: it is loading, runs a script, has lost its primary, or has no room. */
export function isForNow(error: RedisError): boolean {
  return (
    error.code === 'BUSY' ||
    error instanceof BusyLoadingError ||
    error instanceof MasterDownError ||
    // `max number of clients`, DENIED, a directory that cannot be asked.
    (error instanceof ConnectionError && !(error instanceof AuthenticationError))
  )
}

/** A server, or a proxy before it, says in words of its own that it does not know a command, or does not let it through. */
export function isUnknownCommand(error: RedisError): boolean {
  return /unknown (?:sub)?command|unsupported|not supported/i.test(error.message)
}

/** The refusal is of HELLO itself, or of the protocol that it asks for, and not of who asks. */
export function isOfHello(error: unknown, hasPassword: boolean): error is RedisError {
  if (!(error instanceof ResponseError || error instanceof AuthenticationError) || isForNow(error)) return false
  if (error.code === 'WRONGPASS') return false
  // Envoy: before a login nothing but AUTH is known. Redis says NOAUTH to HELLO where no password came with it.
  if (error.code === 'NOAUTH') return hasPassword
  return error.code === 'NOPROTO' || isUnknownCommand(error) || /\bhello\b|proto|resp ?[23]/i.test(error.message)
}

/** The server has no password: whoever comes is let in. */
export function isWithoutPassword(error: unknown): boolean {
  return (
    error instanceof AuthenticationError && /no password is set|without any password configured/i.test(error.message)
  )
}

const NO_SUCH_DATABASE = /out of range|invalid db index|not allowed in cluster mode/i

/** What the refusal of a step is rejected with. `hasPassword`: a login came before it, or with it. */
export function explained(error: unknown, hasPassword: boolean): unknown {
  if (!(error instanceof RedisError)) return error
  const { code, command, message } = error
  const details = { code, command, cause: error, outcome: 'not sent' } as const
  if (error instanceof NoPermissionError) {
    return forGood(
      new AuthorizationError(
        `This user may not open the connection: the server refused ${command ?? 'a step of the handshake'} (${message}).`,
        details,
      ),
    )
  }
  if (error instanceof AuthenticationWrongNumberOfArgsError) {
    return forGood(
      new AuthenticationWrongNumberOfArgsError(
        `The server takes a password without a user name (it is older than Redis 6): give the password alone (${message}).`,
        details,
      ),
    )
  }
  if (code === 'NOAUTH') {
    return hasPassword
      ? new ConnectionError(`The server took the password, and wants one all the same (${message}).`, details)
      : forGood(
          new AuthenticationError(
            'The server wants a password and none was given: set password, or put it in the URL.',
            details,
          ),
        )
  }
  if (code === 'WRONGPASS') {
    return forGood(
      new AuthenticationError(
        `The server refused the user name or the password (${message}): check username and password; in a URL they are percent-encoded.`,
        details,
      ),
    )
  }
  if (error instanceof AuthenticationError) return forGood(error)
  if (command === 'SELECT' && NO_SUCH_DATABASE.test(message)) {
    return forGood(new ResponseError(`The server refused the database of the option db (${message}).`, details))
  }
  return error
}

/** What the refusal of HELLO is rejected with where RESP3 is insisted on. */
export function insisted(error: RedisError): RedisError {
  const hint = 'The option protocol: 3 insists on RESP3: leave it out, or say protocol: 2.'
  return new ResponseError(`The server refused HELLO (${error.message}). ${hint}`, {
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
