/**
 * Whether a command that failed may have run.
 *
 * - `'not sent'`: the server did not run it: it never left this process, or the server rejected it before running it.
 * - `'unknown'`: it was written to the socket, and no reply was received. It may have run.
 */
export type DeliveryOutcome = 'not sent' | 'unknown'

/** The fields of an error besides its message. All are optional, and none contains the value of an argument. */
export interface ErrorDetails {
  code?: string | undefined
  command?: string | undefined
  node?: string | undefined
  attempts?: number | undefined
  outcome?: DeliveryOutcome | undefined
  cause?: unknown
}

/** The fields that `JSON.stringify` writes of a {@link RedisError}: without stack and cause. */
export interface ErrorJSON {
  name: string
  message: string
  code: string | undefined
  command: string | undefined
  node: string | undefined
  attempts: number | undefined
  outcome: DeliveryOutcome | undefined
}

/*
 * How the classes are declared
 *
 * Details are `declare`d and set only if they have a value: an absent detail takes no memory, and `inspect` prints no
 * `undefined`.
 *
 * TypeScript compares classes by structure: without a member of its own, any ResponseError would be assignable to
 * NoScriptError. So `name` is a literal type, which also distinguishes the classes in a `switch`. The type of a parent's
 * name lists the parent and its children; `RedisError` and `ResponseError` use `string`, because their lists are open. The
 * list also makes ClusterDownError assignable to ClusterError. At run time the name is on the prototype (see the end).
 *
 * Errors have a stack, although its ten frames are most of the cost of an error (4 of 5 µs on Node 20; the text is
 * formatted only when it is read). Errors that are created in bulk have none, because it would not show the caller (without-stack.ts).
 */

/** The own detail `name`: what somebody put on Object.prototype is none. */
function given<D extends object, N extends keyof D>(details: D | undefined, name: N): D[N] | undefined {
  return details !== undefined && Object.hasOwn(details, name) ? details[name] : undefined
}

/** The base of every error of this library. */
export class RedisError extends Error {
  declare readonly name: string
  /** A code for programs: the first word of an error reply (`'WRONGTYPE'`), or a system error code (`'ECONNRESET'`). */
  declare code: string | undefined
  /** The name of the command that failed, never its arguments. */
  declare command: string | undefined
  /** The server that the command was for: `host:port`, or the path of its socket. */
  declare node: string | undefined
  /** How often the command was sent, including the first time. */
  declare attempts: number | undefined
  /** Whether the command may have run. Every {@link ConnectionError} and {@link TimeoutError} of a command has it. */
  declare outcome: DeliveryOutcome | undefined

  constructor(message: string, details?: ErrorDetails) {
    const cause = given(details, 'cause')
    super(message, cause === undefined ? undefined : { cause })
    if (details === undefined) return
    const code = given(details, 'code')
    const command = given(details, 'command')
    const node = given(details, 'node')
    const attempts = given(details, 'attempts')
    const outcome = given(details, 'outcome')
    if (code !== undefined) this.code = code
    if (command !== undefined) this.command = command
    if (node !== undefined) this.node = node
    if (attempts !== undefined) this.attempts = attempts
    if (outcome !== undefined) this.outcome = outcome
  }

  toJSON(): ErrorJSON {
    const { name, message, code, command, node, attempts, outcome } = this
    return { name, message, code, command, node, attempts, outcome }
  }
}

// The connection

/** The connection could not be made or was lost, the server accepts no more clients, or the client is closed. */
export class ConnectionError extends RedisError {
  declare readonly name:
    | 'ConnectionError'
    | 'AuthenticationError'
    | 'AuthenticationWrongNumberOfArgsError'
    | 'AuthorizationError'
    | 'BusyLoadingError'
    | 'MaxConnectionsError'
}

/**
 * The server rejected the username and password, or requires them and got none.
 *
 * `instanceof AuthenticationError` includes {@link AuthenticationWrongNumberOfArgsError} too, which extends {@link ResponseError}.
 */
export class AuthenticationError extends ConnectionError {
  declare readonly name: 'AuthenticationError' | 'AuthenticationWrongNumberOfArgsError'

  // Returns `boolean` instead of a type predicate, because that would narrow `instanceof` of a subclass to AuthenticationError only.
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (
      // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this method, but not the classes that it includes
      super[Symbol.hasInstance](value) ||
      // biome-ignore lint/complexity/noThisInStatic: as above
      (this === AuthenticationError && value instanceof AuthenticationWrongNumberOfArgsError)
    )
  }
}

/** The user was authenticated, but may not use the connection: the server replied NOPERM to a step of the handshake. */
export class AuthorizationError extends ConnectionError {
  declare readonly name: 'AuthorizationError'
}

/** The server has started and is still loading its dataset from disk (LOADING). */
export class BusyLoadingError extends ConnectionError {
  declare readonly name: 'BusyLoadingError'
}

