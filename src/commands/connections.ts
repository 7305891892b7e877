import { CLIENT_ID, CLIENT_SETINFO, CLIENT_SETNAME, CLIENT_UNBLOCK, PING } from './client-internal.js'
import type { Argument, Arguments, OneOrMore } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { int, list, named, ok, text, textOrNull, texts, word } from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { exclusive, option, plainOptions, pushAll, refuse } from './core/option-tokens.js'
import { keyless } from './core/spec.js'
import { type ClientInfo, client, clients } from './text-replies.js'

keyless('CLIENT CAPA', word, { reserved: { session: false, instead: 'RedisCluster, which follows redirects' } })
const CLIENT_GETNAME = keyless('CLIENT GETNAME', textOrNull)
const CLIENT_GETREDIR = keyless('CLIENT GETREDIR', int)
const CLIENT_HELP = keyless('CLIENT HELP', list(word))
const CLIENT_IMPORT_SOURCE = keyless('CLIENT IMPORT-SOURCE', ok)
const CLIENT_INFO = keyless('CLIENT INFO', client)
const CLIENT_KILL = keyless('CLIENT KILL', int)
const CLIENT_LIST = keyless('CLIENT LIST', clients)
const CLIENT_NO_EVICT = keyless('CLIENT NO-EVICT', ok)
const CLIENT_NO_TOUCH = keyless('CLIENT NO-TOUCH', ok)
const CLIENT_PAUSE = keyless('CLIENT PAUSE', ok)
const CLIENT_TRACKINGINFO = keyless('CLIENT TRACKINGINFO', named({ flags: list(word), redirect: int, prefixes: texts }))
const CLIENT_UNPAUSE = keyless('CLIENT UNPAUSE', ok)
const ECHO = keyless('ECHO', text, { repeatable: true })

// Commands that would suppress replies, or add unrequested ones, on the connection that all callers share.
keyless('CLIENT REPLY', word, {
  reserved: { session: false, instead: 'with({ signal }) to abort a call: without replies no call could settle' },
})
keyless('CLIENT TRACKING', word, {
  reserved: { session: false, instead: 'plain reads: client-side caching is not supported yet' },
})
keyless('CLIENT CACHING', word, {
  reserved: { session: false, instead: 'plain reads: client-side caching is not supported yet' },
})
keyless('READWRITE', word, {
  reserved: { session: false, instead: "the readFrom option of RedisCluster, or nodes('replica')" },
})

/** The connections to close: those that match all given options. At least one option is needed. */
export interface ClientKillFilter {
  /** An array is allowed by Valkey only, @since 8.1 */
  readonly id?: OneOrMore<number>
  /** `host:port` of the client. */
  readonly addr?: string
  /** `host:port` on the server's side. @since 6.2 */
  readonly laddr?: string
  readonly type?: ClientType
  /** @since 6.0 */
  readonly user?: string
  /** Skips the connection that sends the command (the server's default is true). */
  readonly skipme?: boolean
  /** Only connections that are older, in seconds. @since 7.4 */
  readonly maxage?: number
}

/** The types of connections. `'primary'` is Valkey's word for `'master'`. @since 8.0 */
export type ClientType = 'normal' | 'master' | 'primary' | 'replica' | 'pubsub'

export type ClientListFilter = AtMostOne<{
  /** @since 5.0 */
  readonly type: ClientType
  /** @since 6.2 */
  readonly id: readonly number[]
}> & {
  /** Valkey only, @since 8.1 */
  readonly user?: string
  /** `host:port` of the client. Valkey only, @since 8.1 */
  readonly addr?: string
  /** `host:port` on the server's side. Valkey only, @since 8.1 */
  readonly laddr?: string
  /** Skips the connection that sends the command. Valkey only, @since 8.1 */
  readonly skipme?: boolean
  /** Only connections that are older, in seconds. Valkey only, @since 8.1 */
  readonly maxage?: number
}

export interface TrackingInfo<T, I> {
  flags: string[]
  redirect: I
  prefixes: T[]
}

export abstract class Connections<C extends Context> extends Runner<C> {
  /**
   * Returns the name of the connection; null or empty if it has none. @since 2.6.9
   * [CLIENT GETNAME](https://redis.io/commands/client-getname)
   */
  clientGetname(): Outcome<C, C['text'] | null> {
    return this.run(new Command(CLIENT_GETNAME, []))
  }

  /**
   * Returns the id of the connection that receives its invalidations; 0 or -1 for none. @since 6.0
   * [CLIENT GETREDIR](https://redis.io/commands/client-getredir)
   */
  clientGetredir(): Outcome<C, C['int']> {
    return this.run(new Command(CLIENT_GETREDIR, []))
  }

  /** Returns the help text of CLIENT, line by line. @since 5.0 [CLIENT HELP](https://redis.io/commands/client-help) */
  clientHelp(): Outcome<C, string[]> {
    return this.run(new Command(CLIENT_HELP, []))
  }

  /** Returns the id of the connection. @since 5.0 [CLIENT ID](https://redis.io/commands/client-id) */
  clientId(): Outcome<C, C['int']> {
    return this.run(new Command(CLIENT_ID, []))
  }

  /**
   * Marks the connection as an import source, which sees expired keys. Returns `'OK'`. Valkey only, @since 8.1
   * [CLIENT IMPORT-SOURCE](https://valkey.io/commands/client-import-source)
   */
  clientImportSource(on: boolean): Outcome<C, 'OK'> {
    return this.run(new Command(CLIENT_IMPORT_SOURCE, [on ? 'ON' : 'OFF']))
  }

