/** Differences between two replies that are both correct: elapsed time, ids and the order of sets. */
import { type Frame, type Frames, shown } from './frames.js'

/** Commands that reply with a time, each with the difference that is allowed. */
const TIMES: Readonly<Record<string, number>> = {
  ttl: 1,
  pttl: 2_000,
  expiretime: 1,
  pexpiretime: 2_000,
  object: 1_000,
}
/** Commands that reply with elements in an undefined order. */
const UNORDERED: ReadonlySet<string> = new Set([
  'smembers',
  'sinter',
  'sunion',
  'sdiff',
  'spop',
  'keys',
  'hkeys',
  'hvals',
])
/** Scans. Each is complete in one page, whose elements have an undefined order. */
const SCANS: ReadonlySet<string> = new Set(['scan', 'hscan', 'sscan', 'zscan'])
/** Commands that reply with a map in an undefined order, which RESP2 sends as a flat list of pairs. */
const UNORDERED_PAIRS: ReadonlySet<string> = new Set(['hgetall'])

export interface Label {
  readonly args: readonly string[]
  /** The queued commands, for EXEC. */
  readonly queue: readonly (readonly string[])[]
}

/** Ids of connections on the real server, each with the id of the same connection on the model. */
export type Ids = ReadonlyMap<string, string>

/** Returns the difference as a text, or undefined if the replies are equal in all that matters. */
export function difference(model: Frame, server: Frame, { args, queue }: Label, ids: Ids): string | undefined {
  if (args[0]?.toLowerCase() === 'exec' && model.sign === '*' && model.items.length === server.items.length) {
    for (const [i, item] of model.items.entries()) {
      const found = difference(item, server.items[i]!, { args: queue[i] ?? [], queue: [] }, ids)
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
  // The payload is another one on each server.
  if (
    name === 'dump' &&
    model.sign === '$' &&
    server.sign === '$' &&
    (model.text === 'null') === (server.text === 'null')
  ) {
    return undefined
  }
  // A fault of the servers: an old value of errno makes them reject numbers.
  if (name === 'sort' && server.text === "ERR One or more scores can't be converted into double") return undefined
  if (name.startsWith('eval') && soonAfter(model, server)) return undefined
  const theirs = name === 'client' ? withIds(server, ids) : server
  const [a, b] = [model, theirs].map(frame => shown(canonical(frame, name)))
  return a === b ? undefined : `model:  ${a}\nserver: ${b}`
}

/** Returns true if the frames are equal, apart from times of the clock in µs and remaining times of more than 90 seconds. */
function soonAfter(a: Frame, b: Frame): boolean {
  if (a.items.length !== b.items.length || a.sign !== b.sign) return false
  if (a.sign !== ':') return a.text === b.text && a.items.every((item, i) => soonAfter(item, b.items[i]!))
  const [x, y] = [Number(a.text), Number(b.text)]
  const tolerance = x > 1e15 ? 5e6 : x > 90_000 ? 2_000 : 0
  return Math.abs(x - y) <= tolerance
}

function canonical(frame: Frame, name: string): Frame {
  if (SCANS.has(name) && frame.items.length === 2) {
    const [cursor, found] = frame.items as [Frame, Frame]
    // The digits of a score depend on the server's encoding of the set.
    if (name === 'zscan') {
      const members = pairs(found.items).map(([member, score]) => [
        member!,
        { ...score!, text: String(Number(score!.text)) },
      ])
      return { ...frame, items: [cursor, { ...found, items: sorted(members).flat() }] }
    }
    const groups = name === 'hscan' ? pairs(found.items) : found.items.map(item => [item])
    return { ...frame, items: [cursor, { ...found, items: sorted(groups).flat() }] }
  }
  if (name === 'xinfo') return withoutIdle(frame)
  if (name === 'xpending') return { ...frame, items: frame.items.map(withoutThird) }
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

function withIds(frame: Frame, ids: Ids): Frame {
  const text = frame.sign === ':' ? (ids.get(frame.text) ?? frame.text) : frame.text
  return { ...frame, text, items: frame.items.map(item => withIds(item, ids)) }
}

/** Removes the idle times of XINFO: the values of the fields `idle` and `inactive`. */
function withoutIdle(frame: Frame): Frame {
  const isIdle = (at: number) => ['idle', 'inactive'].includes(frame.items[at - 1]?.text ?? '')
  return { ...frame, items: frame.items.flatMap((item, at) => (isIdle(at) ? [] : [withoutIdle(item)])) }
}

/** Removes the idle time of an entry of XPENDING, which is the third of its four parts. */
function withoutThird(frame: Frame): Frame {
  if (frame.items.length !== 4) return frame
  return { ...frame, items: frame.items.filter((_, at) => at !== 2) }
}

/** Takes all messages of a subscriber, and returns them without their order. */
export function allMessages(frames: Frames): string {
  const all = Array.from({ length: frames.count }, () => frames.take()!)
  return all.flatMap(partsOf).sort().join('\n')
}

/** Splits the confirmation of an unsubscription into its topic and its count. */
function partsOf(frame: Frame): string[] {
  const [verb, topic, count] = frame.items.map(shown)
  if (!/"[ps]?unsubscribe"/.test(verb ?? '')) return [shown(frame)]
  return [`${frame.sign} ${verb} ${topic}`, `${frame.sign} ${verb} ${count}`]
}
