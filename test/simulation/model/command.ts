/** The definition of a command of the model, and its context when it runs. */
import type { ModelConnection } from './connection.js'
import type { Database } from './database.js'
import type { Since } from './dialect.js'
import { Failure, NOT_INTEGER, type Reply } from './reply.js'
import type { ModelServer } from './server.js'
import { int64 } from './text.js'

/**
 * `write`, `read`: the command writes or reads keys; `denyoom`: it is rejected when memory is full; `loading`, `stale`, `busy`: it
 * is allowed while the server is loading, has lost its primary or is busy; `noauth`: it is allowed before AUTH; `noscript`,
 * `nomulti`: it is not allowed in scripts or in MULTI; `blocking`. Others, such as `@dangerous`, are ACL categories.
 */
export type Flag =
  | 'write'
  | 'read'
  | 'denyoom'
  | 'loading'
  | 'stale'
  | 'busy'
  | 'noauth'
  | 'noscript'
  | 'nomulti'
  | 'blocking'
  | 'publishes'
  | 'admin'
  | 'pubsub'

/** Positions of the keys: first, last (from the end if negative), step; or a function that returns the keys. */
export type Keys =
  | readonly [first: number, last: number, step: number]
  | ((args: readonly string[]) => readonly string[])

export interface CommandSpec {
  /** Lower case; `client|id` for a subcommand. */
  readonly name: string
  /** The number of arguments, with the name; a negative number is a minimum. */
  readonly arity: number
  readonly flags: ReadonlySet<Flag>
  readonly keys: Keys | undefined
  readonly run: (call: Call) => Reply
  /** The servers that know it; undefined for all. A newer definition replaces an older one of the same name. */
  readonly since?: Since
}

export const NO_KEY_ARGUMENT: undefined = undefined
export const FIRST: Keys = [1, 1, 1]
export const ALL: Keys = [1, -1, 1]
export const TWO: Keys = [1, 2, 1]

export function command(
  name: string,
  arity: number,
  flags: string,
  keys: Keys | undefined,
  run: (call: Call) => Reply,
): CommandSpec {
  return { name, arity, flags: new Set(flags.split(' ').filter(Boolean) as Flag[]), keys, run }
}

/** Marks commands that only newer servers know, or define in this way. */
export function since(versions: Since, ...specs: readonly CommandSpec[]): CommandSpec[] {
  return specs.map(spec => ({ ...spec, since: versions }))
}

export const IN_72: Since = { redis: [7, 2], valkey: [7, 2] }

export function keysOf({ keys }: CommandSpec, args: readonly string[]): readonly string[] {
  if (keys === undefined) return []
  if (typeof keys === 'function') return keys(args)
  const [first, last, step] = keys
  const end = last < 0 ? args.length + last : last
  const found: string[] = []
  for (let i = first; i <= end && i < args.length; i += step) found.push(args[i]!)
  return found
}

/** Positions of keys that follow their count. There are no keys if the count is wrong. */
export function counted(at: number, ...others: readonly number[]): Keys {
  return args => {
    const count = Number(int64(args[at] ?? '') ?? 0n)
    if (count < 0 || count > args.length - at - 1) return []
    return [...others.map(other => args[other]!), ...args.slice(at + 1, at + 1 + count)]
  }
}

/** One execution. */
export class Call {
  readonly server: ModelServer
  readonly connection: ModelConnection
  readonly spec: CommandSpec
  readonly args: readonly string[]
  /** True inside EXEC or a script: the command must not block. */
  readonly atOnce: boolean

  constructor(connection: ModelConnection, spec: CommandSpec, args: readonly string[], atOnce: boolean) {
    this.server = connection.server
    this.connection = connection
    this.spec = spec
    this.args = args
    this.atOnce = atOnce
  }

  get db(): Database {
    return this.server.databases[this.connection.db]!
  }

  get now(): number {
    return this.server.time()
  }

  /** Returns the argument at a position that the arity guarantees. */
  text(at: number): string {
    return this.args[at]!
  }

  /** The first argument, which is the key of most commands. */
  get key(): string {
    return this.args[1]!
  }

  int(at: number): number {
    return integer(this.args[at]!)
  }
}

export function integer(text: string, failure: Failure = NOT_INTEGER): number {
  return Number(bigInteger(text, failure))
}

export function bigInteger(text: string, failure: Failure = NOT_INTEGER): bigint {
  const value = int64(text)
  if (value === undefined) throw failure
  return value
}

export function wrongArity(name: string): Failure {
  return new Failure(`ERR wrong number of arguments for '${name}' command`)
}