  /** Returns information about the connection. @since 6.2 [CLIENT INFO](https://redis.io/commands/client-info) */
  clientInfo(): Outcome<C, ClientInfo> {
    return this.run(new Command(CLIENT_INFO, []))
  }

  /**
   * Closes connections. Returns the number of closed connections. @since 2.4
   * [CLIENT KILL](https://redis.io/commands/client-kill)
   */
  clientKill(filter: ClientKillFilter): Outcome<C, C['int']> {
    const args: Arguments = []
    filter = plainOptions(args, filter)
    option(args, 'ADDR', filter.addr)
    option(args, 'LADDR', filter.laddr)
    option(args, 'TYPE', filter.type)
    option(args, 'USER', filter.user)
    option(args, 'MAXAGE', filter.maxage)
    pushClientIds(args, filter.id)
    if (args.length === 0) refuse(args, 'At least one of the options id, addr, laddr, type, user and maxage is needed.')
    if (filter.skipme !== undefined) args.push('SKIPME', filter.skipme ? 'yes' : 'no')
    return this.run(new Command(CLIENT_KILL, args))
  }

  /** Returns the connections of the server. @since 2.4 [CLIENT LIST](https://redis.io/commands/client-list) */
  clientList(filter: ClientListFilter = {}): Outcome<C, ClientInfo[]> {
    const args: Arguments = []
    filter = plainOptions(args, filter)
    exclusive(args, filter, 'type', 'id')
    option(args, 'TYPE', filter.type)
    option(args, 'USER', filter.user)
    option(args, 'ADDR', filter.addr)
    option(args, 'LADDR', filter.laddr)
    if (filter.skipme !== undefined) args.push('SKIPME', filter.skipme ? 'yes' : 'no')
    option(args, 'MAXAGE', filter.maxage)
    pushClientIds(args, filter.id)
    return this.run(new Command(CLIENT_LIST, args))
  }

  /**
   * Protects the connection from eviction when clients use too much memory. Returns `'OK'`. @since 7.0
   * [CLIENT NO-EVICT](https://redis.io/commands/client-no-evict)
   */
  clientNoEvict(on: boolean): Outcome<C, 'OK'> {
    return this.run(new Command(CLIENT_NO_EVICT, [on ? 'ON' : 'OFF']))
  }

  /**
   * Makes reads of the connection leave the access time of keys unchanged. Returns `'OK'`. @since 7.2
   * [CLIENT NO-TOUCH](https://redis.io/commands/client-no-touch)
   */
  clientNoTouch(on: boolean): Outcome<C, 'OK'> {
    return this.run(new Command(CLIENT_NO_TOUCH, [on ? 'ON' : 'OFF']))
  }

  /**
   * Pauses all clients for `ms` milliseconds; with `'write'` only their writes (since 6.2). Returns `'OK'`. @since 3.0
   * [CLIENT PAUSE](https://redis.io/commands/client-pause)
   */
  clientPause(ms: number, which?: 'write' | 'all'): Outcome<C, 'OK'> {
    return this.run(new Command(CLIENT_PAUSE, which === undefined ? [ms] : [ms, which.toUpperCase()]))
  }

  /**
   * Sets the library name or version of the connection. Returns `'OK'`. @since 7.2
   * [CLIENT SETINFO](https://redis.io/commands/client-setinfo)
   */
  clientSetinfo(what: 'lib-name' | 'lib-ver', value: string): Outcome<C, 'OK'> {
    return this.run(new Command(CLIENT_SETINFO, [what.toUpperCase(), value]))
  }

  /**
   * Sets the name of the connection until it is lost. Returns `'OK'`. The option `clientName` also names later
   * connections. @since 2.6.9 [CLIENT SETNAME](https://redis.io/commands/client-setname)
   */
  clientSetname(name: string): Outcome<C, 'OK'> {
    return this.run(new Command(CLIENT_SETNAME, [name]))
  }

  /**
   * Returns how the connection is tracked. @since 6.2
   * [CLIENT TRACKINGINFO](https://redis.io/commands/client-trackinginfo)
   */
  clientTrackinginfo(): Outcome<C, TrackingInfo<C['text'], C['int']>> {
    return this.run(new Command(CLIENT_TRACKINGINFO, []))
  }

  /**
   * Unblocks a connection that waits in a blocking command, as after its timeout or with an error. Returns 1 if it was
   * blocked, else 0. @since 5.0 [CLIENT UNBLOCK](https://redis.io/commands/client-unblock)
   */
  clientUnblock(id: number, how?: 'timeout' | 'error'): Outcome<C, C['int']> {
    return this.run(new Command(CLIENT_UNBLOCK, how === undefined ? [id] : [id, how.toUpperCase()]))
  }

  /** Ends a pause. Returns `'OK'`. @since 6.2 [CLIENT UNPAUSE](https://redis.io/commands/client-unpause) */
  clientUnpause(): Outcome<C, 'OK'> {
    return this.run(new Command(CLIENT_UNPAUSE, []))
  }

  /** Returns `message`. [ECHO](https://redis.io/commands/echo) */
  echo(message: Argument): Outcome<C, C['text']> {
    return this.run(new Command(ECHO, [message]))
  }

  /** Returns `'PONG'`, or `message`. [PING](https://redis.io/commands/ping) */
  ping(): Outcome<C, 'PONG'>
  ping(message: Argument): Outcome<C, C['text']>
  ping(message?: Argument): Outcome<C, unknown> {
    return this.run(message === undefined ? new Command(PING, []) : new Command(PING, [message], text))
  }
}

function pushClientIds(args: Arguments, ids: OneOrMore<number> | undefined): void {
  if (ids === undefined) return
  args.push('ID')
  pushAll(args, ids, 'id')
}
