import type { Arguments, Fields } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { at, count, int, itemsOf, list, ok, text, textRecord, tuple, word } from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { exclusive, flag, isGiven, option, plainOptions, pushFields, refuse } from './core/option-tokens.js'
import { owned } from './core/own-properties.js'
import type { Reply } from './core/reply.js'
import { unexpectedReply } from './core/reply-errors.js'
import { PLAIN } from './core/reply-format.js'
import { first, sum } from './core/response-policies.js'
import { keyless, read, type Spec } from './core/spec.js'
import { type Info, info } from './text-replies.js'

const BGREWRITEAOF = keyless('BGREWRITEAOF', word)
const BGSAVE = keyless('BGSAVE', word)
const CONFIG_GET = keyless('CONFIG GET', textRecord)
const CONFIG_HELP = keyless('CONFIG HELP', list(word))
const CONFIG_RESETSTAT = keyless('CONFIG RESETSTAT', ok, { requestPolicy: 'all_nodes', responsePolicy: first })
const CONFIG_REWRITE = keyless('CONFIG REWRITE', ok, { requestPolicy: 'all_nodes', responsePolicy: first })
const CONFIG_SET = keyless('CONFIG SET', ok, { requestPolicy: 'all_nodes', responsePolicy: first })
const DBSIZE = read('DBSIZE', int, { keys: [], requestPolicy: 'all_shards', responsePolicy: sum })
const FAILOVER = keyless('FAILOVER', ok)
const FLUSHALL = keyless('FLUSHALL', ok, { requestPolicy: 'all_shards', responsePolicy: first })
const FLUSHDB = keyless('FLUSHDB', ok, { requestPolicy: 'all_shards', responsePolicy: first })
const INFO = keyless('INFO', info, { requestPolicy: 'special' })
const LASTSAVE = keyless('LASTSAVE', int)
const LOLWUT = read('LOLWUT', word, { keys: [] })
const REPLICAOF = keyless('REPLICAOF', word)
const ROLE = keyless('ROLE', role)
const SAVE = keyless('SAVE', ok)
const SHUTDOWN = keyless('SHUTDOWN', ok)
const SLAVEOF = keyless('SLAVEOF', word)
const SWAPDB = keyless('SWAPDB', ok)
const TIME = keyless('TIME', time, { repeatable: true })

// Commands that would change or take over the connection that all callers share.
/** Makes the server report every command on the connection; sent by `monitor()`. */
export const MONITOR: Spec = keyless('MONITOR', word, {
  reserved: {
    session: false,
    instead: "monitor() of a Redis client; in a cluster, of one of the clients of nodes('primary')",
  },
})
keyless('SYNC', word, { reserved: { session: false, instead: 'a replica: a replication stream is not a reply' } })
keyless('PSYNC', word, { reserved: { session: false, instead: 'a replica: a replication stream is not a reply' } })
keyless('REPLCONF', word, { reserved: { session: false, instead: 'a replica: only replicas send it' } })
keyless('RESET', word, { reserved: { session: false, instead: 'redis.duplicate() for a fresh connection' } })
keyless('QUIT', word, { reserved: { session: false, instead: 'redis.close()' } })

/** The time of the server. */
export interface ServerTime {
  /** Whole seconds since the Unix epoch. */
  seconds: number
  /** Microseconds of the current second. */
  microseconds: number
}

function time(reply: Reply): unknown {
  const items = itemsOf(reply)
  if (items?.length !== 2) return unexpectedReply(reply, 'seconds and microseconds')
  return { seconds: count(items[0] ?? null), microseconds: count(items[1] ?? null) }
}

/** The replication role of a server, as the server itself reports it. */
export type Role =
  | { role: 'master'; offset: number; replicas: { host: string; port: number; offset: number }[] }
  | { role: 'slave'; host: string; port: number; state: string; offset: number }
  | { role: 'sentinel'; names: string[] }

const replicas = list(
  tuple(3, items => ({ host: word(at(items, 0)), port: count(at(items, 1)), offset: count(at(items, 2)) })),
)

function role(reply: Reply): unknown {
  const items = itemsOf(reply)
  if (items === undefined) return unexpectedReply(reply, 'a list')
  const [kind, ...rest] = items
  switch (word(kind ?? null)) {
    case 'master': {
      return { role: 'master', offset: count(rest[0] ?? null), replicas: replicas(rest[1] ?? null, PLAIN) }
    }
    case 'slave': {
      const [host, port, state, offset] = rest
      return {
        role: 'slave',
        host: word(host ?? null),
        port: count(port ?? null),
        state: word(state ?? null),
        offset: count(offset ?? null),
      }
    }
    case 'sentinel':
      return { role: 'sentinel', names: list(word)(rest[0] ?? null, PLAIN) }
    default:
      return unexpectedReply(reply, 'a role')
  }
}

