/** Scripts for tests, each with its twin. */
import { registerTwin, type Twin } from '../scripts.js'

function sample(lua: string, twin: Twin): string {
  registerTwin(lua, twin)
  return lua
}

/** Adds ARGV[1] to KEYS[1]. Returns the sum. */
export const ADD: string = sample(`return redis.call('INCRBY', KEYS[1], ARGV[1])`, ({ KEYS, ARGV, call }) =>
  call('INCRBY', KEYS[0]!, ARGV[0]!),
)

/** Returns its arguments. */
export const ECHO: string = sample('return ARGV', ({ ARGV }) => ARGV)

/** Swaps two strings. If one is missing, the other key is deleted. */
export const SWAP: string = sample(
  `local a, b = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if b then redis.call('SET', KEYS[1], b) else redis.call('DEL', KEYS[1]) end
if a then redis.call('SET', KEYS[2], a) else redis.call('DEL', KEYS[2]) end
return {a, b}`,
  ({ KEYS, call }) => {
    const [first, second] = KEYS as [string, string]
    const [a, b] = [call('GET', first), call('GET', second)]
    if (typeof b === 'string') call('SET', first, b)
    else call('DEL', first)
    if (typeof a === 'string') call('SET', second, a)
    else call('DEL', second)
    return [a, b]
  },
)

/** Sets KEYS[1] to ARGV[2] if it holds ARGV[1]. Returns 1 if it was set. */
export const COMPARE_AND_SET: string = sample(
  `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end
return 0`,
  ({ KEYS, ARGV, call }) => {
    if (call('GET', KEYS[0]!) !== ARGV[0]) return 0
    call('SET', KEYS[0]!, ARGV[1]!)
    return 1
  },
)

/** Writes, then returns an error of its own. */
export const WRITE_AND_FAIL: string = sample(
  `redis.call('SET', KEYS[1], ARGV[1])
return redis.error_reply('MINE it failed')`,
  ({ KEYS, ARGV, call }) => {
    call('SET', KEYS[0]!, ARGV[0]!)
    return { err: 'MINE it failed' }
  },
)

/** Writes, then returns the error ARGV[2]. */
export const WRITE_AND_RETURN_ERROR: string = sample(
  `redis.call('SET', KEYS[1], ARGV[1])
return redis.error_reply(ARGV[2])`,
  ({ KEYS, ARGV, call }) => {
    call('SET', KEYS[0]!, ARGV[0]!)
    return { err: ARGV[1]! }
  },
)
