/** A Spec describes a command, once for all its calls. A Command is one call of it. */
import type { RedisError } from '../../errors/errors.js'
import type { SignalWatcher } from './abort-signals.js'
import type { Argument, Arguments } from './argument.js'
import type { CallOptions } from './call-options.js'
import type { Decoder } from './decoder.js'
import { showState } from './inspect.js'
import { findKeys, isToken, numberOf } from './key-specs.js'
import { PLAIN, type ReplyFormat } from './reply-format.js'
import type { Spec } from './spec.js'

/** A callback that runs when a command has settled, before its promise settles. */
export type WhenSettled = (command: Command, value: unknown, error: unknown) => void

/** Rare facts of one call. Most calls have none, so the object is created only when needed. */
export class CallDetails {
  callOptions: CallOptions | undefined = undefined
  /** How often its connection was lost while it was in flight. */
  attempts = 0
  /** Redirects followed (cluster). */
  redirects = 0
  /** The server that replied: `host:port`, or the path of a unix socket. */
  node: string | undefined = undefined
  /** How often it waited for its slot to be served (cluster). */
  waits = 0
  /** The retryable error reply (LOADING, TRYAGAIN…) after which it waits to be sent again. */
  refusal: RedisError | undefined = undefined
  /**
   * Called with the error reply when the call is sent again as another command: EVAL with the script's text after
   * NOSCRIPT.
   */
  onReplaced: ((error: unknown) => void) | undefined = undefined
  /** Public, because with a private member the Commands of two copies of this package would have types that do not fit. */
  callbacks: WhenSettled[] | undefined = undefined

  /** Calls `done` once, before the promise settles. Callbacks run in the order in which they were added. */
  whenSettled(done: WhenSettled): void {
    if (this.callbacks === undefined) this.callbacks = [done]
    else this.callbacks.push(done)
  }

  /** Removes a callback of `whenSettled`. */
  ignoreSettled(done: WhenSettled): void {
    const all = this.callbacks
    const index = all?.indexOf(done) ?? -1
    if (index >= 0) all?.splice(index, 1)
  }

  settled(command: Command, value: unknown, error: unknown): void {
    const all = this.callbacks
    if (all === undefined) return
    // A pipeline that is sent again adds its callbacks again.
    this.callbacks = undefined
    for (const done of all) done(command, value, error)
  }
}

/** Calls `done` once `command` has settled, before its promise settles. */
export function whenSettled(command: Command, done: WhenSettled): void {
  command.details ??= new CallDetails()
  command.details.whenSettled(done)
}

/** Bits of a command's `state`. */
export const State = {
  /** Handed to a socket at least once, and no retryable error reply since. */
  written: 1,
  /** May be sent again although it may have run. */
  repeatable: 2,
  /** Belongs to one connection: it is never sent again on another. */
  pinned: 4,
  /** Written to a connection that is still open; the reply has not arrived. */
  inFlight: 8,
  /** Part of a batch with one promise: `resolve` gets the error of a failed command as a value, and `failed` is set. */
  batched: 16,
  failed: 32,
  /**
   * Part of a pipeline that writes. It is never resent alone, because it would then run after the commands that follow
   * it.
   */
  ordered: 64,
  /** A MULTI transaction: its commands are written in its place. */
  multiExec: 128,
  /** A command of a MULTI transaction; its owner is the MultiExec. */
  multiPart: 256,
  /** ASKING is written before it (cluster). */
  asking: 512,
  /** Its reply has a type that the command cannot return: the replies may belong to other commands. */
  suspected: 1024,
  /** The server may block on it, so missing replies do not show that the connection is lost. */
  blocking: 2048,
  /** It was accepted earlier and is sent again: a link that is closing still takes it. */
  accepted: 4096,
  /** A script of a pipeline: the connection that writes it decides whether to send the text or the hash. */
  scripted: 8192,
  /** Its connection was lost twice: it is written only while nothing else is in flight. */
  alone: 16384,
  /** Nothing is written after it until the server has replied: it blocks the connection, or selects a database. */
  fence: 32768,
} as const

