/**
 * Whether a command that failed may have run.
 *
 * - `'not sent'`: the server surely did not run it: it never left this process, or the server refused it first.
 * - `'unknown'`: it was handed to the socket, and no reply came back. It may have run.
 */
export type Outcome = 'not sent' | 'unknown'

/** What an error may say beside its message. Everything is optional, and nothing holds a value of an argument. */
export interface ErrorDetails {
  code?: string | undefined
  command?: string | undefined
  node?: string | undefined
  attempts?: number | undefined
  outcome?: Outcome | undefined
  cause?: unknown
}

/** What `JSON.stringify` writes of a {@link RedisError}: no stack and no cause. */
export interface ErrorJSON {
  name: string
  message: string
  code: string | undefined
  command: string | undefined
  node: string | undefined
  attempts: number | undefined
  outcome: Outcome | undefined
}

/*
 * How the classes are declared
 *
 * Details are `declare`d and set only if there is something to say: an error with none costs no slot, and `inspect`
 * prints no line of `undefined`.
 *
 * TypeScript compares classes by shape: without a member of its own, any ResponseError would pass for a NoScriptError.
 * So `name` is a literal type, and tells them apart in a `switch` too. A parent's is the names of itself and its
 * children; `RedisError` and `ResponseError` say `string`, since there the list has no end. It also makes ClusterDownError
 * fit where a ClusterError is asked for. At run time the name sits on the prototype (see the end).
 *
 * The stack stays, though its ten frames are most of what an error costs (4 of 5 µs on Node 20; the text is written only
 * if somebody reads it), except where many may be made at once and none would show the caller: see bulk.ts.
 */

/** The own detail `name`: what somebody put on Object.prototype is none. */
function given<D extends object, N extends keyof D>(details: D | undefined, name: N): D[N] | undefined {
  return details !== undefined && Object.hasOwn(details, name) ? details[name] : undefined
}

/** The base of every error of this library. */
export class RedisError extends Error {
  declare readonly name: string
  /** A word for programs: the first one of an error reply (`'WRONGTYPE'`), or that of the system (`'ECONNRESET'`). */
  declare code: string | undefined
  /** The name of the command that failed, never its arguments. */
  declare command: string | undefined
  /** The server that was asked: `host:port`, or the path of its socket. */
  declare node: string | undefined
  /** How often the command was tried, the first time included. */
  declare attempts: number | undefined
  /** Whether the command may have run. Every {@link ConnectionError} and {@link TimeoutError} of a command has it. */
  declare outcome: Outcome | undefined

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

// The link

/** The link to the server could not be made, or was lost; the server has no room for one more; the client is closed. */
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
 * The server does not accept our username and password, or wants some and got none.
 *
 * `instanceof AuthenticationError` admits {@link AuthenticationWrongNumberOfArgsError} too, which extends {@link ResponseError}.
 */
export class AuthenticationError extends ConnectionError {
  declare readonly name: 'AuthenticationError' | 'AuthenticationWrongNumberOfArgsError'

  // `boolean`, and no type predicate: with one, `instanceof` of a subclass narrows to AuthenticationError and no further.
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (
      // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this method, and must not inherit what it admits
      super[Symbol.hasInstance](value) ||
      // biome-ignore lint/complexity/noThisInStatic: as above
      (this === AuthenticationError && value instanceof AuthenticationWrongNumberOfArgsError)
    )
  }
}

/** Logged in, but this user may not open this connection: a step of the handshake answered NOPERM. */
export class AuthorizationError extends ConnectionError {
  declare readonly name: 'AuthorizationError'
}

/** The server is up and still reads its dataset from disk (LOADING). */
export class BusyLoadingError extends ConnectionError {
  declare readonly name: 'BusyLoadingError'
}

/** All connections of the pool are lent, and waiting for one took too long or too many wait already. */
export class MaxConnectionsError extends ConnectionError {
  declare readonly name: 'MaxConnectionsError'
}

/** How far a command had come when its time was up. */
export type Phase = 'queued' | 'connecting' | 'written'

export interface TimeoutDetails extends ErrorDetails {
  phase?: Phase | undefined
  /** Milliseconds. */
  elapsed?: number | undefined
}

/** Connecting took longer than `connectTimeout`, or a command longer than its own deadline. */
export class TimeoutError extends RedisError {
  declare readonly name: 'TimeoutError'
  /** How far it had come: waiting for its turn, waiting for a link, or written and without a reply. */
  declare phase: Phase | undefined
  /** Milliseconds from the call until its time was up. */
  declare elapsed: number | undefined

  constructor(message: string, details?: TimeoutDetails) {
    super(message, details)
    const phase = given(details, 'phase')
    const elapsed = given(details, 'elapsed')
    if (phase !== undefined) this.phase = phase
    if (elapsed !== undefined) this.elapsed = elapsed
  }
}

/** What the server sent is not RESP, or is beyond a limit of the reader. The connection is destroyed. */
export class InvalidResponse extends RedisError {
  declare readonly name: 'InvalidResponse'
}

// The caller

export interface DataDetails extends ErrorDetails {
  value?: bigint | undefined
}

/** An argument of a wrong type, options that exclude each other, or an integer that does not fit in a number. */
export class DataError extends RedisError {
  declare readonly name: 'DataError'
  /** The integer of the reply that does not fit in a number. The `bigints` view returns it. */
  declare value: bigint | undefined

  constructor(message: string, details?: DataDetails) {
    super(message, details)
    const value = given(details, 'value')
    if (value !== undefined) this.value = value
  }
}

