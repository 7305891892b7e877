/** The keys of one lock. In a cluster they share a slot, whatever the name is. */
export interface LockKeys {
  /** Holds the token of the owner, for as long as the lock is held. */
  readonly lock: string
  /** Holds the last fencing token. */
  readonly fencing: string
  /** Those who wait, a sorted set; with a colon and a room appended, the channel on which one of them is called. */
  readonly waiting: string
}

/**
 * The lock's key is its name. The others live in a key space of their own: they carry the tag that the name has, or the name
 * as their tag, and end with the whole name unless it is the tag:
 *
 *     job          {job}:lock:fencing
 *     user:{7}     {7}:lock:fencing:user:{7}
 *
 * Two kinds of names have their lock in that space too, so that the keys of no name are those of another: names that would
 * lie in it, and names that a cluster hashes whole although they have a `}` (`a}`, `a{}b`), which no tag can say:
 *
 *     {job}:lock:fencing     {job}:lock:token:{job}:lock:fencing
 *     a}                     {a%7D}:lock:token:a}
 */
export function keysOf(name: string): LockKeys {
  const tag = tagOf(name)
  const sayable = tag !== undefined || !name.includes('}')
  const tagged = tag ?? name.replaceAll('}', '%7D')
  const own = (part: string) => `{${tagged}}:lock:${part}${tagged === name ? '' : `:${name}`}`
  return {
    lock: sayable && !OWN.test(name) ? name : own('token'),
    fencing: own('fencing'),
    waiting: own('waiting'),
  }
}

/** The key space of locks. */
const OWN = /^\{[^}]+\}:lock:(token|fencing|waiting)(:|$)/

/** What a cluster hashes of a name instead of all of it: what stands between its first `{` and the next `}`, if it is not empty. */
function tagOf(name: string): string | undefined {
  const open = name.indexOf('{')
  const close = open < 0 ? -1 : name.indexOf('}', open + 1)
  return close > open + 1 ? name.slice(open + 1, close) : undefined
}