/**
 * Notes that the server rejected `command` before it ran: it counts as never written, unless an earlier connection was lost with
 * it, because the command may have run there.
 */
export function noteNotRun(command: Command): void {
  if ((command.details?.attempts ?? 0) === 0) command.state &= ~State.written
}

/** The object that holds an unsettled command and decides about it. */
export interface CommandOwner {
  /**
   * The deadline of `command` passed `elapsed` ms after the call; sockets were read `round` times since. Returns true
   * if the command was settled. Returns false to be called again after the next read, because the reply may still be in
   * the kernel.
   */
  onDeadline(command: Command, elapsed: number, round: number): boolean
  /** The caller aborted `command`: settle it now. If it was not written, it never will be. */
  onAbort(command: Command, reason: unknown): void
  /** The server replied to `command` with an error: settle the command or send it again. */
  onErrorReply?(command: Command, error: RedisError): void
}

const NOTHING: readonly Argument[] = []

/**
 * One call of a command. The first half of the fields says what is sent and how the reply is read. The second half
 * belongs to the object that runs it; a Command runs once.
 */
export class Command implements SignalWatcher {
  /** Replaced only when the text of a script is sent instead of its hash. */
  spec: Spec
  args: readonly Argument[]
  /** Decodes the reply. It is the spec's decoder unless the options of this call change the reply type. */
  readonly decode: Decoder

  /** The reply types and the key prefix of the view that runs it. */
  shape: ReplyFormat = PLAIN
  /** Approximate size of the arguments in bytes; 0 until it is measured. */
  size = 0
  /** In whole ms of the process's own clock (a fraction would be allocated as an object); 0 means none. */
  deadline = 0
  /** Bits of `State`. */
  state = 0
  /**
   * Settles the call; undefined before and after its run. It gets the command because some callbacks serve many
   * commands.
   */
  resolve: ((value: unknown, command: Command) => void) | undefined = undefined
  details: CallDetails | undefined = undefined
  /** The result of a batched command. */
  result: unknown = undefined
  /** Its current owner: a link, a router. */
  owner: CommandOwner | undefined = undefined

  /** The same value for all commands of a pipeline. */
  get batch(): unknown {
    return this.resolve
  }

  constructor(spec: Spec, args: Arguments, decode: Decoder = spec.decode) {
    this.spec = spec
    // A DataError among the arguments is found by `measure`, the first step of every run.
    this.args = args as readonly Argument[]
    this.decode = decode
  }

  /** Called when the caller's signal aborts. */
  aborted(reason: unknown): void {
    this.owner?.onAbort(this, reason)
  }

  /** Releases the arguments, so that a settled command does not keep a large value in memory. */
  release(): void {
    this.args = NOTHING
  }
}

showState(Command, ({ spec, args }) => ({ name: spec.name, arguments: args.length }))

/** The indexes of the arguments that are keys, in the order of the spec. */
export function keyIndexes(command: Command): number[] {
  const found: number[] = []
  for (const spec of command.spec.keys) findKeys(spec, command.args, found)
  return found
}

/**
 * How long the server may block on the command, in ms: 0 means for ever, undefined means that this call does not block.
 */
export function blockTime(command: Command): number | undefined {
  const { args, spec } = command
  switch (spec.blocks) {
    case undefined:
      return undefined
    case 'first, seconds':
      return Math.ceil(numberOf(args[0]) * 1000)
    case 'last, seconds':
      return Math.ceil(numberOf(args[args.length - 1]) * 1000)
    case 'last, ms':
      return Math.ceil(numberOf(args[args.length - 1]))
    case 'after BLOCK, ms': {
      // BLOCK stands before STREAMS. A stream, a group or a consumer may be named BLOCK too.
      for (let i = isToken(args[0], 'GROUP') ? 3 : 0; i < args.length - 1; i++) {
        if (isToken(args[i], 'STREAMS')) return undefined
        if (isToken(args[i], 'BLOCK')) return Math.ceil(numberOf(args[i + 1]))
      }
      return undefined
    }
  }
}
