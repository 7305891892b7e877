import type { Argument, Arguments, Key, OneOrMore, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, type Plain, type ReplyTypes, Runner } from './core/context.js'
import { raw } from './core/decoder.js'
import {
  blob,
  int,
  itemPerArgument,
  list,
  named,
  ok,
  orNull,
  pairsOf,
  record,
  text,
  texts,
  word,
} from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { countedKeys } from './core/key-specs.js'
import { exclusive, flag, option, plainOptions, pushSeveral, refuse } from './core/option-tokens.js'
import type { Reply } from './core/reply.js'
import { and, first, one } from './core/response-policies.js'
import { keyless, read, type Spec, write } from './core/spec.js'

/** Whether the server replies when it is done, or at once and continues in the background. */
export type FlushOptions = AtMostOne<{ readonly async: boolean; readonly sync: boolean }>

export interface FunctionListOptions {
  /** Only libraries that match this glob-style pattern. */
  readonly libraryname?: string
  /** Adds the source text. */
  readonly withcode?: boolean
}

/** How existing libraries are treated. By default a library of the same name is an error. */
export type FunctionRestoreOptions = AtMostOne<{
  /** Deletes all existing libraries first. */
  readonly flush: boolean
  /** Keeps existing libraries; one of the same name is an error. */
  readonly append: boolean
  /** Keeps existing libraries, and replaces those of the same name. */
  readonly replace: boolean
}>

export interface FunctionLibrary {
  readonly libraryName: string
  readonly engine: string
  readonly functions: LibraryFunction[]
  /** Only with `withcode`. */
  readonly libraryCode?: string
}

export interface LibraryFunction {
  readonly name: string
  readonly description: string | null
  readonly flags: string[]
}

export interface FunctionStats<F extends ReplyTypes = Plain> {
  readonly runningScript: RunningScript<F> | null
  readonly engines: Record<string, { readonly librariesCount: F['int']; readonly functionsCount: F['int'] }>
}

export interface RunningScript<F extends ReplyTypes = Plain> {
  readonly name: string
  /** The words of the call. */
  readonly command: F['text'][]
  /** Milliseconds since it started. */
  readonly durationMs: F['int']
}

const libraries = list(
  named({
    library_name: word,
    engine: word,
    functions: list(named({ name: word, description: orNull(word), flags: list(word) })),
    library_code: word,
  }),
)

const runningScript = named({ name: word, command: texts, duration_ms: int })

/** Null if no function is running. */

const functionStats = named({
  running_script: orNull(runningScript),
  engines: record(named({ libraries_count: int, functions_count: int })),
})

/** All shards have the same libraries, but a function runs on one of them: choose the reply of that shard. */
function busiest(replies: readonly Reply[]): Reply {
  return replies.find(reply => runs(reply)) ?? first(replies)
}

function runs(reply: Reply): boolean {
  const pairs = pairsOf(reply) ?? []
  return pairs.some((name, i) => i % 2 === 0 && word(name) === 'running_script' && (pairs[i + 1] ?? null) !== null)
}

const writing = { keys: [countedKeys(1, 'write')], script: true }
const reading = { keys: [countedKeys(1, 'read')], script: true }
const onShards = { requestPolicy: 'all_shards', responsePolicy: first } as const
const whereItRuns = { requestPolicy: 'all_shards', responsePolicy: one } as const
const onNodes = { requestPolicy: 'all_nodes', responsePolicy: first } as const

export const EVAL: Spec = write('EVAL', raw, writing)
export const EVAL_RO: Spec = read('EVAL_RO', raw, reading)
export const EVALSHA: Spec = write('EVALSHA', raw, writing)
export const EVALSHA_RO: Spec = read('EVALSHA_RO', raw, reading)
const FCALL = write('FCALL', raw, writing)
const FCALL_RO = read('FCALL_RO', raw, reading)
const FUNCTION_DELETE = keyless('FUNCTION DELETE', ok, onShards)
const FUNCTION_DUMP = keyless('FUNCTION DUMP', blob, { binary: true })
const FUNCTION_FLUSH = keyless('FUNCTION FLUSH', ok, onShards)
const FUNCTION_HELP = keyless('FUNCTION HELP', list(word))
const FUNCTION_KILL = keyless('FUNCTION KILL', ok, whereItRuns)
const FUNCTION_LIST = keyless('FUNCTION LIST', libraries)
const FUNCTION_LOAD = keyless('FUNCTION LOAD', word, onShards)
const FUNCTION_RESTORE = keyless('FUNCTION RESTORE', ok, onShards)
const FUNCTION_STATS = keyless('FUNCTION STATS', functionStats, {
  requestPolicy: 'all_shards',
  responsePolicy: busiest,
})
/** Turns the connection into a debugging console that does not speak RESP. */
export const SCRIPT_DEBUG: Spec = keyless('SCRIPT DEBUG', word, {
  reserved: { session: false, instead: 'redis-cli with --ldb' },
})
/** For each hash, whether the server has the script. */
export const SCRIPT_EXISTS: Spec = keyless('SCRIPT EXISTS', itemPerArgument(0, list(int)), {
  requestPolicy: 'all_shards',
  responsePolicy: and,
})
export const SCRIPT_FLUSH: Spec = keyless('SCRIPT FLUSH', ok, onNodes)
const SCRIPT_HELP = keyless('SCRIPT HELP', list(word))
const SCRIPT_KILL = keyless('SCRIPT KILL', ok, whereItRuns)
const SCRIPT_LOAD = keyless('SCRIPT LOAD', word, onNodes)
const SCRIPT_SHOW = keyless('SCRIPT SHOW', text)

