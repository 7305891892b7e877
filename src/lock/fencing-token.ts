/** How long the last fencing token is kept after the server's clock has passed it, ms. */
export const FENCING_KEPT = 60_000

/**
 * Lua: makes the fencing token of the new owner, `fencing`, from the `last` one and from `now`, the server's time in µs, and
 * stores it at KEYS[3].
 *
 * A fencing token is one more than the last one, and at least the server's time in µs. The last one is kept until the clock is
 * `FENCING_KEPT` past the token. So it still exists if the clock steps back, unless it steps back further than that.
 */
export const NEXT_FENCING_TOKEN: string = `  local fencing = math.max(last + 1, now)
  local kept = math.ceil((fencing - now) / 1000) + ${FENCING_KEPT}
  redis.call('set', KEYS[3], string.format('%.0f', fencing), 'PX', string.format('%.0f', kept))`
