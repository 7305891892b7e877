/** XINFO. */
import { type Call, type CommandSpec, command, type Keys } from '../command.js'
import type { Dialect } from '../dialect.js'
import { Failure, MapReply, NO_KEY, type Reply } from '../reply.js'
import { compareIds, type Group, idText, MIN_ID, type Stream } from '../stream.js'
import { entriesUpTo, hasTombstones, NEWER_COUNTS } from '../stream-ids.js'
import { groupOf } from './stream-groups.js'
import { entryReply } from './streams.js'

const SECOND: Keys = [2, 2, 1]

export const STREAM_INFO: readonly CommandSpec[] = [
  command('xinfo|stream', -3, 'read', SECOND, call => {
    const stream = streamOf(call)
    if (call.args.length > 3) {
      return new Failure("ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.")
    }
    const { entries, groups, last, maxDeleted, added } = stream
    const [first, top] = [entries[0], entries.at(-1)]
    const nodes = Math.ceil(entries.length / 100)
    return new MapReply([
      ['length', entries.length],
      ['radix-tree-keys', nodes],
      ['radix-tree-nodes', nodes + 1],
      ['last-generated-id', idText(last)],
      ['max-deleted-entry-id', idText(maxDeleted)],
      ['entries-added', added],
      ['recorded-first-entry-id', idText(first?.id ?? MIN_ID)],
      ['groups', groups.size],
      ['first-entry', first === undefined ? null : entryReply(first)],
      ['last-entry', top === undefined ? null : entryReply(top)],
    ])
  }),
  command('xinfo|groups', 3, 'read', SECOND, call => {
    const stream = streamOf(call)
    const groups = [...stream.groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    return groups.map(group => describeGroup(stream, group, call.server.dialect))
  }),
  command('xinfo|consumers', 4, 'read', SECOND, call => {
    const group = groupOf(streamOf(call), call.text(2), call.text(3))
    const consumers = [...group.consumers.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    return consumers.map(
      ({ name, pending, seen }) =>
        new MapReply([
          ['name', name],
          ['pending', pending.size],
          ['idle', call.now - seen],
          ...(call.server.dialect.is72 ? [['inactive', call.now - seen] as const] : []),
        ]),
    )
  }),
]

function streamOf({ db, args }: Call): Stream {
  const stream = db.readTyped(args[2]!, 'stream')
  if (stream === undefined) throw NO_KEY
  return stream
}

function describeGroup(stream: Stream, group: Group, dialect: Dialect): Reply {
  return new MapReply([
    ['name', group.name],
    ['consumers', group.consumers.size],
    ['pending', group.pending.size],
    ['last-delivered-id', idText(group.last)],
    ['entries-read', group.read ?? null],
    ['lag', lagOf(stream, group, dialect) ?? null],
  ])
}

function lagOf(stream: Stream, { read, last }: Group, dialect: Dialect): number | undefined {
  if (stream.added === 0) return 0
  const first = stream.entries[0]?.id
  const isRemainder = dialect.has({ redis: [7, 4] })
  if (isRemainder && first === undefined) return 0
  if (isRemainder && compareIds(last, first!) < 0 && compareIds(stream.maxDeleted, first!) < 0)
    return stream.entries.length
  const isNewer = dialect.has(NEWER_COUNTS)
  if (read !== undefined && !hasTombstones(stream, last, isNewer)) return stream.added - read
  const upTo = entriesUpTo(stream, last, isNewer)
  return upTo === undefined ? undefined : stream.added - upTo
}
