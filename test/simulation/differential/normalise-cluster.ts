/** Differences between two replies of CLUSTER that are both correct: ids, epochs, offsets, times and the order of nodes. */
import { type Frame, shown } from './frames.js'

/** Fields of CLUSTER INFO that depend on nothing but the slots and the nodes. */
const INFO = /^cluster_(?:state|slots_assigned|slots_ok|slots_pfail|slots_fail|known_nodes|size):/

/** Returns the frame without such differences. `ids`: those of the real nodes, each with the id of the same node in the model. */
export function clusterReply(frame: Frame, args: readonly string[], ids: ReadonlyMap<string, string>): Frame {
  const named = withIds(frame, ids)
  const [name = '', subcommand = ''] = args.map(arg => arg.toLowerCase())
  switch (name === 'cluster' ? subcommand : '') {
    case 'info':
      return {
        ...named,
        text: linesOf(named)
          .filter(line => INFO.test(line))
          .sort()
          .join('\n'),
      }
    case 'nodes':
      return { ...named, text: linesOf(named).map(withoutTimes).sort().join('\n') }
    case 'slots':
      return {
        ...named,
        items: sorted(named.items.map(({ items, ...rest }) => ({ ...rest, items: withSortedTail(items, 3) }))),
      }
    case 'shards':
      return { ...named, items: sorted(named.items.map(shard)) }
    case 'getkeysinslot':
      return { ...named, items: sorted(named.items) }
    default:
      return named
  }
}

function withIds(frame: Frame, ids: ReadonlyMap<string, string>): Frame {
  const text = frame.text.replace(/\b[0-9a-f]{40}\b/g, id => ids.get(id) ?? id)
  return { ...frame, text, items: frame.items.map(item => withIds(item, ids)) }
}

function linesOf({ text }: Frame): string[] {
  return text
    .replace(/^txt:/, '')
    .split(/\r?\n/)
    .filter(line => line !== '')
}

/** Removes the times of PING and PONG, the epoch, and the names that newer servers add to the address, from a line of CLUSTER NODES. */
function withoutTimes(line: string): string {
  const [id, address = '', flags, primary, , , , ...rest] = line.split(' ')
  return [id, address.split(',')[0], flags, primary, ...rest].join(' ')
}

function sorted(items: readonly Frame[]): Frame[] {
  return [...items].sort((a, b) => (shown(a) < shown(b) ? -1 : 1))
}

function withSortedTail(items: readonly Frame[], from: number): Frame[] {
  return [...items.slice(0, from), ...sorted(items.slice(from))]
}

/** Sorts the nodes of a shard, and removes their offsets and the id of the shard. */
function shard(frame: Frame): Frame {
  const at = frame.items.findIndex(({ text }) => text === 'nodes') + 1
  const nodes = frame.items[at]
  if (nodes === undefined) return frame
  const cleaned = nodes.items.map(node => {
    const offset = node.items.findIndex(({ text }) => text === 'replication-offset') + 1
    return { ...node, items: node.items.filter((_, i) => i !== offset) }
  })
  const items = frame.items.map((item, i) => (i === at ? { ...nodes, items: sorted(cleaned) } : item))
  const id = items.findIndex(({ text }) => text === 'id') + 1
  return { ...frame, items: id === 0 ? items : items.filter((_, i) => i !== id) }
}
