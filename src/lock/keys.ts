/** The keys of one lock. In a cluster they share a slot, whatever the name is. */
export interface LockKeys {
  /** Holds the token of the owner, for as long as the lock is held. */
  readonly lock: string
  /** Holds the last fencing token. */
  readonly fencing: string
  /** Those who wait, a sorted set; behind a colon and a room, the channel on which one of them is called. */
  readonly waiting: string
}

/**
 * The lock's key is its name. The others carry the name as their hash tag, or have the tag that it has:
 *
 *     job          {job}:fencing
 *     user:{7}     user:{7}:fencing
 *
 * What has a `}` and no tag, as `a}` and `a{}b` do, is hashed whole, and no tag can say it: the lock's own key is then the
 * name in braces, with braces and % in it escaped.
 */
export function keysOf(name: string): LockKeys {
  const lock = hasTag(name) || !name.includes('}') ? name : `{${name.replace(/[%{}]/g, encodeURIComponent)}}`
  const tagged = hasTag(lock) ? lock : `{${lock}}`
  return { lock, fencing: `${tagged}:fencing`, waiting: `${tagged}:waiting` }
}

/** Whether a cluster hashes only a part of it: what stands between its first `{` and the next `}`, if it is not empty. */
function hasTag(name: string): boolean {
  const open = name.indexOf('{')
  return open >= 0 && name.indexOf('}', open + 1) > open + 1
}
