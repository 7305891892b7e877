/** Keyspace notifications: the server publishes the events of keys if its option `notify-keyspace-events` is set. */
import type { CallOptions } from '../commands/core/call-options.js'
import { type Checks, isBoolean, isCount, ownOptions } from '../commands/core/check-options.js'
import { escaped } from '../commands/core/prefix.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import { ResponseError } from '../errors/errors.js'
import { flagsMissing } from './pubsub-errors.js'
import type { Registry } from './registry.js'
import { readSubscribeOptions, type SubscribeOptions } from './subscribe-arguments.js'
import { Subscription } from './subscription.js'
import { PATTERN, type Text } from './topic.js'

/** A keyspace notification: a key was changed, has expired, or was evicted. */
export interface KeyspaceEvent<T extends Text = string> {
  /** The server's name of the event: `set`, `del`, `expired`… */
  readonly event: string
  /** The key, without the prefix of the client. */
  readonly key: T
  /** The number of the database. */
  readonly db: number
}

export interface KeyspaceOptions {
  /** Patterns of keys, as in KEYS (default '*'). */
  readonly keys?: string | readonly string[] | undefined
  /** Names of events (default: all events of the class `A` of `notify-keyspace-events`, so not `keymiss` and `new`). */
  readonly events?: readonly string[] | undefined
  /** The number of the database (default: the database of the client), or '*' for all databases. */
  readonly db?: number | '*' | undefined
  /** Whether to add missing flags to `notify-keyspace-events` of the server. If false (default), missing flags are a PubSubError. */
  readonly configure?: boolean | undefined
}

/** Called with each event, in order. If it returns a promise, the next event waits for it. */
export type KeyspaceHandler<T extends Text = string> = (event: KeyspaceEvent<T>) => unknown

/** A subscription to the events of keys, for one handler or one `for await` loop. */
export interface KeyspaceSubscription<T extends Text = string>
  extends Omit<Subscription<T, KeyspaceEvent<T>>, 'channels' | 'subscribe' | 'unsubscribe'> {
  /** Resolves when the subscription has ended and the server has confirmed it. */
  unsubscribe(): Promise<void>
}

/** The part of a client that reads and writes the configuration of the server. */
export interface Configuration {
  configGet(parameter: string): Promise<Record<string, string>>
  configSet(values: Readonly<Record<string, string>>): Promise<unknown>
}

/** The part of a view that `keyspace` uses. */
export interface KeyspaceView {
  readonly registry: Registry
  readonly shape: ReplyFormat
  readonly callOptions: CallOptions | undefined
  /** Deadline of a call, ms. */
  readonly timeout: number
  readonly db: number
  readonly configuration: Configuration
}

/** Implements keyspace() of a view. */
export async function keyspace<T extends Text>(
  view: KeyspaceView,
  wanted: KeyspaceOptions,
  handler: KeyspaceHandler<T> | undefined,
  options: SubscribeOptions,
): Promise<KeyspaceSubscription<T>> {
  const { configure = false, db = view.db, events, keys = '*' } = ownOptions(wanted, CHECKS, { of: 'keyspace()' })
  const chosen = readSubscribeOptions('keyspace', options)
  chosen.signal?.throwIfAborted()
  const { callOptions, registry, shape, timeout } = view
  const patterns = typeof keys === 'string' ? [keys] : keys
  // An event channel gets the events of all keys, a key channel all events of its keys. Subscribe to the narrower kind.
  const byEvent = events !== undefined && shape.prefix === '' && patterns.every(pattern => pattern === '*')
  const names = byEvent
    ? events.map(event => `__keyevent@${db}__:${escaped(event)}`)
    : patterns.map(pattern => `__keyspace@${db}__:${escaped(shape.prefix)}${pattern}`)
  const flags = flagsFor(byEvent, events)
  await ensureFlags(view.configuration, flags, configure)
  const state = registry.create({
    kind: PATTERN,
    bytes: shape.bytes,
    prefix: '',
    timeout,
    options: chosen,
    reader: {
      item: readEvent(shape, byEvent ? undefined : events),
      handler: handler as ((item: unknown) => unknown) | undefined,
    },
  })
  const subscription = new Subscription<T, KeyspaceEvent<T>>(registry, state)
  // A restarted server has the flags of its configuration file again.
  if (configure) {
    subscription.on('gap', () => {
      ensureFlags(view.configuration, flags, true).catch((error: Error) => state.emitError(error))
    })
  }
  return registry.subscribe(state, names, callOptions, subscription)
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(each => typeof each === 'string')
}

