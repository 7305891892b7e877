/**
 * A context decides what a call returns.
 *
 * A command is defined once, in a group class that is generic over a Context. A client's context turns a reply into
 * `Promise<reply>`, a pipeline's context into a longer pipeline. `Outcome<C, R>` is that function on types.
 */
import type { Command } from './command.js'

/** The types of text and integer replies: strings and numbers, unless a view asks for Buffers or bigints. */
export interface ReplyTypes {
  readonly text: string | Buffer
  readonly int: number | bigint
}

/** @deprecated Renamed `ReplyTypes`. */
export type Form = ReplyTypes

/** The reply types of a plain client. */
export interface Plain extends ReplyTypes {
  readonly text: string
  readonly int: number
}

/** The reply types `F` with text replies as Buffers (`redis.bytes`). */
export interface Bytes<F extends ReplyTypes> extends ReplyTypes {
  readonly text: Buffer
  readonly int: F['int']
}

/** The reply types `F` with integer replies as bigints (`redis.bigints`). */
export interface Bigints<F extends ReplyTypes> extends ReplyTypes {
  readonly text: F['text']
  readonly int: bigint
}

export interface Context extends ReplyTypes {
  readonly reply: unknown
  readonly outcome: unknown
}

/**
 * What a call of context `C` returns when its reply is `R`: a promise of `R` for a client, the longer pipeline for a
 * pipeline.
 */
export type Outcome<C extends Context, R> = (C & { readonly reply: R })['outcome']

/** The context of clients, sessions and their views: every call returns a promise. */
export interface Promised<F extends ReplyTypes = Plain> extends Context {
  readonly text: F['text']
  readonly int: F['int']
  readonly outcome: Promise<this['reply']>
}

/** An object that runs commands in the context `C`. */
export abstract class Runner<C extends Context> {
  /** Carries `C` for type inference only; it has no value. */
  declare readonly '~context'?: C

  /** Runs any command, also one that you define: `redis.run(new Command(spec, args))`. Returns its decoded reply. */
  abstract run<R>(command: Command): Outcome<C, R>
}

/** A group of commands under its own name (`redis.json`). It runs them on the object that it belongs to. */
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
