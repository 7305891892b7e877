import { DataError } from '../errors/errors.js'
import type { Argument, Key } from './core/argument.js'
import { type Checks, isAnything, isCount, isFunction, isText, ownOptions } from './core/check-options.js'
import { Command } from './core/command.js'
import type { Context, Outcome, Runner } from './core/context.js'
import { type Decoder, raw } from './core/decoder.js'
import { type OneOrMore, refuse } from './core/option-tokens.js'
import type { ReplyFormat } from './core/reply-format.js'
import { called, EVAL, EVAL_RO, EVALSHA, EVALSHA_RO } from './scripting.js'

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

const CHECKS: Checks<ScriptOptions & ScriptDecoding<unknown>> = {
  lua: isText,
  keys: isCount,
  readonly: isAnything,
  decode: isFunction,
}

/**
 * A script in Lua, to be made once and run on anything that runs commands: clients, sessions, pipelines, transactions. Its SHA-1 is
 * sent, and its text only where the server does not have it; in pipelines and transactions its text is sent once, with its first run.
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
  constructor(options: ScriptOptions & ScriptDecoding<unknown>) {
    const { lua, keys, readonly = false, decode } = ownOptions(options, CHECKS, { of: 'Script' })
    if (lua === undefined) throw new DataError('Script needs the option lua, the text of the script.')
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
    if (typeof on?.run === 'function') return on.run<R>(new ScriptCommand(this, keys, args))
    const fault = new DataError(
      'run() of a Script takes what it is to run on first: a client, a session or a pipeline.',
    )
    return Promise.reject(fault) as Outcome<C, R>
  }
}

/** More scripts than these in one batch, and their texts are sent anew: a server keeps the last 500 that EVAL brought it. */
const MOST_TEXTS = 100

/** The scripts whose text stands in what is written to one connection, or in one transaction. */
export class Texts {
  readonly #sha1s = new Set<string>()

  /** Takes note of `script`; false if its text is there already. */
  lacks({ sha1 }: Script<unknown>): boolean {
    if (this.#sha1s.has(sha1)) return false
    if (this.#sha1s.size === MOST_TEXTS) this.#sha1s.clear()
    this.#sha1s.add(sha1)
    return true
  }

  clear(): void {
    this.#sha1s.clear()
  }
}

/** The scripts whose text a pipeline has sent, by connection. */
export class Carried {
  readonly #texts = new Map<object, Texts>()

  on(connection: object): Texts {
    let texts = this.#texts.get(connection)
    if (texts === undefined) {
      texts = new Texts()
      this.#texts.set(connection, texts)
    }
    return texts
  }
}

/** A run of a script: EVALSHA with its hash, or EVAL with its text where the server may not have it. */
export class ScriptCommand extends Command {
  readonly script: Script<unknown>
  /** Of the pipeline that it is first written with; what is sent once more is sent with its text. */
  carried: Carried | undefined = undefined

  constructor(script: Script<unknown>, keys: OneOrMore<Key>, args: OneOrMore<Argument>) {
    const words = called(script.sha1, keys, args)
    const count = words[1]
    if (script.keys !== undefined && count !== script.keys) {
      refuse(words, `The script takes ${script.keys} keys, and ${count} were given.`)
    }
    super(script.readonly ? EVALSHA_RO : EVALSHA, words, script.decode)
    this.script = script
  }

  /** Whether it is sent with the script's text. */
  get hasText(): boolean {
    return this.spec === EVAL || this.spec === EVAL_RO
  }

  /** From now on it is sent with the script's text. */
  giveText(): void {
    if (this.hasText) return
    const { args, spec } = this.asEval()
    this.args = args
    this.spec = spec
    this.size += this.script.lua.length
  }

  /** It is about to be written to `connection`: its hash is enough where the same pipeline has written its text. */
  chooseFor(connection: object): void {
    const { carried } = this
    this.carried = undefined
    if (carried === undefined || carried.on(connection).lacks(this.script)) this.giveText()
  }

  /** What is written for it in a transaction in which `texts` stand before it. */
  lineAfter(texts: Texts): Command {
    return texts.lacks(this.script) ? this.asEval() : this
  }

  /** The same run with the script's text; also after a prefix was put before its keys. */
  asEval(): Command {
    const { args, decode, script, shape } = this
    const command = new Command(script.readonly ? EVAL_RO : EVAL, [script.lua, ...args.slice(1)], decode)
    command.shape = shape
    return command
  }
}

/**
 * Whether the server knows what the script or function of `command` may do before it runs, so that READONLY means that it did
 * not run. Without flags in its first line a script runs on a replica up to its first write, and may return that refusal.
 */
export function hasFlags(command: Command): boolean {
  if (command instanceof ScriptCommand) return command.script.lua.startsWith('#!')
  const { args, spec } = command
  if (spec !== EVAL && spec !== EVAL_RO) return spec.name.startsWith('FCALL')
  const [text] = args
  return typeof text === 'string'
    ? text.startsWith('#!')
    : text instanceof Uint8Array && text[0] === 35 && text[1] === 33
}

/** A decoder of ours sees the shape of the view too. */
function fromPlain(decode: unknown): Decoder {
  const read = decode as (reply: unknown, shape: ReplyFormat) => unknown
  return (reply, shape) => read(raw(reply), shape)
}
