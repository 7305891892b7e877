/**
 * What a call gives back, decided by who runs it.
 *
 * A command is defined once, in a group class that is generic over a Context. A client's context turns a reply into
 * `Promise<reply>`, a pipeline's into a longer pipeline. `Outcome<C, R>` is that function on types.
 */
import type { Command } from './command.js'

/** What text replies and integer replies are: strings and numbers, unless a view asks for Buffers or bigints. */
export interface ReplyTypes {
  readonly text: string | Buffer
  readonly int: number | bigint
}

/** @deprecated Renamed `ReplyTypes`. */
export type Form = ReplyTypes

/** The form of a plain client. */
export interface Plain extends ReplyTypes {
  readonly text: string
  readonly int: number
}

/** The form `F` with text replies as Buffers (`redis.bytes`). */
export interface Bytes<F extends ReplyTypes> extends ReplyTypes {
  readonly text: Buffer
  readonly int: F['int']
}

/** The form `F` with integer replies as bigints (`redis.bigints`). */
export interface Bigints<F extends ReplyTypes> extends ReplyTypes {
  readonly text: F['text']
  readonly int: bigint
}

export interface Context extends ReplyTypes {
  readonly reply: unknown
  readonly outcome: unknown
}

/** What a call of context `C` gives back when its reply is `R`. */
export type Outcome<C extends Context, R> = (C & { readonly reply: R })['outcome']

/** The context of clients, sessions and their views: every call is a promise. */
export interface Promised<F extends ReplyTypes = Plain> extends Context {
  readonly text: F['text']
  readonly int: F['int']
  readonly outcome: Promise<this['reply']>
}

/** Something that runs commands in the way of context `C`. */
export abstract class Runner<C extends Context> {
  /** Carries `C` for inference only; it has no value. */
  declare readonly '~context'?: C

  /** Runs any command, also one of your own making: `redis.run(new Command(spec, args))`. */
  abstract run<R>(command: Command): Outcome<C, R>
}

/** A family of commands under a name of its own (`redis.json`): it runs them on what it was taken from. */
export abstract class Namespace<C extends Context> extends Runner<C> {
  readonly '~runner': Runner<C>

  constructor(runner: Runner<C>) {
    super()
    this['~runner'] = runner
  }

  run<R>(command: Command): Outcome<C, R> {
    return this['~runner'].run<R>(command)
  }
}