/** All connections of the pool are leased, and the wait for one took too long, or too many callers are waiting already. */
export class MaxConnectionsError extends ConnectionError {
  declare readonly name: 'MaxConnectionsError'
}

/** The phase of a command when it timed out. */
export type Phase = 'queued' | 'connecting' | 'written'

export interface TimeoutDetails extends ErrorDetails {
  phase?: Phase | undefined
  /** In milliseconds. */
  elapsed?: number | undefined
}

/** Connecting took longer than `connectTimeout`, or a command took longer than its deadline. */
export class TimeoutError extends RedisError {
  declare readonly name: 'TimeoutError'
  /** The phase of the command: waiting in the queue, waiting for a connection, or written and without a reply. */
  declare phase: Phase | undefined
  /** Milliseconds from the call to the timeout. */
  declare elapsed: number | undefined

  constructor(message: string, details?: TimeoutDetails) {
    super(message, details)
    const phase = given(details, 'phase')
    const elapsed = given(details, 'elapsed')
    if (phase !== undefined) this.phase = phase
    if (elapsed !== undefined) this.elapsed = elapsed
  }
}

/**
 * The server sent bytes that are not valid RESP or exceed a limit, and the connection is closed; or a reply has a type that its
 * command cannot have.
 */
export class InvalidResponse extends RedisError {
  declare readonly name: 'InvalidResponse'
}

// The caller

export interface DataDetails extends ErrorDetails {
  value?: bigint | undefined
}

/** An argument has a wrong type, options exclude each other, or an integer in a reply does not fit in a number. */
export class DataError extends RedisError {
  declare readonly name: 'DataError'
  /** The integer in the reply that does not fit in a number. The `bigints` view returns it. */
  declare value: bigint | undefined

  constructor(message: string, details?: DataDetails) {
    super(message, details)
    const value = given(details, 'value')
    if (value !== undefined) this.value = value
  }
}

/** A subscription was misused, or its queue is full and `whenFull` is `'error'`. */
export class PubSubError extends RedisError {
  declare readonly name: 'PubSubError'
}

/** A watched key changed, or the connection was lost before EXEC was written. No command of the transaction ran. */
export class WatchError extends RedisError {
  declare readonly name: 'WatchError'
}

/**
 * A task waited `pool.acquireTimeout` for a connection, while all connections were leased to the sessions that the task runs in.
 * Such a session usually waits for its task, so neither can continue.
 */
export class ChildDeadlockedError extends RedisError {
  declare readonly name: 'ChildDeadlockedError'
}

/**
 * The reason of a {@link LockError}.
 *
 * - `'not acquired'`: another holder had the lock until the wait was over.
 * - `'not a lock'`: one of the lock's keys holds a value that is not a lock, so waiting cannot help.
 * - `'not locked'`: `release` or `extend` of a lock that is not held.
 * - `'already locked'`: `acquire` of a lock that is held or being acquired.
 * - `'not owned'`: the lock was held, and now another holder's token is on the server.
 * - `'expired'`: the lock was held, and its time ran out.
 * - `'no ttl'`: `extend` of a lock that never expires.
 * - `'unreachable'`: too few servers answered; see `cause`.
 * - `'aborted'`: the client was closed while the lock was being acquired.
 */
export type LockReason =
  | 'not acquired'
  | 'not a lock'
  | 'not locked'
  | 'already locked'
  | 'not owned'
  | 'expired'
  | 'no ttl'
  | 'unreachable'
  | 'aborted'

export interface LockDetails extends ErrorDetails {
  reason: LockReason
  lockName: string
}

/** A lock was not acquired in time, or was misused. */
export class LockError extends RedisError {
  declare readonly name: 'LockError' | 'LockNotOwnedError'
  declare reason: LockReason
  /** The name that the lock was created with. */
  declare lockName: string

  constructor(message: string, details: LockDetails) {
    super(message, details)
    this.reason = details.reason
    this.lockName = details.lockName
  }
}

/** The lock is not held any more: it expired, and another holder may have it. */
export class LockNotOwnedError extends LockError {
  declare readonly name: 'LockNotOwnedError'
}

// Error replies

/** The server replied with an error. The message is the text of the reply, without the arguments that some texts repeat. */
export class ResponseError extends RedisError {
  /** The first word of the reply: `'ERR'`, `'WRONGTYPE'`, `'BUSYGROUP'` … */
  declare code: string

  constructor(message: string, details?: ErrorDetails) {
    super(message, details)
    this.code ??= firstWord(message)
  }
}

/** The server has no script with this hash (NOSCRIPT). */
export class NoScriptError extends ResponseError {
  declare readonly name: 'NoScriptError'
}

/** EXEC ran nothing, because a command was rejected when it was queued: `cause` is the error of that command. */
export class ExecAbortError extends ResponseError {
  declare readonly name: 'ExecAbortError'
}

/** A write was sent to a replica (READONLY). */
export class ReadOnlyError extends ResponseError {
  declare readonly name: 'ReadOnlyError'
}

