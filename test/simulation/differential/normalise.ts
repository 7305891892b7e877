/** What may differ between two servers that are both right: time that passes, ids, and the order of sets. */
import { type Frame, shown } from './frames.js'

/** Integers that may differ by the milliseconds between two executions. */
const TIMES: Readonly<Record<string, number>> = {
  ttl: 1,
  pttl: 2_000,
  expiretime: 1,
  pexpiretime: 2_000,
}
/** Elements whose order is not defined. */
const UNORDERED: ReadonlySet<string> = new Set(['smembers', 'sinter', 'sunion', 'sdiff', 'keys', 'hkeys', 'hvals'])
/** The same, in pairs where the protocol has no maps. */
const UNORDERED_PAIRS: ReadonlySet<string> = new Set(['hgetall'])

export interface Label {
  readonly args: readonly string[]
  /** For EXEC: what was queued. */
  readonly queue: readonly (readonly string[])[]
}

/** What differs, as a text; undefined if nothing that matters does. */
export function difference(model: Frame, server: Frame, { args, queue }: Label): string | undefined {
  if (args[0]?.toLowerCase() === 'exec' && model.sign === '*' && model.items.length === server.items.length) {
    for (const [i, item] of model.items.entries()) {
      const found = difference(item, server.items[i]!, { args: queue[i] ?? [], queue: [] })
      if (found !== undefined) return found
    }
    return undefined
  }
  const name = args[0]?.toLowerCase() ?? ''
  const tolerance = TIMES[name]
  if (tolerance !== undefined && model.sign === ':' && server.sign === ':') {
    const [a, b] = [Number(model.text), Number(server.text)]
    if (a >= 0 && b >= 0 && Math.abs(a - b) <= tolerance) return undefined
  }
  const [a, b] = [model, server].map(frame => shown(canonical(frame, name)))
  return a === b ? undefined : `model:  ${a}\nserver: ${b}`
}

function canonical(frame: Frame, name: string): Frame {
  if (UNORDERED.has(name)) return { ...frame, items: sorted(frame.items.map(item => [item])).flat() }
  if (UNORDERED_PAIRS.has(name)) return { ...frame, items: sorted(pairs(frame.items)).flat() }
  return frame
}

function pairs(items: readonly Frame[]): Frame[][] {
  return items.flatMap((_, i) => (i % 2 === 0 ? [items.slice(i, i + 2)] : []))
}

function sorted(groups: readonly Frame[][]): Frame[][] {
  const key = (group: readonly Frame[]) => group.map(shown).join(' ')
  return [...groups].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
