/** What one node says of all: its CLUSTER NODES. */
import { PlacedServer } from './server.mjs'

/**
 * @typedef {{ id: string, flags: readonly string[], primary: string, epoch: number, connected: boolean, ranges: readonly string[] }} Member
 *   `primary` is '-' for a primary; `ranges` are like `0-5460` or `7`
 */

/** @param {string} text @returns {Member[]} */
export function parseNodes(text) {
  const lines = text.split('\n').filter(Boolean)
  return lines.map(line => {
    const [id = '', , flags = '', primary = '-', , , epoch, link, ...slots] = line.trim().split(' ')
    const ranges = slots.filter(slot => !slot.startsWith('[')) // [7->-id] and [7-<-id] are moves in progress
    return { id, flags: flags.split(','), primary, epoch: Number(epoch), connected: link === 'connected', ranges }
  })
}

/** @param {readonly Member[]} members @param {number} slot */
export function ownerOf(members, slot) {
  return members.find(({ ranges }) => ranges.some(range => holds(range, slot)))
}

/** @param {string} range @param {number} slot */
function holds(range, slot) {
  const [first = '', last = first] = range.split('-')
  return Number(first) <= slot && slot <= Number(last)
}

/**
 * Equal texts: the same view of who serves what since which epoch, and of who follows whom.
 * @param {readonly Member[]} members
 */
export function viewText(members) {
  const lines = members.map(({ id, primary, epoch, ranges }) => {
    const isServing = ranges.length > 0
    return `${id} ${primary} ${isServing ? epoch : '-'} ${ranges.join(' ')}`
  })
  return lines.sort().join('\n')
}

/** A node of a cluster: a server that knows its id. */
export class ClusterNode extends PlacedServer {
  id = ''

  async members() {
    return parseNodes(await this.command('CLUSTER', 'NODES'))
  }

  /** Where other nodes send to: the bus speaks TLS when clients can. */
  get clusterPort() {
    return this.tls?.port ?? this.port
  }

  /**
   * True if this replica has all that its primary had a moment ago. Linked is not enough: behind a full synchronization the
   * primary keeps the stream back until the replica's first word, up to a second later, and a kill before loses that second.
   * @param {ClusterNode} primary
   */
  async isAbreastOf(primary) {
    const offset = offsetIn(await primary.command('INFO', 'replication'), 'master_repl_offset')
    const info = await this.command('INFO', 'replication')
    return info.includes('master_link_status:up') && offsetIn(info, 'slave_repl_offset') >= offset
  }
}

/** @param {string} info @param {string} field */
function offsetIn(info, field) {
  return Number(info.match(`\n${field}:(\\d+)`)?.[1])
}
