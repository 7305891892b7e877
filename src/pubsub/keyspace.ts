/** Keyspace notifications: the server tells what happens to keys, if `notify-keyspace-events` says so. */
import type { CallOptions } from '../commands/core/call-options.js'
import { type Checks, isBoolean, isCount, ownOptions } from '../commands/core/check-options.js'
import { escaped } from '../commands/core/prefix.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import { PubSubError, ResponseError } from '../errors/errors.js'
import type { Registry } from './registry.js'
import { readSubscribeOptions, type SubscribeOptions } from './subscribe-arguments.js'
import { Subscription } from './subscription.js'
import { PATTERN, type Text } from './topic.js'

/** Something happened to a key. */
export interface KeyspaceEvent<T extends Text = string> {
  /** As the server names it: `set`, `del`, `expired`… */
  readonly event: string
  readonly key: T
  readonly db: number
}

export interface KeyspaceOptions {
  /** Patterns of keys, as in KEYS (default '*'). */
  readonly keys?: string | readonly string[]
  /** Names of events; without them, all that the server tells of keys that are there: not `keymiss` and not `new`. */
  readonly events?: readonly string[]
  /** The database (default: that of the client); '*' is all. */
  readonly db?: number | '*'
  /** Adds the flags that are missing to `notify-keyspace-events`; otherwise PubSubError names them (default false). */
  readonly configure?: boolean
}

export type KeyspaceHandler<T extends Text = string> = (event: KeyspaceEvent<T>) => unknown

/** A subscription to what happens to keys. */
export interface KeyspaceSubscription<T extends Text = string>
  extends Omit<Subscription<T, KeyspaceEvent<T>>, 'channels' | 'subscribe' | 'unsubscribe'> {
  /** Ends it; resolves when the server confirmed. */
  unsubscribe(): Promise<void>
}

/** The configuration of the server. */
export interface Configuration {
  configGet(parameter: string): Promise<Record<string, string>>
  configSet(values: Readonly<Record<string, string>>): Promise<unknown>
}

/** What a view is, as far as it matters here. */
export interface KeyspaceView {
  readonly registry: Registry
  readonly shape: ReplyFormat
  readonly callOptions: CallOptions | undefined
  /** Deadline of a call, ms. */
  readonly timeout: number
  readonly db: number
  readonly configuration: Configuration
}

/** keyspace() of a view. */
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
  // The channels of events carry all keys, those of keys all events: the narrower ones are subscribed to.
  const byEvent = events !== undefined && shape.prefix === '' && patterns.every(pattern => pattern === '*')
  const names = byEvent
    ? events.map(event => `__keyevent@${db}__:${escaped(event)}`)
    : patterns.map(pattern => `__keyspace@${db}__:${escaped(shape.prefix)}${pattern}`)
  const flags = flagsFor(byEvent, events)
  await ensureFlags(view.configuration, flags, configure)
  const member = registry.create({
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
  const subscription = new Subscription<T, KeyspaceEvent<T>>(registry, member)
  // A server that was started anew has its configuration from its file.
  if (configure) {
    subscription.on('gap', () => {
      ensureFlags(view.configuration, flags, true).catch((error: Error) => member.emitError(error))
    })
  }
  return registry.subscribe(member, names, callOptions, subscription)
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(each => typeof each === 'string')
}

const CHECKS: Checks<KeyspaceOptions> = {
  keys: value => (typeof value === 'string' || isTexts(value) ? undefined : 'a pattern, or an array of at least one'),
  events: value => (isTexts(value) ? undefined : 'an array of at least one name'),
  db: value => (value === '*' || isCount(value) === undefined ? undefined : "a whole number from 0, or '*'"),
  configure: isBoolean,
}

const HEAD = /^__key(event|space)@(\d+)__:/

/** Makes an event of a message: `__keyspace@0__:user:1` and `set`, or `__keyevent@0__:set` and `user:1`. */
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

/** What `A` stands for. */
const ALL = 'g$lshzxetd'

/** The class of each event; those that are not here are of all. */
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

/** Between two looks at the flags another client may set them. So often they are looked at. */
const LOOKS = 10

/** Flags are read, added to and written: calls of this process that do so take turns, or one would undo what another wrote. */
let turn: Promise<unknown> = Promise.resolve()

function ensureFlags(server: Configuration, flags: ReadonlySet<string>, configure: boolean): Promise<void> {
  if (!configure) return lookAtFlags(server, flags, false)
  const mine = turn.then(() => lookAtFlags(server, flags, true))
  turn = mine.catch(() => {})
  return mine
}

async function lookAtFlags(server: Configuration, flags: ReadonlySet<string>, configure: boolean): Promise<void> {
  for (let look = 1; ; look++) {
    let now: string
    try {
      now = (await server.configGet('notify-keyspace-events'))['notify-keyspace-events'] ?? ''
    } catch (error) {
      // A server that does not tell its configuration may have it right.
      if (configure || !(error instanceof ResponseError)) throw error
      return
    }
    const there = now.replace('A', ALL)
    const missing = [...flags].filter(flag => !there.includes(flag)).join('')
    if (missing === '') return
    if (configure && look < LOOKS) await server.configSet({ 'notify-keyspace-events': now + missing })
    else {
      throw new PubSubError(
        `The server does not tell what happens to these keys: notify-keyspace-events is '${now}' and lacks '${missing}'. ` +
          'Set it there, or say keyspace({ configure: true }).',
      )
    }
  }
}
