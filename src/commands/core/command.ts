/**
 * What is said to Redis. A Spec says what a command is, once for all its calls; a Command is one call of it.
 */
import type { RedisError } from '../../errors/errors.js'
import type { SignalWatcher } from './abort-signals.js'
import type { Argument, Arguments } from './argument.js'
import type { CallOptions } from './call-options.js'
import type { Decoder } from './decoder.js'
import { findKeys, isToken, numberOf } from './key-specs.js'
import { PLAIN, type ReplyFormat } from './reply-format.js'
import type { Spec } from './spec.js'

/** What is called once a command has settled, before its promise does. */
export type WhenSettled = (command: Command, value: unknown, error: unknown) => void

/** What is kept of a call that did not go the usual way; most calls have none. */
export class CallDetails {
  callOptions: CallOptions | undefined = undefined
  /** How often it was lost with its connection. */
  attempts = 0
  /** Redirects followed (cluster). */
  redirects = 0
  /** How often it waited for its slot to be served (cluster). */
  waits = 0
  /** The refusal (LOADING, TRYAGAIN…) after which it waits to be sent again. */
  refusal: RedisError | undefined = undefined
  /** Called when what was refused with `error` is sent again as another command: the text of a script for its hash. */
  onReplaced: ((error: unknown) => void) | undefined = undefined
  #whenSettled: WhenSettled[] | undefined = undefined

  /** Calls `done` once, before the promise settles; the first that asked is called first. */
  whenSettled(done: WhenSettled): void {
    if (this.#whenSettled === undefined) this.#whenSettled = [done]
    else this.#whenSettled.push(done)
  }

  /** Takes back what `whenSettled` was asked. */
  ignoreSettled(done: WhenSettled): void {
    const all = this.#whenSettled
    const index = all?.indexOf(done) ?? -1
    if (index >= 0) all?.splice(index, 1)
  }

  settled(command: Command, value: unknown, error: unknown): void {
    const all = this.#whenSettled
    if (all === undefined) return
    // A pipeline that is sent again asks anew.
    this.#whenSettled = undefined
    for (const done of all) done(command, value, error)
  }
}

/** Calls `done` once `command` has settled, before its promise does. */
export function whenSettled(command: Command, done: WhenSettled): void {
  command.details ??= new CallDetails()
  command.details.whenSettled(done)
}

/** Bits of a command's `state`. */
export const State = {
  /** Handed to a socket at least once, and not refused since. */
  written: 1,
  /** May be sent again although it may have run. */
  repeatable: 2,
  /** Belongs to one connection: never sent again on another. */
  pinned: 4,
  /** Written, and its reply is still to come on a connection that lives. */
  inFlight: 8,
  /** One of several with one promise: `resolve` gets the error of a failed one as it is, and `failed` is set. */
  batched: 16,
  failed: 32,
  /** One of a pipeline that changes something: never sent again alone, since its neighbours would be overtaken. */
  ordered: 64,
  /** A unit: its lines are written in its place. */
  multiExec: 128,
  /** A line of a unit; its holder is the unit. */
  multiPart: 256,
  /** The next write says ASKING before it (cluster). */
  asking: 512,
  /** Its reply has a form that it cannot have: replies may belong to other commands. */
  suspected: 1024,
  /** The server may block on it: its silence proves nothing. */
  blocking: 2048,
  /** It was accepted before, and is sent again: a link that closes takes it. */
  accepted: 4096,
  /** A script of a pipeline: the connection that writes it decides whether its text is sent, or its hash. */
  scripted: 8192,
  /** It was lost twice: nothing else is in flight on its connection when it is written. */
  alone: 16384,
  /** Nothing is written after it until the server has replied: it blocks the connection, or selects a database. */
  fence: 32768,
} as const

/** Who has an unsettled command. */
export interface CommandOwner {
  /**
   * The deadline of `command` has passed, `elapsed` ms after the call, and the sockets were read `round` times since. True if
   * it was settled; false asks to come again after the next read: its reply may still be in the kernel.
   */
  onDeadline(command: Command, elapsed: number, round: number): boolean
  /** The caller gave `command` up: it is settled now, and if it was not written it never will be. */
  onAbort(command: Command, reason: unknown): void
  /** The server refused `command`: settles it, or sends it again. */
  onErrorReply(command: Command, error: RedisError): void
}

const NOTHING: readonly Argument[] = []

/**
 * One call of a command. The first half says what is sent and how the reply is read; the second half belongs to who
 * runs it, for the one run that a Command has.
 */
export class Command implements SignalWatcher {
  /** Another one only where the text of a script is sent instead of its hash. */
  spec: Spec
  args: readonly Argument[]
  /** Reads the reply; the spec's unless the options of this call change what comes back. */
  readonly decode: Decoder

  /** The form of text and integers, and the key prefix, of the view that runs it. */
  shape: ReplyFormat = PLAIN
  /** What the arguments take, in bytes, roughly; 0 until it was measured. */
  size = 0
  /** On the process's own clock, in whole ms (a fraction would be an object of its own); 0 is none. */
  deadline = 0
  /** Bits of `State`. */
  state = 0
  /** Settles it; undefined before its run and behind it. The command is handed along for those that serve many. */
  resolve: ((value: unknown, command: Command) => void) | undefined = undefined
  details: CallDetails | undefined = undefined
  /** What a collected command came to. */
  result: unknown = undefined
  /** Who has it now: a link, a router; asked what phase it is in when its deadline passes. */
  owner: CommandOwner | undefined = undefined

  /** The same for all commands of a pipeline. */
  get batch(): unknown {
    return this.resolve
  }

  constructor(spec: Spec, args: Arguments, decode: Decoder = spec.decode) {
    this.spec = spec
    // A DataError among them is found by `measure`, which every run begins with.
    this.args = args as readonly Argument[]
    this.decode = decode
  }

  /** The signal of its caller aborted. */
  aborted(reason: unknown): void {
    this.owner?.onAbort(this, reason)
  }

  /** Lets go of the arguments: what has settled must not hold a big value. */
  release(): void {
    this.args = NOTHING
  }
}

/** Indexes of the arguments that are keys, in the order of the spec. */
export function keyIndexes(command: Command): number[] {
  const found: number[] = []
  for (const spec of command.spec.keys) findKeys(spec, command.args, found)
  return found
}

/** How long the server may block on it, in ms: 0 for ever, undefined if this call does not block. */
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
      // The token stands before STREAMS; a stream may be named BLOCK, and a group or a consumer too.
      for (let i = isToken(args[0], 'GROUP') ? 3 : 0; i < args.length - 1; i++) {
        if (isToken(args[i], 'STREAMS')) return undefined
        if (isToken(args[i], 'BLOCK')) return Math.ceil(numberOf(args[i + 1]))
      }
      return undefined
    }
  }
}