/**
 * Commands for Lua scripts and functions of libraries. The type of their replies is unknown; a `Script` gives it a
 * type.
 */
export abstract class Scripting<C extends Context> extends Runner<C> {
  /** Runs a script. Returns its reply as `call` does. @since 2.6 [EVAL](https://redis.io/commands/eval) */
  eval(script: Argument, keys: OneOrMore<Key> = [], args: OneOrMore<Argument> = []): Outcome<C, unknown> {
    return this.run(new Command(EVAL, called(script, keys, args)))
  }

  /**
   * Runs a script that may not write. Returns its reply as `call` does. @since 7.0
   * [EVAL_RO](https://redis.io/commands/eval_ro)
   */
  evalRo(script: Argument, keys: OneOrMore<Key> = [], args: OneOrMore<Argument> = []): Outcome<C, unknown> {
    return this.run(new Command(EVAL_RO, called(script, keys, args)))
  }

  /**
   * Runs a script that the server has, by the SHA-1 of its text in hexadecimal. Returns its reply as `call` does.
   * Rejects with `NoScriptError` if the server does not have it; a `Script` sends its text in that case. @since 2.6
   * [EVALSHA](https://redis.io/commands/evalsha)
   */
  evalsha(sha1: Argument, keys: OneOrMore<Key> = [], args: OneOrMore<Argument> = []): Outcome<C, unknown> {
    return this.run(new Command(EVALSHA, called(sha1, keys, args)))
  }

  /**
   * Like `evalsha`, for a script that may not write. Returns its reply as `call` does. @since 7.0
   * [EVALSHA_RO](https://redis.io/commands/evalsha_ro)
   */
  evalshaRo(sha1: Argument, keys: OneOrMore<Key> = [], args: OneOrMore<Argument> = []): Outcome<C, unknown> {
    return this.run(new Command(EVALSHA_RO, called(sha1, keys, args)))
  }

  /**
   * Runs a function of a library. Returns its reply as `call` does. @since 7.0 [FCALL](https://redis.io/commands/fcall)
   */
  fcall(name: Argument, keys: OneOrMore<Key> = [], args: OneOrMore<Argument> = []): Outcome<C, unknown> {
    return this.run(new Command(FCALL, called(name, keys, args)))
  }

  /**
   * Runs a function that is declared read-only. Returns its reply as `call` does. @since 7.0
   * [FCALL_RO](https://redis.io/commands/fcall_ro)
   */
  fcallRo(name: Argument, keys: OneOrMore<Key> = [], args: OneOrMore<Argument> = []): Outcome<C, unknown> {
    return this.run(new Command(FCALL_RO, called(name, keys, args)))
  }

  /** Deletes a library. Returns `'OK'`. @since 7.0 [FUNCTION DELETE](https://redis.io/commands/function-delete) */
  functionDelete(libraryName: Argument): Outcome<C, 'OK'> {
    return this.run(new Command(FUNCTION_DELETE, [libraryName]))
  }

  /**
   * Returns all libraries as bytes, for `functionRestore`. @since 7.0
   * [FUNCTION DUMP](https://redis.io/commands/function-dump)
   */
  functionDump(): Outcome<C, Buffer> {
    return this.run(new Command(FUNCTION_DUMP, []))
  }

  /** Deletes all libraries. Returns `'OK'`. @since 7.0 [FUNCTION FLUSH](https://redis.io/commands/function-flush) */
  functionFlush(mode: FlushOptions = {}): Outcome<C, 'OK'> {
    return this.run(new Command(FUNCTION_FLUSH, flushing(mode)))
  }

  /** Returns the server's own help on FUNCTION. @since 7.0 [FUNCTION HELP](https://redis.io/commands/function-help) */
  functionHelp(): Outcome<C, string[]> {
    return this.run(new Command(FUNCTION_HELP, []))
  }

  /**
   * Stops the running function, if it has not written anything yet. Returns `'OK'`. @since 7.0
   * [FUNCTION KILL](https://redis.io/commands/function-kill)
   */
  functionKill(): Outcome<C, 'OK'> {
    return this.run(new Command(FUNCTION_KILL, []))
  }

