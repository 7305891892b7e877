/** The view that one node has of the cluster: its reply to CLUSTER NODES. */
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
 * Two nodes with equal texts have the same view of owners, epochs and replicas.
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

  /** The port that other nodes use: with TLS, the bus uses TLS too. */
  get clusterPort() {
    return this.tls?.port ?? this.port
  }

  /**
   * True if this replica has all data that its primary had a moment ago. A linked replica may not: after a full synchronization
   * the primary holds the stream back until the replica's first message, up to a second later, and a kill before loses that second.
   * @param {ClusterNode} primary
   */
  async isInSyncWith(primary) {
    const offset = offsetIn(await primary.command('INFO', 'replication'), 'master_repl_offset')
    const info = await this.command('INFO', 'replication')
    return info.includes('master_link_status:up') && offsetIn(info, 'slave_repl_offset') >= offset
  }
}

/** @param {string} info @param {string} field */
function offsetIn(info, field) {
  return Number(info.match(`\n${field}:(\\d+)`)?.[1])
}