export type FailoverOptions =
  | {
      /** Only to this replica. `force` fails over after `timeout` even if the replica lags behind. */
      readonly to?: { readonly host: string; readonly port: number; readonly force?: boolean }
      /** How many ms to wait for an up-to-date replica. */
      readonly timeout?: number
      readonly abort?: false
    }
  | Abortion<'to' | 'timeout'>

export type ShutdownOptions =
  | {
      /** Saves, or does not save, whatever the configuration says. */
      readonly save?: boolean
      /** Does not wait for replicas that lag behind. @since 7.0 */
      readonly now?: boolean
      /** Shuts down even if saving fails. @since 7.0 */
      readonly force?: boolean
      readonly abort?: false
    }
  | Abortion<'save' | 'now' | 'force'>

/** Aborts the operation in progress (a shutdown: since 7.0). It cannot be combined with other options. */
type Abortion<Others extends string> = { readonly abort: true } & { readonly [K in Others]?: never }

/** Adds an error for any option next to `abort`. */
function refuseBesideAbort(args: Arguments, options: FailoverOptions | ShutdownOptions): void {
  if (options.abort !== true) return
  // `save: false` is sent as NOSAVE, so it counts as given.
  const given = ['to', 'timeout', 'save', 'now', 'force'].filter(name => isGiven(options, name))
  if ('save' in options && options.save === false) given.push('save')
  if (given.length > 0) refuse(args, `The option abort cannot be combined with ${given.join(' and ')}.`)
}

export type FlushMode = 'async' | 'sync'

export abstract class ServerCommands<C extends Context> extends Runner<C> {
  /**
   * Rewrites the append-only file in the background. Returns the server's status text.
   * [BGREWRITEAOF](https://redis.io/commands/bgrewriteaof)
   */
  bgrewriteaof(): Outcome<C, string> {
    return this.run(new Command(BGREWRITEAOF, []))
  }

  /**
   * Saves in the background; with `schedule` after a rewrite in progress. `cancel` aborts or unschedules a save (Valkey
   * only, since 8.1). Returns the server's status text. [BGSAVE](https://redis.io/commands/bgsave)
   */
  bgsave(options: AtMostOne<{ readonly schedule: boolean; readonly cancel: boolean }> = {}): Outcome<C, string> {
    const args: Arguments = []
    options = plainOptions(args, options)
    exclusive(args, options, 'schedule', 'cancel')
    flag(args, 'SCHEDULE', options.schedule)
    flag(args, 'CANCEL', options.cancel)
    return this.run(new Command(BGSAVE, args))
  }

  /**
   * Returns the parameters that match any of the patterns, by name. @since 2.0
   * [CONFIG GET](https://redis.io/commands/config-get)
   */
  configGet(...patterns: readonly string[]): Outcome<C, Record<string, C['text']>> {
    return this.run(new Command(CONFIG_GET, [...patterns]))
  }

  /** Returns the help text of CONFIG, line by line. @since 5.0 [CONFIG HELP](https://redis.io/commands/config-help) */
  configHelp(): Outcome<C, string[]> {
    return this.run(new Command(CONFIG_HELP, []))
  }

  /**
   * Resets the statistics of INFO. Returns `'OK'`. @since 2.0
   * [CONFIG RESETSTAT](https://redis.io/commands/config-resetstat)
   */
  configResetstat(): Outcome<C, 'OK'> {
    return this.run(new Command(CONFIG_RESETSTAT, []))
  }

  /**
   * Writes the configuration to its file. Returns `'OK'`. @since 2.8
   * [CONFIG REWRITE](https://redis.io/commands/config-rewrite)
   */
  configRewrite(): Outcome<C, 'OK'> {
    return this.run(new Command(CONFIG_REWRITE, []))
  }

  /**
   * Sets parameters, all or none; several at once since 7.0. Returns `'OK'`. @since 2.0
   * [CONFIG SET](https://redis.io/commands/config-set)
   */
  configSet(parameters: Fields): Outcome<C, 'OK'> {
    const args: Arguments = []
    pushFields(args, parameters, 'parameter')
    return this.run(new Command(CONFIG_SET, args))
  }

  /** Returns the number of keys. [DBSIZE](https://redis.io/commands/dbsize) */
  dbsize(): Outcome<C, C['int']> {
    return this.run(new Command(DBSIZE, []))
  }

  /**
   * Starts a failover from this primary to a replica. Returns `'OK'`. @since 6.2
   * [FAILOVER](https://redis.io/commands/failover)
   */
  failover(options: FailoverOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = []
    options = plainOptions(args, options)
    refuseBesideAbort(args, options)
    if (options.to?.force === true && options.timeout === undefined)
      refuse(args, 'The option force needs the option timeout.')
    if (options.to !== undefined) {
      args.push('TO', options.to.host, options.to.port)
      flag(args, 'FORCE', options.to.force)
    }
    flag(args, 'ABORT', options.abort)
    option(args, 'TIMEOUT', options.timeout)
    return this.run(new Command(FAILOVER, args))
  }

