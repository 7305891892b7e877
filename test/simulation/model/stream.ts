/** The value of a stream, with its consumer groups. */

export interface StreamId {
  readonly ms: bigint
  readonly seq: bigint
}

export interface Entry {
  readonly id: StreamId
  readonly fields: readonly string[]
}

export interface Pending {
  consumer: Consumer
  delivered: number
  deliveries: number
}

export interface Consumer {
  readonly name: string
  seen: number
  readonly pending: Set<string>
}

export interface Group {
  readonly name: string
  last: StreamId
  /** The number of entries that the group has read, undefined if the server cannot know it. */
  read: number | undefined
  /** Pending entries by the text of their id, in order of ids. */
  pending: Map<string, Pending>
  readonly consumers: Map<string, Consumer>
}

export const MIN_ID: StreamId = { ms: 0n, seq: 0n }
export const MAX_ID: StreamId = { ms: 2n ** 64n - 1n, seq: 2n ** 64n - 1n }

export function idText({ ms, seq }: StreamId): string {
  return `${ms}-${seq}`
}

export function compareIds(a: StreamId, b: StreamId): number {
  if (a.ms !== b.ms) return a.ms < b.ms ? -1 : 1
  return a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : 0
}

export class Stream {
  readonly type = 'stream'
  entries: Entry[] = []
  last: StreamId = MIN_ID
  maxDeleted: StreamId = MIN_ID
  added = 0
  readonly groups: Map<string, Group> = new Map()

  copy(): Stream {
    const copy = new Stream()
    copy.entries = [...this.entries]
    copy.last = this.last
    copy.maxDeleted = this.maxDeleted
    copy.added = this.added
    for (const [name, group] of this.groups) copy.groups.set(name, copyOfGroup(group))
    return copy
  }
}

function copyOfGroup({ name, last, read, pending, consumers }: Group): Group {
  const copies = new Map([...consumers].map(([key, each]) => [key, { ...each, pending: new Set(each.pending) }]))
  const owned = [...pending].map(([id, each]): [string, Pending] => [
    id,
    { ...each, consumer: copies.get(each.consumer.name)! },
  ])
  return { name, last, read, pending: new Map(owned), consumers: copies }
}
