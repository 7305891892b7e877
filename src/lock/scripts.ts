/** What is said to a server, each in one piece. A lock's key holds its owner's token. */
import { Script } from '../commands/script.js'
import type { LockKeys } from './keys.js'

/**
 * Calls the first of those who wait in KEYS[2], by its room and its number there: each client that waits has a room, and a channel
 * of it. Whoever may not publish leaves them to ask by themselves.
 */
const CALL_NEXT = `
local function callNext()
  local room, number = string.match(redis.pcall('zpopmin', KEYS[2])[1] or '', '^(.*):(.*)$')
  if room then redis.pcall('publish', KEYS[2] .. ':' .. room, number) end
end`

/** 1: the value is ours, 0: there is none, -1: it is another's, of whatever type. */
const WHOSE = `
local value = redis.pcall('get', KEYS[1])
local whose = not value and 0 or value == ARGV[1] and 1 or -1`

export interface Taken {
  /** The fencing token. */
  readonly fencing: number
}

/** Another one has it. */
export interface Refused {
  /** How long its holder still has, ms; -1: for ever. */
  readonly left: number
  /** Our place among those who wait: when we tried first, on the server's clock in µs. */
  readonly place: number
}

/** One of the lock's keys holds something that no lock has written, and that is left alone. */
export interface Foreign {
  readonly key: keyof LockKeys
  /** The server's word for its type. */
  readonly type: string
}

export type Attempt = Taken | Refused | Foreign

const KEYS: readonly (keyof LockKeys)[] = ['lock', 'waiting', 'fencing']

/** How long the last fencing token is kept when the server's clock has passed it, ms. */
export const FENCING_KEPT = 60_000

/**
 * Takes the lock if it is free: KEYS lock, waiting, fencing; ARGV token, ttl in ms or '', and for one who waits and listens
 * its id, its place ('' until it has one) and how long those who wait are remembered, ms.
 *
 * The fencing token is one more than the last one, and at least the server's time in µs. The last one is kept until the clock
 * is `FENCING_KEPT` past the token itself: so a clock that steps back finds it, unless it steps back further than that.
 */
export const ACQUIRE: Script<Attempt> = new Script({
  keys: 3,
  lua: `
local function refused(i, expected, failure)
  local found = redis.call('type', KEYS[i]).ok
  if found == expected or found == 'none' then return failure end
  return {-1, i, found}
end
local last = redis.pcall('get', KEYS[3]) or '0'
if type(last) == 'table' then return refused(3, 'string', last) end
if not string.match(last, '^%d+$') or tonumber(last) > 9007199254740990 then return {-1, 3, 'string'} end
local taken
if ARGV[2] == '' then
  taken = redis.call('set', KEYS[1], ARGV[1], 'NX')
else
  taken = redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
end
local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local id = ARGV[3]
if taken then
  if id ~= '' then redis.pcall('zrem', KEYS[2], id) end
  local fencing = math.max(last + 1, now)
  local kept = math.ceil((fencing - now) / 1000) + ${FENCING_KEPT}
  redis.call('set', KEYS[3], string.format('%.0f', fencing), 'PX', string.format('%.0f', kept))
  return {1, fencing}
end
local foreign = refused(1, 'string')
if foreign then return foreign end
local place = tonumber(ARGV[4]) or now
if id ~= '' then
  local added = redis.pcall('zadd', KEYS[2], 'NX', string.format('%.0f', place), id)
  if type(added) == 'table' then return refused(2, 'zset', added) end
  if redis.call('pttl', KEYS[2]) < tonumber(ARGV[5]) then redis.call('pexpire', KEYS[2], ARGV[5]) end
end
return {0, redis.call('pttl', KEYS[1]), place}`,
  decode: reply => {
    const [taken, first, second] = reply as readonly unknown[]
    if (Number(taken) === 1) return { fencing: Number(first) }
    if (Number(taken) === 0) return { left: Number(first), place: Number(second) }
    return { key: KEYS[Number(first) - 1] ?? 'lock', type: String(second) }
  },
})

/** 1, or what kept it from being done: 0: the lock is gone, -1: it is another's, -2: it has no ttl. */
export type Answer = number

/** Gives it back if it is ours, and calls the next one: KEYS lock, waiting; ARGV token. */
export const RELEASE: Script<Answer> = new Script({
  keys: 2,
  lua: `${CALL_NEXT}${WHOSE}
if whose == 1 then
  redis.call('del', KEYS[1])
  callNext()
end
return whose`,
  decode: Number,
})

/** One who waited goes. If it was called just now, the next one is: KEYS lock, waiting; ARGV id. */
export const LEAVE: Script<Answer> = new Script({
  keys: 2,
  lua: `${CALL_NEXT}
local left = redis.call('zrem', KEYS[2], ARGV[1])
if left == 0 and redis.call('exists', KEYS[1]) == 0 then callNext() end
return left`,
  decode: Number,
})

/**
 * How the time of an extension counts: on top of what is left, instead of it, or as the least that is to be left. The first two
 * want a lock that has a ttl, 'reset' gives it one.
 */
export type Extending = 'add' | 'replace' | 'reset' | 'keep'

/** Gives it more time if it is ours: KEYS lock; ARGV token, ms, how. Returns what is left then, ms, or an Answer. */
export const EXTEND: Script<Answer> = new Script({
  keys: 1,
  lua: `${WHOSE}
if whose < 1 then return whose end
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

/** Whose it is: KEYS lock; ARGV token. */
export const OWNER: Script<Answer> = new Script({ keys: 1, lua: `${WHOSE}\nreturn whose`, decode: Number })