const CHECKS: Checks<KeyspaceOptions> = {
  keys: value =>
    typeof value === 'string' || isTexts(value) ? undefined : 'a pattern, or an array of at least one pattern',
  events: value => (isTexts(value) ? undefined : 'an array of at least one name'),
  db: value => (value === '*' || isCount(value) === undefined ? undefined : "a whole number from 0, or '*'"),
  configure: isBoolean,
}

const HEAD = /^__key(event|space)@(\d+)__:/

/** Returns a function that turns a message into an event: `__keyspace@0__:user:1` and `set`, or `__keyevent@0__:set` and `user:1`. */
function readEvent(
  { bytes, prefix }: ReplyFormat,
  events: readonly string[] | undefined,
): (message: Text, channel: Text) => KeyspaceEvent<Text> | undefined {
  const known = events && new Set(events)
  return (message, channel) => {
    const head = HEAD.exec(typeof channel === 'string' ? channel : channel.toString('latin1', 0, 48))
    if (head === null) return undefined
    const rest = typeof channel === 'string' ? channel.slice(head[0].length) : channel.subarray(head[0].length)
    const event = String(head[1] === 'event' ? rest : message)
    if (known?.has(event) === false) return undefined
    const key = head[1] === 'event' ? message : rest
    const bare = typeof key === 'string' ? key.slice(prefix.length) : key.subarray(Buffer.byteLength(prefix))
    return { event, key: bytes ? bare : String(bare), db: Number(head[2]) }
  }
}

// Flags

/** The flags that the server's flag `A` stands for. */
const ALL = 'g$lshzxetd'

/** The flag of each event. An event that is not listed needs all flags, because its flag is unknown. */
const CLASSES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    g: 'del rename_from rename_to move_from move_to copy_to restore expire persist',
    $: 'set setrange incrby incrbyfloat append setbit pfadd',
    l: 'lpush rpush lpop rpop linsert lset lrem ltrim sortstore',
    s: 'sadd srem spop sinterstore sunionstore sdiffstore',
    h: 'hset hincrby hincrbyfloat hdel hexpire hexpired hpersist',
    z: 'zadd zincr zrem zremrangebyscore zremrangebyrank zremrangebylex zpopmin zpopmax zrangestore zdiffstore zinterstore zunionstore geosearchstore',
    t: 'xadd xdel xtrim xsetid xgroup-create xgroup-createconsumer xgroup-delconsumer xgroup-destroy xgroup-setid',
    x: 'expired',
    e: 'evicted',
    m: 'keymiss',
    n: 'new',
    o: 'overwritten',
    c: 'type_changed',
  }).flatMap(([flag, names]) => names.split(' ').map(name => [name, flag] as const)),
)

function flagsFor(byEvent: boolean, events: readonly string[] | undefined): ReadonlySet<string> {
  const flags = new Set(byEvent ? 'E' : 'K')
  for (const flag of events?.map(event => CLASSES.get(event) ?? ALL) ?? [ALL]) for (const each of flag) flags.add(each)
  return flags
}

/** The most reads of the flags: another client may overwrite them between our read and our write. */
const MAX_READS = 10

/** Calls of this process change the flags one after another, or one would overwrite the flags of another. */
let turn: Promise<unknown> = Promise.resolve()

function ensureFlags(server: Configuration, flags: ReadonlySet<string>, configure: boolean): Promise<void> {
  if (!configure) return checkFlags(server, flags, false)
  const mine = turn.then(() => checkFlags(server, flags, true))
  turn = mine.catch(() => {})
  return mine
}

async function checkFlags(server: Configuration, flags: ReadonlySet<string>, configure: boolean): Promise<void> {
  for (let reads = 1; ; reads++) {
    let current: string
    try {
      current = (await server.configGet('notify-keyspace-events'))['notify-keyspace-events'] ?? ''
    } catch (error) {
      // The user may not be allowed to read the configuration. The flags may be right all the same.
      if (configure || !(error instanceof ResponseError)) throw error
      return
    }
    const enabled = current.replace('A', ALL)
    const missing = [...flags].filter(flag => !enabled.includes(flag)).join('')
    if (missing === '') return
    if (configure && reads < MAX_READS) await server.configSet({ 'notify-keyspace-events': current + missing })
    else throw flagsMissing(current, missing)
  }
}
