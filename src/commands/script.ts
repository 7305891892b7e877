import type { Argument, Key } from './argument.js'
import { Command } from './command.js'
import type { Context, Outcome, Runner } from './context.js'
import { type Decoder, raw } from './decoder.js'
import { called, EVAL, EVAL_RO, EVALSHA, EVALSHA_RO } from './scripting.js'
import type { Shape } from './shape.js'
import { type OneOrMore, refuse } from './tokens.js'

export interface ScriptOptions {
  readonly lua: string
  /** How many keys each run must have; any number unless given. */
  readonly keys?: number
  /** The script writes nothing, and the server holds it to that: it may run on a replica, and again after a loss. @since 7.0 */
  readonly readonly?: boolean
}

/** Makes what `run` gives of the reply, which comes as `call` gives it. */
export interface ScriptDecoding<D> {
  readonly decode?: D
}

/**
 * A script in Lua, to be made once and run on anything that runs commands: clients, sessions, pipelines, transactions. Clients send
 * its SHA-1 and, only where the server does not have it, its text; pipelines and transactions send its text.
 *
 * `new Script({ keys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])", decode: Number })`
 */
export class Script<R = unknown> {
  readonly lua: string
  readonly keys: number | undefined
  readonly readonly: boolean
  readonly decode: Decoder
  #sha1: string | undefined = undefined

  constructor(options: ScriptOptions & ScriptDecoding<(reply: unknown) => R>)
  constructor(options: ScriptOptions & ScriptDecoding<Decoder>)
  constructor({ lua, keys, readonly = false, decode }: ScriptOptions & ScriptDecoding<unknown>) {
    this.lua = lua
    this.keys = keys
    this.readonly = readonly
    this.decode = decode === undefined ? raw : fromPlain(decode)
  }

  /** The SHA-1 of the text, in hexadecimal: what the server knows it by. */
  get sha1(): string {
    // Loaded at the first script: node:crypto takes as long as a quarter of this package.
    this.#sha1 ??= process.getBuiltinModule('node:crypto').createHash('sha1').update(this.lua).digest('hex')
    return this.#sha1
  }

  /**
   * Runs it: `await script.run(redis, ['k'], [2])`, or `script.run(redis.pipeline(), 'k', 2)`. In the script `KEYS[1]` is the
   * first key and `ARGV[1]` the first argument. `DataError` if the number of keys is wrong.
   */
  run<C extends Context>(on: Runner<C>, keys: OneOrMore<Key> = [], args: OneOrMore<Argument> = []): Outcome<C, R> {
    return on.run<R>(new ScriptCommand(this, keys, args))
  }
}

/** A run of a script, as EVALSHA; whoever runs it sends EVAL instead where the text must travel. */
export class ScriptCommand extends Command {
  readonly script: Script<unknown>

  constructor(script: Script<unknown>, keys: OneOrMore<Key>, args: OneOrMore<Argument>) {
    const words = called(script.sha1, keys, args)
    const count = words[1]
    if (script.keys !== undefined && count !== script.keys) {
      refuse(words, `The script takes ${script.keys} keys, and ${count} were given.`)
    }
    super(script.readonly ? EVALSHA_RO : EVALSHA, words, script.decode)
    this.script = script
  }

  /** The same run with the script's text; also after a prefix was put before its keys. */
  asEval(): Command {
    const command = new Command(
      this.script.readonly ? EVAL_RO : EVAL,
      [this.script.lua, ...this.args.slice(1)],
      this.decode,
    )
    command.shape = this.shape
    return command
  }
}

/** A decoder of ours sees the shape of the view too. */
function fromPlain(decode: unknown): Decoder {
  const read = decode as (reply: unknown, shape: Shape) => unknown
  return (reply, shape) => read(raw(reply), shape)
}
