import type { Argument, Arguments, Key, OneOrMore, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import { blob, int, intOrNull, keys as keyNames, list, ok, orNull, textOrNull, word } from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { allAfter, keyAfter, keyAt, keysFrom } from './core/key-specs.js'
import { decided, exclusive, flag, option, plainOptions, pushAll, pushSeveral } from './core/option-tokens.js'
import { concat, min, sum } from './core/response-policies.js'
import { pushScanOptions, SCAN_OPTIONS, type ScanOptions, scanned } from './core/scan-options.js'
import { keyless, read, write } from './core/spec.js'

export interface CopyOptions {
  /** The database of the copy. Default: the database of the connection. */
  readonly db?: number
  /** Overwrites the destination if it exists. */
  readonly replace?: boolean
}

export type RestoreOptions = AtMostOne<{
  /** How long the value has been idle, in seconds. @since 5.0 */
  readonly idletime: number
  /** How often the value was used, on the scale of `objectFreq`. @since 5.0 */
  readonly freq: number
}> & {
  /** Overwrites the key if it exists. */
  readonly replace?: boolean
  /** `ttl` is a Unix time in milliseconds. @since 5.0 */
  readonly absttl?: boolean
}

export interface KeyScanOptions extends ScanOptions {
  /** Only keys of this type, as `type` returns it. @since 6.0 */
  readonly type?: string | undefined
}

const KEY_SCAN_OPTIONS: ReadonlySet<string> = new Set([...SCAN_OPTIONS, 'type'])

/** One step: `cursor` continues the iteration, `'0'` ends it. */
export interface ScannedKeys<T> {
  readonly cursor: string
  readonly keys: T[]
}

export type MigrateOptions = AtMostOne<{
  /** The password of the other server. @since 4.0.7 */
  readonly auth: string
  /** The user name and password of the other server. @since 6.0 */
  readonly auth2: { readonly username: string; readonly password: string }
}> & {
  /** Keeps the keys on this server too. */
  readonly copy?: boolean
  /** Overwrites keys that exist on the other server. */
  readonly replace?: boolean
}

const inSession = {
  session: true,
  instead: 'redis.session(async session => …), because it waits for the writes of its own connection',
}

const COPY = write('COPY', int, { keys: [keyAt(0, 'read'), keyAt(1, 'write')] })
const DEL = write('DEL', int, { keys: [keysFrom(0, 'write')], requestPolicy: 'multi_shard', responsePolicy: sum })
const DUMP = read('DUMP', orNull(blob), { binary: true })
const EXISTS = read('EXISTS', int, { keys: [keysFrom(0, 'read')], requestPolicy: 'multi_shard', responsePolicy: sum })
const KEYS = read('KEYS', keyNames, {
  keys: [],
  patterns: [keyAt(0, 'read')],
  requestPolicy: 'all_shards',
  responsePolicy: concat,
})
const MIGRATE = write('MIGRATE', word, { keys: [keyAt(2, 'write'), allAfter('KEYS', 'write', -2)] })
const MOVE = write('MOVE', int)
const OBJECT_ENCODING = read('OBJECT ENCODING', orNull(word))
const OBJECT_FREQ = read('OBJECT FREQ', intOrNull)
const OBJECT_HELP = keyless('OBJECT HELP', list(word))
const OBJECT_IDLETIME = read('OBJECT IDLETIME', intOrNull)
const OBJECT_REFCOUNT = read('OBJECT REFCOUNT', intOrNull)
const RANDOMKEY = read('RANDOMKEY', textOrNull, { keys: [], requestPolicy: 'special' })
const RENAME = write('RENAME', ok, { keys: [keyAt(0, 'write'), keyAt(1, 'write')] })
const RENAMENX = write('RENAMENX', int, { keys: [keyAt(0, 'write'), keyAt(1, 'write')] })
const RESTORE = write('RESTORE', ok)
const SCAN = read('SCAN', scanned('keys', keyNames), {
  keys: [],
  patterns: [keyAfter('MATCH', 'read')],
  beforePattern: ['MATCH'],
  requestPolicy: 'special',
})
const TOUCH = read('TOUCH', int, { keys: [keysFrom(0, 'read')], requestPolicy: 'multi_shard', responsePolicy: sum })
const TYPE = read('TYPE', word)
const UNLINK = write('UNLINK', int, { keys: [keysFrom(0, 'write')], requestPolicy: 'multi_shard', responsePolicy: sum })
const WAIT = keyless('WAIT', int, {
  blocks: 'last, ms',
  requestPolicy: 'all_shards',
  responsePolicy: min,
  reserved: inSession,
})
const WAITAOF = keyless('WAITAOF', list(int), {
  blocks: 'last, ms',
  requestPolicy: 'all_shards',
  responsePolicy: min,
  reserved: inSession,
})

export abstract class Keys<C extends Context> extends Runner<C> {
  /**
   * Copies the value and the time to live of `source`. Returns 1, or 0 if the source does not exist or the destination
   * exists. @since 6.2 [COPY](https://redis.io/commands/copy)
   */
  copy(source: Key, destination: Key, options: CopyOptions = {}): Outcome<C, C['int']> {
    const args: Arguments = [source, destination]
    options = plainOptions(args, options)
    decided(args, options, ['db'])
    option(args, 'DB', options.db)
    flag(args, 'REPLACE', options.replace)
    return this.run(new Command(COPY, args))
  }

  /** Deletes keys. Returns the number of keys that existed. [DEL](https://redis.io/commands/del) */
  del(...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(DEL, several(keys)))
  }

  /**
   * Returns the value of `key` in the server's internal format, always as a Buffer, for `restore`; null if the key does
   * not exist. @since 2.6 [DUMP](https://redis.io/commands/dump)
   */
  dump(key: Key): Outcome<C, Buffer | null> {
    return this.run(new Command(DUMP, [key]))
  }

  /**
   * Returns how many of `keys` exist. A key that is given twice counts twice.
   * [EXISTS](https://redis.io/commands/exists)
   */
  exists(...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(EXISTS, several(keys)))
  }

  /**
   * Returns all keys that match the glob-style `pattern`. It blocks the server while it runs: use `scan` on a large
   * database. [KEYS](https://redis.io/commands/keys)
   */
  keys(pattern: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(KEYS, [pattern]))
  }

  /**
   * Moves one or several keys to another server. `timeout` limits each step, in ms. Returns `'OK'`, or `'NOKEY'` if no
   * key exists here. @since 2.6 [MIGRATE](https://redis.io/commands/migrate)
   */
  migrate(
    host: string,
    port: number,
    keys: OneOrMore<Key>,
    db: number,
    timeout: number,
    options: MigrateOptions = {},
  ): Outcome<C, 'OK' | 'NOKEY'> {
    const several = Array.isArray(keys) && keys.length !== 1
    const args: Arguments = [host, port]
    if (several) args.push('')
    else pushAll(args, keys, 'key')
    args.push(db, timeout)
    options = plainOptions(args, options)
    exclusive(args, options, 'auth', 'auth2')
    flag(args, 'COPY', options.copy)
    flag(args, 'REPLACE', options.replace)
    option(args, 'AUTH', options.auth)
    if (options.auth2 !== undefined) {
      const { username, password } = plainOptions(args, options.auth2)
      args.push('AUTH2', username, password)
    }
    if (several) {
      args.push('KEYS')
      pushAll(args, keys, 'key')
    }
    return this.run(new Command(MIGRATE, args))
  }

  /**
   * Moves `key` to another database of the server. Returns 1, or 0 if the key does not exist or exists in the other
   * database. [MOVE](https://redis.io/commands/move)
   */
  move(key: Key, db: number): Outcome<C, C['int']> {
    return this.run(new Command(MOVE, [key, db]))
  }

  /**
   * Returns the internal encoding of the value (`listpack`, `embstr`…), or null if the key does not exist. @since 2.2.3
   * [OBJECT ENCODING](https://redis.io/commands/object-encoding)
   */
  objectEncoding(key: Key): Outcome<C, string | null> {
    return this.run(new Command(OBJECT_ENCODING, [key]))
  }

  /**
   * Returns how often the value is used, on a logarithmic scale, or null if the key does not exist. Needs an LFU
   * `maxmemory-policy`. @since 4.0 [OBJECT FREQ](https://redis.io/commands/object-freq)
   */
  objectFreq(key: Key): Outcome<C, C['int'] | null> {
    return this.run(new Command(OBJECT_FREQ, [key]))
  }

  /** Returns the server's own help on OBJECT. @since 6.2 [OBJECT HELP](https://redis.io/commands/object-help) */
  objectHelp(): Outcome<C, string[]> {
    return this.run(new Command(OBJECT_HELP, []))
  }

  /**
   * Returns the number of seconds since the value was last used, or null if the key does not exist. @since 2.2.3
   * [OBJECT IDLETIME](https://redis.io/commands/object-idletime)
   */
  objectIdletime(key: Key): Outcome<C, C['int'] | null> {
    return this.run(new Command(OBJECT_IDLETIME, [key]))
  }

  /**
   * Returns the number of references to the value in the server, or null if the key does not exist. @since 2.2.3
   * [OBJECT REFCOUNT](https://redis.io/commands/object-refcount)
   */
  objectRefcount(key: Key): Outcome<C, C['int'] | null> {
    return this.run(new Command(OBJECT_REFCOUNT, [key]))
  }

  /**
   * Returns a random key, or null if the database is empty. Rejects in a view with a prefix.
   * [RANDOMKEY](https://redis.io/commands/randomkey)
   */
  randomkey(): Outcome<C, C['text'] | null> {
    return this.run(new Command(RANDOMKEY, []))
  }

  /**
   * Renames `key` to `newkey` and overwrites an existing `newkey`. Returns `'OK'`.
   * [RENAME](https://redis.io/commands/rename)
   */
  rename(key: Key, newkey: Key): Outcome<C, 'OK'> {
    return this.run(new Command(RENAME, [key, newkey]))
  }

  /**
   * Renames `key` to `newkey` if `newkey` does not exist. Returns 1, or 0 if it exists.
   * [RENAMENX](https://redis.io/commands/renamenx)
   */
  renamenx(key: Key, newkey: Key): Outcome<C, C['int']> {
    return this.run(new Command(RENAMENX, [key, newkey]))
  }

  /**
   * Creates `key` from the bytes that `dump` returned. It expires after `ttl` ms; 0 means never. Returns `'OK'`.
   * @since 2.6 [RESTORE](https://redis.io/commands/restore)
   */
  restore(key: Key, ttl: number, serialized: Uint8Array, options: RestoreOptions = {}): Outcome<C, 'OK'> {
    const args: Arguments = [key, ttl, serialized]
    options = plainOptions(args, options)
    decided(args, options, ['idletime', 'freq'])
    exclusive(args, options, 'idletime', 'freq')
    flag(args, 'REPLACE', options.replace)
    flag(args, 'ABSTTL', options.absttl)
    option(args, 'IDLETIME', options.idletime)
    option(args, 'FREQ', options.freq)
    return this.run(new Command(RESTORE, args))
  }

  /**
   * Returns one step of an iteration over all keys. Start with cursor 0, then pass the cursor of the reply, until it is
   * `'0'`. A key may be returned twice, and a step may be empty. @since 2.8 [SCAN](https://redis.io/commands/scan)
   */
  scan(cursor: Argument, options: KeyScanOptions = {}): Outcome<C, ScannedKeys<C['text']>> {
    const args: Arguments = [cursor]
    options = plainOptions(args, options)
    pushScanOptions(args, options, KEY_SCAN_OPTIONS)
    option(args, 'TYPE', options.type)
    return this.run(new Command(SCAN, args))
  }

  /**
   * Updates the last access time of keys. Returns the number of keys that exist. @since 3.2.1
   * [TOUCH](https://redis.io/commands/touch)
   */
  touch(...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(TOUCH, several(keys)))
  }

  /**
   * Returns the type of the value: `string`, `list`, `set`, `zset`, `hash`, `stream`, a module's type, or `none`.
   * [TYPE](https://redis.io/commands/type)
   */
  type(key: Key): Outcome<C, string> {
    return this.run(new Command(TYPE, [key]))
  }

  /**
   * Deletes keys and frees their memory in the background. Returns the number of keys that existed. @since 4.0
   * [UNLINK](https://redis.io/commands/unlink)
   */
  unlink(...keys: Several<Key>): Outcome<C, C['int']> {
    return this.run(new Command(UNLINK, several(keys)))
  }

  /**
   * Waits until `replicas` have acknowledged all writes of this connection, at most `timeout` ms (0: for ever). Returns
   * the number of replicas that have. Only in a session. @since 3.0 [WAIT](https://redis.io/commands/wait)
   */
  wait(replicas: number, timeout: number): Outcome<C, C['int']> {
    return this.run(new Command(WAIT, [replicas, timeout]))
  }

  /**
   * Waits until the writes of this connection are in the append-only files of the server (`local` 1) and of `replicas`
   * replicas, at most `timeout` ms (0: for ever). Returns how many have them. Only in a session. @since 7.2
   * [WAITAOF](https://redis.io/commands/waitaof)
   */
  waitaof(local: 0 | 1, replicas: number, timeout: number): Outcome<C, [local: C['int'], replicas: C['int']]> {
    return this.run(new Command(WAITAOF, [local, replicas, timeout]))
  }
}

function several(keys: Several<Key>): Arguments {
  const args: Arguments = []
  pushSeveral(args, keys)
  return args
}
