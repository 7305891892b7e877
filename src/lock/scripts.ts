/** What is said to a server, each in one piece. A lock's key holds its owner's token. */
import { Script } from '../commands/script.js'

/**
 * Calls the first of those who wait in KEYS[2], by its room and its number there: each client that waits has a room, and a channel
 * of it. Whoever may not publish leaves them to ask by themselves.
 */
const CALL_NEXT = `
local function callNext()
  local room, number = string.match(redis.call('zpopmin', KEYS[2])[1] or '', '^(.*):(.*)$')
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

export type Attempt = Taken | Refused

/**
 * Takes the lock if it is free: KEYS lock, waiting, fencing; ARGV token, ttl in ms or '', and for one who waits and listens
 * its id, its place ('' until it has one) and how long those who wait are remembered, ms.
 *
 * The fencing token is one more than the last one, and at least the server's time in µs. So it goes on growing when the
 * last one is lost, by a failover or a flush, and need not be kept for ever.
 */
export const ACQUIRE: Script<Attempt> = new Script({
  keys: 3,
  lua: `
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
  if id ~= '' then redis.call('zrem', KEYS[2], id) end
  local last = tonumber(redis.pcall('get', KEYS[3])) or 0
  local fencing = math.max(last + 1, now)
  redis.call('set', KEYS[3], string.format('%.0f', fencing), 'PX', 86400000)
  return {1, fencing}
end
local place = tonumber(ARGV[4]) or now
if id ~= '' then
  redis.call('zadd', KEYS[2], 'NX', string.format('%.0f', place), id)
  if redis.call('pttl', KEYS[2]) < tonumber(ARGV[5]) then redis.call('pexpire', KEYS[2], ARGV[5]) end
end
return {0, redis.call('pttl', KEYS[1]), place}`,
  decode: reply => {
    const [taken, first, second] = (reply as readonly unknown[]).map(Number)
    return taken === 1 ? { fencing: first as number } : { left: first as number, place: second as number }
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