/** The user may not run this command, or may not use this key or channel (NOPERM). */
export class NoPermissionError extends ResponseError {
  declare readonly name: 'NoPermissionError'
}

/** A module could not be loaded or unloaded. */
export class ModuleError extends ResponseError {
  declare readonly name: 'ModuleError'
}

/** The server's memory is full and its policy evicts nothing (OOM). */
export class OutOfMemoryError extends ResponseError {
  declare readonly name: 'OutOfMemoryError'
}

/** The server does not accept AUTH with a username, because it is too old. It is an {@link AuthenticationError} too. */
export class AuthenticationWrongNumberOfArgsError extends ResponseError {
  declare readonly name: 'AuthenticationWrongNumberOfArgsError'
}

/** The keys of a command are on both sides of a slot that is moving (TRYAGAIN). */
export class TryAgainError extends ResponseError {
  declare readonly name: 'TryAgainError'
}

/** The keys of a command or a transaction hash to more than one slot. Detected before sending if possible. */
export class ClusterCrossSlotError extends ResponseError {
  declare readonly name: 'ClusterCrossSlotError'

  constructor(message: string = "CROSSSLOT Keys in request don't hash to the same slot", details?: ErrorDetails) {
    super(message, { ...details, code: 'CROSSSLOT' })
  }
}

export interface RedirectDetails extends ErrorDetails {
  slot: number
  host: string
  port: number
}

/** The slot is moving, and this key has already migrated: send this command once to the new node (ASK). */
export class AskError extends ResponseError {
  declare readonly name: 'AskError' | 'MovedError'
  /** 0 to 16383. */
  declare slot: number
  /** The host of the new node. Empty means the host that sent this error; `'?'` means that the server does not know the host. */
  declare host: string
  /** 1 to 65535. */
  declare port: number

  constructor(message: string, details: RedirectDetails) {
    super(message, details)
    this.slot = details.slot
    this.host = details.host
    this.port = details.port
  }
}

/** The slot belongs to another node (MOVED). It is an {@link AskError} too, so check for this class first. */
export class MovedError extends AskError {
  declare readonly name: 'MovedError'
}

// The cluster

/**
 * The cluster did not run a command: its redirects or retries are used up.
 *
 * {@link ClusterDownError} extends {@link ResponseError}, and `instanceof ClusterError` includes it too.
 */
export class ClusterError extends RedisError {
  declare readonly name: 'ClusterError' | 'ClusterDownError' | 'MasterDownError'

  // Returns `boolean` instead of a type predicate, because that would narrow `instanceof` of a subclass to ClusterError only.
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this method, but not the classes that it includes
    return super[Symbol.hasInstance](value) || (this === ClusterError && value instanceof ClusterDownError)
  }
}

/** The cluster does not serve this slot, or any slot, until a node comes back (CLUSTERDOWN). */
export class ClusterDownError extends ResponseError {
  declare readonly name: 'ClusterDownError' | 'MasterDownError'
}

/** A replica has lost its primary and may not reply with stale data (MASTERDOWN). */
export class MasterDownError extends ClusterDownError {
  declare readonly name: 'MasterDownError'
}

/** No seed reported the topology, or a cluster cannot serve the call: another database, or a command whose keys are unknown. */
export class RedisClusterException extends RedisError {
  declare readonly name: 'RedisClusterException' | 'SlotNotCoveredError'
}

/** No node serves the slot, even after a refresh of the topology. */
export class SlotNotCoveredError extends RedisClusterException {
  declare readonly name: 'SlotNotCoveredError'
}

function firstWord(text: string): string {
  const end = text.indexOf(' ')
  return end < 0 ? text : text.slice(0, end)
}

// The names are written out, because minifiers rename classes, and set on the prototypes, so that no error stores its name.
for (const [name, type] of Object.entries({
  RedisError,
  ConnectionError,
  AuthenticationError,
  AuthorizationError,
  BusyLoadingError,
  MaxConnectionsError,
  TimeoutError,
  InvalidResponse,
  DataError,
  PubSubError,
  WatchError,
  ChildDeadlockedError,
  LockError,
  LockNotOwnedError,
  ResponseError,
  NoScriptError,
  ExecAbortError,
  ReadOnlyError,
  NoPermissionError,
  ModuleError,
  OutOfMemoryError,
  AuthenticationWrongNumberOfArgsError,
  TryAgainError,
  ClusterCrossSlotError,
  AskError,
  MovedError,
  ClusterError,
  ClusterDownError,
  MasterDownError,
  RedisClusterException,
  SlotNotCoveredError,
})) {
  Object.defineProperty(type.prototype, 'name', { value: name, writable: true, configurable: true })
}
// Details that an error has not are undefined, whatever somebody put on Object.prototype.
for (const name of ['code', 'command', 'node', 'attempts', 'outcome', 'phase', 'elapsed', 'value']) {
  Object.defineProperty(RedisError.prototype, name, { value: undefined, writable: true, configurable: true })
}
