/** Converts replies of the model that have several forms to the values that the client returns for them. */
import { Double, MapReply, type Reply } from './model/reply.js'
import { plain } from './values.js'

type Plain = { readonly [key: string]: unknown }

function items(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? (reply as readonly Reply[]) : []
}

/** Returns the pairs of a reply: a map, a list of pairs or a flat list. */
function pairs(reply: Reply): (readonly [Reply, Reply])[] {
  if (reply instanceof MapReply) return [...reply.entries]
  const all = items(reply)
  if (all.every(each => Array.isArray(each) && each.length === 2)) return all as unknown as [Reply, Reply][]
  return Array.from({ length: all.length / 2 }, (_, i) => [all[2 * i] ?? null, all[2 * i + 1] ?? null])
}

function score(reply: Reply): number {
  return reply instanceof Double ? reply.value : Number(reply)
}

/** Members of a sorted set with their scores. */
export function scored(reply: Reply): Plain[] {
  return pairs(reply).map(([member, value]) => ({ member: plain(member), score: score(value) }))
}

export function firstScored(reply: Reply): Plain | null {
  return scored(reply)[0] ?? null
}

/** BZPOPMIN: the key, the member and its score. */
export function poppedScored(reply: Reply): Plain | null {
  const [key = null, member = null, value = null] = items(reply)
  return key === null ? null : { key: plain(key), member: plain(member), score: score(value) }
}

/** ZMPOP and BZMPOP. */
export function poppedMembers(reply: Reply): Plain | null {
  const [key = null, members = null] = items(reply)
  return key === null ? null : { key: plain(key), members: scored(members) }
}

/** BLPOP: the key and an element. */
export function popped(reply: Reply): Plain | null {
  const [key = null, element = null] = items(reply)
  return key === null ? null : { key: plain(key), element: plain(element) }
}

/** LMPOP and BLMPOP. */
export function poppedElements(reply: Reply): Plain | null {
  const [key = null, elements = null] = items(reply)
  return key === null ? null : { key: plain(key), elements: plain(elements) }
}

/** Entries of a stream. */
export function entries(reply: Reply): Plain[] {
  return items(reply).map(each => {
    const [id = null, fields = null] = items(each)
    return {
      id: plain(id),
      fields:
        fields === null ? null : Object.fromEntries(pairs(fields).map(([name, value]) => [plain(name), plain(value)])),
    }
  })
}

/** XREAD and XREADGROUP. */
export function streams(reply: Reply): Plain[] | null {
  const all = pairs(reply).map(([key, list]) => ({ key: plain(key), entries: entries(list) }))
  return all.length === 0 ? null : all
}

export function autoclaimed(reply: Reply): Plain {
  const [cursor = null, list = null, deleted = null] = items(reply)
  return { cursor: plain(cursor), entries: entries(list), deleted: plain(deleted) }
}