  /** Deletes all keys of all databases. Returns `'OK'`. [FLUSHALL](https://redis.io/commands/flushall) */
  flushall(mode?: FlushMode): Outcome<C, 'OK'> {
    return this.run(new Command(FLUSHALL, mode === undefined ? [] : [mode.toUpperCase()]))
  }

  /** Deletes all keys of this database. Returns `'OK'`. [FLUSHDB](https://redis.io/commands/flushdb) */
  flushdb(mode?: FlushMode): Outcome<C, 'OK'> {
    return this.run(new Command(FLUSHDB, mode === undefined ? [] : [mode.toUpperCase()]))
  }

  /**
   * Returns information about the server, by section and field; with `{ raw: true }` as text.
   * [INFO](https://redis.io/commands/info)
   */
  info(sections?: string | readonly string[], options?: { readonly raw?: false }): Outcome<C, Info>
  info(sections: string | readonly string[], options: { readonly raw: true }): Outcome<C, C['text']>
  info(sections: string | readonly string[], options: { readonly raw?: boolean }): Outcome<C, Info | C['text']>
  info(sections: string | readonly string[] = [], options: { readonly raw?: boolean } = {}): Outcome<C, unknown> {
    const args: Arguments = []
    options = plainOptions(args, options)
    if (typeof sections === 'string') args.push(sections)
    else args.push(...sections)
    return this.run(new Command(INFO, args, options.raw === true ? text : info))
  }

  /**
   * Returns the time of the last save, in seconds since the Unix epoch. [LASTSAVE](https://redis.io/commands/lastsave)
   */
  lastsave(): Outcome<C, C['int']> {
    return this.run(new Command(LASTSAVE, []))
  }

  /** Returns a drawing and the version of the server. @since 5.0 [LOLWUT](https://redis.io/commands/lolwut) */
  lolwut(version?: number): Outcome<C, string> {
    return this.run(new Command(LOLWUT, version === undefined ? [] : ['VERSION', version]))
  }

  /**
   * Makes the server a replica of another server, or with `'no one'` a primary. Returns `'OK'`. @since 5.0
   * [REPLICAOF](https://redis.io/commands/replicaof)
   */
  replicaof(primary: { readonly host: string; readonly port: number } | 'no one'): Outcome<C, 'OK'> {
    return this.run(new Command(REPLICAOF, primaryWords(primary)))
  }

  /**
   * Returns the replication role of the server, and its offset. @since 2.8.12 [ROLE](https://redis.io/commands/role)
   */
  role(): Outcome<C, Role> {
    return this.run(new Command(ROLE, []))
  }

  /** Saves the data, and blocks all clients until it is done. Returns `'OK'`. [SAVE](https://redis.io/commands/save) */
  save(): Outcome<C, 'OK'> {
    return this.run(new Command(SAVE, []))
  }

  /**
   * Shuts the server down. A server that shuts down sends no reply: the call rejects with ConnectionError.
   * [SHUTDOWN](https://redis.io/commands/shutdown)
   */
  shutdown(options: ShutdownOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = []
    options = plainOptions(args, options)
    refuseBesideAbort(args, options)
    if (options.save !== undefined) args.push(options.save ? 'SAVE' : 'NOSAVE')
    flag(args, 'NOW', options.now)
    flag(args, 'FORCE', options.force)
    flag(args, 'ABORT', options.abort)
    return this.run(new Command(SHUTDOWN, args))
  }

  /**
   * Makes the server a replica of another server. Returns `'OK'`. [SLAVEOF](https://redis.io/commands/slaveof)
   * @deprecated `replicaof` does the same.
   */
  slaveof(primary: { readonly host: string; readonly port: number } | 'no one'): Outcome<C, 'OK'> {
    return this.run(new Command(SLAVEOF, primaryWords(primary)))
  }

  /** Swaps two databases. Returns `'OK'`. @since 4.0 [SWAPDB](https://redis.io/commands/swapdb) */
  swapdb(one: number, other: number): Outcome<C, 'OK'> {
    return this.run(new Command(SWAPDB, [one, other]))
  }

  /** Returns the server's time. @since 2.6 [TIME](https://redis.io/commands/time) */
  time(): Outcome<C, ServerTime> {
    return this.run(new Command(TIME, []))
  }
}

function primaryWords(primary: { readonly host: string; readonly port: number } | 'no one'): Arguments {
  if (primary === 'no one') return ['NO', 'ONE']
  const { host, port } = owned(primary)
  return [host, port]
}
