/** The Lua scripts of a lock. The server runs each one atomically. The lock key holds the token of the owner. */
import { Script } from '../commands/script.js'
import { NEXT_FENCING_TOKEN } from './fencing-token.js'
import type { LockKeys } from './keys.js'

/**
 * Wakes the first waiter in KEYS[2]. An entry is `channel:number`: each client that waits has a channel of its own, and numbers
 * its waiters. If the user may not publish, the waiters poll.
 */
const WAKE_NEXT = `
local function wakeNext()
  local channel, number = string.match(redis.pcall('zpopmin', KEYS[2])[1] or '', '^(.*):(.*)$')
  if channel then redis.pcall('publish', KEYS[2] .. ':' .. channel, number) end
end`

/** `owned` is 1 if the value is our token, 0 if there is no value, -1 if it is another value of any type. */
const OWNED = `
local value = redis.pcall('get', KEYS[1])
local owned = not value and 0 or value == ARGV[1] and 1 or -1`

export interface Acquired {
  /** The fencing token. */
  readonly fencing: number
}

/** The lock has another owner. */
export interface Held {
  /** The remaining ttl of the owner, ms; -1 if it has no ttl. */
  readonly left: number
  /** Our place in the queue: the time of our first try on the server's clock, µs. */
  readonly place: number
}

/** One of the keys holds a value that no lock has written. It is not overwritten. */
export interface Foreign {
  readonly key: keyof LockKeys
  /** The type of the value, as TYPE returns it. */
  readonly type: string
}

export type Attempt = Acquired | Held | Foreign

const KEYS: readonly (keyof LockKeys)[] = ['lock', 'waiting', 'fencing']

/**
 * Acquires the lock if it is free. KEYS: lock, waiting, fencing. ARGV: token; ttl in ms or ''; and for a waiter that listens its
 * id, its place ('' until it has one) and how long the queue is kept, ms.
 */
export const ACQUIRE: Script<Attempt> = new Script({
  keys: 3,
  lua: `
local function foreign(i, expected, failure)
  local found = redis.call('type', KEYS[i]).ok
  if found == expected or found == 'none' then return failure end
  return {-1, i, found}
end
local last = redis.pcall('get', KEYS[3]) or '0'
if type(last) == 'table' then return foreign(3, 'string', last) end
if not string.match(last, '^%d+$') or tonumber(last) > 9007199254740990 then return {-1, 3, 'string'} end
local acquired
if ARGV[2] == '' then
  acquired = redis.call('set', KEYS[1], ARGV[1], 'NX')
else
  acquired = redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
end
local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local id = ARGV[3]
if acquired then
  if id ~= '' then redis.pcall('zrem', KEYS[2], id) end
${NEXT_FENCING_TOKEN}
  return {1, fencing}
end
local found = foreign(1, 'string')
if found then return found end
local place = tonumber(ARGV[4]) or now
if id ~= '' then
  local added = redis.pcall('zadd', KEYS[2], 'NX', string.format('%.0f', place), id)
  if type(added) == 'table' then return foreign(2, 'zset', added) end
  if redis.call('pttl', KEYS[2]) < tonumber(ARGV[5]) then redis.call('pexpire', KEYS[2], ARGV[5]) end
end
return {0, redis.call('pttl', KEYS[1]), place}`,
  decode: reply => {
    const [acquired, first, second] = reply as readonly unknown[]
    if (Number(acquired) === 1) return { fencing: Number(first) }
    if (Number(acquired) === 0) return { left: Number(first), place: Number(second) }
    return { key: KEYS[Number(first) - 1] ?? 'lock', type: String(second) }
  },
})

/** 1 if done, else the reason why not: 0 no lock key, -1 another owner, -2 no ttl. */
export type Answer = number

/** Releases the lock if it is ours, and wakes the next waiter. KEYS: lock, waiting. ARGV: token. */
export const RELEASE: Script<Answer> = new Script({
  keys: 2,
  lua: `${WAKE_NEXT}${OWNED}
if owned == 1 then
  redis.call('del', KEYS[1])
  wakeNext()
end
return owned`,
  decode: Number,
})

/** Removes a waiter from the queue. If it was woken just now, wakes the next one. KEYS: lock, waiting. ARGV: id. */
export const LEAVE: Script<Answer> = new Script({
  keys: 2,
  lua: `${WAKE_NEXT}
local left = redis.call('zrem', KEYS[2], ARGV[1])
if left == 0 and redis.call('exists', KEYS[1]) == 0 then wakeNext() end
return left`,
  decode: Number,
})

/**
 * How an extension changes the remaining time: 'add' adds to it, 'replace' and 'reset' set it, 'keep' only lengthens it. 'add' and
 * 'replace' need a key that has a ttl.
 */
export type Extending = 'add' | 'replace' | 'reset' | 'keep'

/** Extends the lock if it is ours. KEYS: lock. ARGV: token, ms, how. Returns the remaining time, ms, or an Answer below 1. */
export const EXTEND: Script<Answer> = new Script({
  keys: 1,
  lua: `${OWNED}
if owned < 1 then return owned end
local left = redis.call('pttl', KEYS[1])
local ms = tonumber(ARGV[2])
if ARGV[3] == 'add' or ARGV[3] == 'replace' then
  if left < 0 then return -2 end
  if ARGV[3] == 'add' then ms = left + ms end
end
if ARGV[3] == 'keep' and left > ms then return left end
redis.call('pexpire', KEYS[1], string.format('%.0f', ms))
return ms`,
  decode: Number,
})

/** Returns whether the lock is ours. KEYS: lock. ARGV: token. */
export const OWNER: Script<Answer> = new Script({ keys: 1, lua: `${OWNED}\nreturn owned`, decode: Number })
