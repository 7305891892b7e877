/** The keys of one lock. In a cluster they are in the same slot, for every name. */
export interface LockKeys {
  /** A string: the token of the owner, as long as the lock is held. */
  readonly lock: string
  /** A string: the last fencing token. */
  readonly fencing: string
  /** A sorted set: the queue of waiters. With a colon and the name of a wake-up channel appended: that channel. */
  readonly waiting: string
}

/**
 * Returns the keys of the lock `name`. The lock key is the name itself. The other keys are in a key space of their own: their
 * hash tag is the hash tag of the name or, without one, the name; they end with the name unless it is the tag:
 *
 *     job          {job}:lock:fencing
 *     user:{7}     {7}:lock:fencing:user:{7}
 *
 * For two kinds of names the lock key is in that space too, so that no two names share a key: names that look like keys of that
 * space, and names with a `}` but no hash tag (`a}`, `a{}b`), which cannot be written as a tag:
 *
 *     {job}:lock:fencing     {job}:lock:token:{job}:lock:fencing
 *     a}                     {a%7D}:lock:token:a}
 */
export function keysOf(name: string): LockKeys {
  const tag = tagOf(name)
  const isTaggable = tag !== undefined || !name.includes('}')
  const hashTag = tag ?? name.replaceAll('}', '%7D')
  const keyFor = (part: string) => `{${hashTag}}:lock:${part}${hashTag === name ? '' : `:${name}`}`
  return {
    lock: isTaggable && !LOCK_SPACE.test(name) ? name : keyFor('token'),
    fencing: keyFor('fencing'),
    waiting: keyFor('waiting'),
  }
}

/** Matches the keys of the key space of locks. */
const LOCK_SPACE = /^\{[^}]+\}:lock:(token|fencing|waiting)(:|$)/

/** Returns the hash tag of a name: the text between its first `{` and the next `}`, unless it is empty. */
function tagOf(name: string): string | undefined {
  const open = name.indexOf('{')
  const close = open < 0 ? -1 : name.indexOf('}', open + 1)
  return close > open + 1 ? name.slice(open + 1, close) : undefined
}