/** A subscription was misused, or its queue is full and its policy is `'error'`. */
export class PubSubError extends RedisError {
  declare readonly name: 'PubSubError'
}

/** A watched key changed, or the link was lost before EXEC was written. Nothing of the transaction ran. */
export class WatchError extends RedisError {
  declare readonly name: 'WatchError'
}

/**
 * A task waits for a connection while all of them are lent to its own ancestors: to the very sessions it runs in. It
 * would wait for ever, so it does not begin to.
 */
export class ChildDeadlockedError extends RedisError {
  declare readonly name: 'ChildDeadlockedError'
}

/**
 * Why a lock refused.
 *
 * - `'not acquired'`: somebody else held it until the wait was over.
 * - `'not a lock'`: one of its keys holds something that is no lock, so that waiting does not help.
 * - `'not locked'`: `release` or `extend` without a lock in hand.
 * - `'already locked'`: `acquire` of a lock that is in hand.
 * - `'not owned'`: it was ours, and now another owner's token is there.
 * - `'expired'`: it was ours, and its time ran out.
 * - `'no ttl'`: `extend` of a lock that never expires.
 * - `'unreachable'`: too few servers answered to tell; see `cause`.
 * - `'aborted'`: given up in the middle, by its signal or by closing the client.
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

/** A lock was not acquired in time, or was used against its rules. */
export class LockError extends RedisError {
  declare readonly name: 'LockError' | 'LockNotOwnedError'
  declare reason: LockReason
  /** The name that the lock was made with. */
  declare lockName: string

  constructor(message: string, details: LockDetails) {
    super(message, details)
    this.reason = details.reason
    this.lockName = details.lockName
  }
}

/** The lock is no longer ours: it expired, and perhaps somebody else holds it by now. */
export class LockNotOwnedError extends LockError {
  declare readonly name: 'LockNotOwnedError'
}

// The server's refusals

/** The server answered with an error. The message is its text, without the arguments that some texts repeat. */
export class ResponseError extends RedisError {
  /** The first word of the reply: `'ERR'`, `'WRONGTYPE'`, `'BUSYGROUP'` … */
  declare code: string

  constructor(message: string, details?: ErrorDetails) {
    super(message, details)
    this.code ??= firstWord(message)
  }
}

/** The server does not know a script of this hash (NOSCRIPT). */
export class NoScriptError extends ResponseError {
  declare readonly name: 'NoScriptError'
}

/** EXEC ran nothing, because a command was refused when it was queued: `cause` is that refusal. */
export class ExecAbortError extends ResponseError {
  declare readonly name: 'ExecAbortError'
}

/** A write was sent to a replica (READONLY). */
export class ReadOnlyError extends ResponseError {
  declare readonly name: 'ReadOnlyError'
}

/** This user may not run this command, or not with this key or channel (NOPERM). */
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

/** AUTH with a number of arguments that this server does not take: it is older than user names. An {@link AuthenticationError} too. */
export class AuthenticationWrongNumberOfArgsError extends ResponseError {
  declare readonly name: 'AuthenticationWrongNumberOfArgsError'
}

/** The keys of a command are on both sides of a slot that is moving (TRYAGAIN). */
export class TryAgainError extends ResponseError {
  declare readonly name: 'TryAgainError'
}

/** The keys of a command, or of a transaction, hash to more than one slot. Told before sending where it can be. */
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

/** The slot is moving, and this key is already at its new node: ask there, this once (ASK). */
export class AskError extends ResponseError {
  declare readonly name: 'AskError' | 'MovedError'
  /** 0 to 16383. */
  declare slot: number
  /** The node to ask. Empty: the host that sent this; `'?'`: the server does not know its name. */
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

/** The slot belongs to another node (MOVED). It is an {@link AskError} too, so look for this one first. */
export class MovedError extends AskError {
  declare readonly name: 'MovedError'
}

// The cluster

/**
 * The cluster did not get a command done: its redirects or retries are used up.
 *
 * {@link ClusterDownError} has two parents. It extends {@link ResponseError}, and `instanceof ClusterError` admits it too.
 */
export class ClusterError extends RedisError {
  declare readonly name: 'ClusterError' | 'ClusterDownError' | 'MasterDownError'

  // `boolean`, and no type predicate: with one, `instanceof` of a subclass narrows to ClusterError and no further.
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this method, and must not inherit what it admits
    return super[Symbol.hasInstance](value) || (this === ClusterError && value instanceof ClusterDownError)
  }
}

/** The cluster does not serve this slot, or none at all, until a node comes back (CLUSTERDOWN). */
export class ClusterDownError extends ResponseError {
  declare readonly name: 'ClusterDownError' | 'MasterDownError'
}

/** A replica lost its primary and may not answer with old data (MASTERDOWN). */
export class MasterDownError extends ClusterDownError {
  declare readonly name: 'MasterDownError'
}

/** No startup node answers as a cluster, or a call that a cluster cannot serve: a database, a command without keys. */
export class RedisClusterException extends RedisError {
  declare readonly name: 'RedisClusterException' | 'SlotNotCoveredError'
}

/** No node serves the slot, and a fresh look at the cluster did not help. */
export class SlotNotCoveredError extends RedisClusterException {
  declare readonly name: 'SlotNotCoveredError'
}

function firstWord(text: string): string {
  const end = text.indexOf(' ')
  return end < 0 ? text : text.slice(0, end)
}

// Written out, because minifiers rename classes; on the prototype, so that no error carries its name.
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