  /** Returns the libraries and their functions. @since 7.0 [FUNCTION LIST](https://redis.io/commands/function-list) */
  functionList(options: FunctionListOptions = {}): Outcome<C, FunctionLibrary[]> {
    const args: Arguments = []
    options = plainOptions(args, options)
    option(args, 'LIBRARYNAME', options.libraryname)
    flag(args, 'WITHCODE', options.withcode)
    return this.run(new Command(FUNCTION_LIST, args))
  }

  /**
   * Creates a library from its source text. Returns its name. A library of the same name is an error, unless `replace`
   * is given. @since 7.0 [FUNCTION LOAD](https://redis.io/commands/function-load)
   */
  functionLoad(code: Argument, options: { readonly replace?: boolean } = {}): Outcome<C, string> {
    const args: Arguments = []
    options = plainOptions(args, options)
    flag(args, 'REPLACE', options.replace)
    args.push(code)
    return this.run(new Command(FUNCTION_LOAD, args))
  }

  /**
   * Creates the libraries that `functionDump` returned. Returns `'OK'`. @since 7.0
   * [FUNCTION RESTORE](https://redis.io/commands/function-restore)
   */
  functionRestore(dump: Uint8Array, options: FunctionRestoreOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [dump]
    options = plainOptions(args, options)
    exclusive(args, options, 'flush', 'append', 'replace')
    flag(args, 'FLUSH', options.flush)
    flag(args, 'APPEND', options.append)
    flag(args, 'REPLACE', options.replace)
    return this.run(new Command(FUNCTION_RESTORE, args))
  }

  /**
   * Returns the running function, and the number of libraries and functions of each engine. @since 7.0
   * [FUNCTION STATS](https://redis.io/commands/function-stats)
   */
  functionStats(): Outcome<C, FunctionStats<C>> {
    return this.run(new Command(FUNCTION_STATS, []))
  }

  /**
   * Returns for each SHA-1 in hexadecimal 1 if the server has the script, else 0. @since 2.6
   * [SCRIPT EXISTS](https://redis.io/commands/script-exists)
   */
  scriptExists(...sha1s: Several<Argument>): Outcome<C, C['int'][]> {
    const args: Arguments = []
    pushSeveral(args, sha1s, 'SHA-1')
    return this.run(new Command(SCRIPT_EXISTS, args))
  }

  /**
   * Deletes all scripts from the server's cache. Returns `'OK'`. @since 2.6
   * [SCRIPT FLUSH](https://redis.io/commands/script-flush)
   */
  scriptFlush(mode: FlushOptions = {}): Outcome<C, 'OK'> {
    return this.run(new Command(SCRIPT_FLUSH, flushing(mode)))
  }

  /** Returns the server's own help on SCRIPT. @since 5.0 [SCRIPT HELP](https://redis.io/commands/script-help) */
  scriptHelp(): Outcome<C, string[]> {
    return this.run(new Command(SCRIPT_HELP, []))
  }

  /**
   * Stops the running script, if it has not written anything yet. Returns `'OK'`. @since 2.6
   * [SCRIPT KILL](https://redis.io/commands/script-kill)
   */
  scriptKill(): Outcome<C, 'OK'> {
    return this.run(new Command(SCRIPT_KILL, []))
  }

  /**
   * Stores a script on the server without running it. Returns the SHA-1 of its text in hexadecimal. @since 2.6
   * [SCRIPT LOAD](https://redis.io/commands/script-load)
   */
  scriptLoad(script: Argument): Outcome<C, string> {
    return this.run(new Command(SCRIPT_LOAD, [script]))
  }

  /**
   * Returns the text of a script that the server has, by its SHA-1 in hexadecimal. Rejects with `NoScriptError` if the
   * server does not have it. Valkey only. @since 8.0 [SCRIPT SHOW](https://valkey.io/commands/script-show)
   */
  scriptShow(sha1: Argument): Outcome<C, C['text']> {
    return this.run(new Command(SCRIPT_SHOW, [sha1]))
  }
}

/** The script or function, the number of keys, the keys, and the other arguments. */
export function called(what: Argument, keys: OneOrMore<Key>, rest: OneOrMore<Argument>): Arguments {
  const several: readonly Key[] = Array.isArray(keys) ? keys : [keys as Key]
  const others: readonly Argument[] = Array.isArray(rest) ? rest : [rest as Argument]
  const args: Arguments = [what, several.length]
  if (typeof keys === 'number') {
    refuse(
      args,
      'Expected an array of keys, found a number. The number of keys is added for you: eval(script, [key, …], [argument, …]).',
    )
  }
  for (const key of several) args.push(key)
  for (const other of others) args.push(other)
  return args
}

function flushing(mode: FlushOptions): Arguments {
  const args: Arguments = []
  mode = plainOptions(args, mode)
  exclusive(args, mode, 'async', 'sync')
  flag(args, 'ASYNC', mode.async)
  flag(args, 'SYNC', mode.sync)
  return args
}
