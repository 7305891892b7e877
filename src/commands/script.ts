import { DataError } from '../errors/errors.js'
import type { Argument, Key, OneOrMore } from './core/argument.js'
import { type Checks, isAnything, isCount, isFunction, isText, ownOptions } from './core/check-options.js'
import { Command } from './core/command.js'
import type { Context, Outcome, Runner } from './core/context.js'
import { type Decoder, raw } from './core/decoder.js'
import { refuse } from './core/option-tokens.js'
import type { ReplyFormat } from './core/reply-format.js'
import { isEncodable } from './core/value-types.js'
import { called, EVAL, EVAL_RO, EVALSHA, EVALSHA_RO } from './scripting.js'

export interface ScriptOptions {
  readonly lua: string
  /** The number of keys that each run must have. By default any number is allowed. */
  readonly keys?: number | undefined
  /**
   * Declares that the script writes nothing, which the server enforces. It may run on a replica, and is retried after a
   * lost connection. @since 7.0
   */
  readonly readonly?: boolean | undefined
}

/** Decodes the reply for `run`. The reply comes as `call` returns it. */
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
 * A Lua script, created once and run on anything that runs commands: clients, sessions, pipelines, transactions. Only
 * its SHA-1 is sent, and its text when the server does not have it. In pipelines and transactions its text is sent
 * once, with the first run.
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

  /** The SHA-1 of the text, in hexadecimal, by which the server identifies the script. */
  get sha1(): string {
    // Loaded with the first script: loading node:crypto takes a quarter of the time of this package.
    this.#sha1 ??= process.getBuiltinModule('node:crypto').createHash('sha1').update(this.lua).digest('hex')
    return this.#sha1
  }

  /**
   * Runs the script: `await script.run(redis, ['k'], [2])`, or `script.run(redis.pipeline(), 'k', 2)`. Returns the
   * decoded reply. `KEYS[1]` is the first key and `ARGV[1]` the first argument. Rejects with `DataError` if the number
   * of keys is wrong.
   */
  run<C extends Context>(on: Runner<C>, keys: OneOrMore<Key> = [], args: OneOrMore<Argument> = []): Outcome<C, R> {
    if (typeof on?.run === 'function') return on.run<R>(new ScriptCommand(this, keys, args))
    const fault = new DataError(
      'The first argument of run() of a Script must be a client, a session, a pipeline or a transaction.',
    )
    return Promise.reject(fault) as Outcome<C, R>
  }
}

/**
 * Limit of scripts in one batch. Beyond it texts are sent again, because a server keeps only the last 500 texts of
 * EVAL.
 */
const MOST_TEXTS = 100

/** The scripts whose text has been written to one connection, or in one transaction. */
export class Texts {
  readonly #sha1s = new Set<string>()

  /** Records `script`. Returns false if its text was recorded before. */
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

/** A run of a script: EVALSHA with its hash, or EVAL with its text if the server may not have it. */
export class ScriptCommand extends Command {
  readonly script: Script<unknown>
  /** Belongs to the pipeline that it is first written with; when it is sent again, it is sent with its text. */
  carried: Carried | undefined = undefined

  constructor(script: Script<unknown>, keys: OneOrMore<Key>, args: OneOrMore<Argument>) {
    const words = called(script.sha1, keys, args)
    const count = words[1]
    if (script.keys !== undefined && count !== script.keys) {
      refuse(words, `The script needs ${script.keys} keys, but ${count} were given.`)
    }
    super(script.readonly ? EVALSHA_RO : EVALSHA, words, script.decode)
    this.script = script
  }

  /** Whether it is sent with the script's text. */
  get hasText(): boolean {
    return this.spec === EVAL || this.spec === EVAL_RO
  }

  /** Makes it send the script's text from now on. */
  giveText(): void {
    if (this.hasText) return
    const { args, spec } = this.asEval()
    this.args = args
    this.spec = spec
    this.size += this.script.lua.length
  }

  /**
   * Called before it is written to `connection`: the hash is enough if the same pipeline has already written the text.
   */
  chooseFor(connection: object): void {
    const { carried } = this
    this.carried = undefined
    // A run that will be rejected for its arguments does not carry the text for the runs after it.
    if (carried === undefined || !this.args.every(isEncodable) || carried.on(connection).lacks(this.script)) {
      this.giveText()
    }
  }

  /** The command to write in a transaction in which the scripts of `texts` were written before. */
  lineAfter(texts: Texts): Command {
    return texts.lacks(this.script) ? this.asEval() : this
  }

  /** The same run with the script's text; also after a prefix was added to its keys. */
  asEval(): Command {
    const { args, decode, script, shape } = this
    const command = new Command(script.readonly ? EVAL_RO : EVAL, [script.lua, ...args.slice(1)], decode)
    command.shape = shape
    return command
  }
}

/**
 * Whether the server knows the flags of the script or function of `command` before it runs. READONLY then means that it
 * did not run. A script without flags in its first line runs on a replica up to its first write, and may then return
 * READONLY.
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

/** A decoder of this package also gets the reply format of the view. */
function fromPlain(decode: unknown): Decoder {
  const read = decode as (reply: unknown, shape: ReplyFormat) => unknown
  return (reply, shape) => read(raw(reply), shape)
}
