import { setTimeout as sleep } from 'node:timers/promises'
import { tagOf } from './slots.mjs'
import { ownerOf, viewText } from './topology.mjs'

/** @typedef {import('./topology.mjs').ClusterNode} ClusterNode */

const SLOTS = 16384
const POLL = 10
const LIMIT = 30_000
/** After this time a manual failover is requested again: the server gives up after 5 s. */
const FAILOVER_LIMIT = 6_000
/** After this time a replica that has not won its election takes over without one. */
const ELECTION_LIMIT = 12_000
/** Long enough for a busy machine; MIGRATE blocks both nodes meanwhile. */
const MIGRATE_TIMEOUT = 5_000

/** Awaits a condition; `what` is the condition in words. @param {string} what @param {() => Promise<boolean>} isSo */
async function until(what, isSo, limit = LIMIT) {
  const deadline = performance.now() + limit
  let failure = ''
  for (;;) {
    const so = await isSo().catch(error => {
      failure = ` (${error})`
      return false
    })
    if (so) return
    if (performance.now() > deadline) throw new Error(`cluster: not ${what} after ${limit} ms${failure}`)
    await sleep(POLL)
  }
}

/** @template T @param {readonly T[]} items @param {(item: T) => Promise<boolean>} test run one after another, until the first that fails */
async function every(items, test) {
  for (const item of items) if (!(await test(item))) return false
  return true
}

export class PlacedCluster {
  nodes
  #place
  #replicasEach
  /** Slot moves run one after another, because two MIGRATEs in opposite directions can block each other. @type {Promise<unknown>} */
  #moving = Promise.resolve()

  /**
   * @param {import('./server.mjs').Place} place
   * @param {readonly ClusterNode[]} nodes primaries first
   * @param {{ replicasEach: number }} options
   */
  constructor(place, nodes, { replicasEach }) {
    this.#place = place
    this.nodes = nodes
    this.#replicasEach = replicasEach
  }

  get seeds() {
    return this.nodes.map(node => node.url)
  }

  get tlsSeeds() {
    return this.nodes.flatMap(node => node.tls?.url ?? [])
  }

  get living() {
    return this.nodes.filter(node => node.alive && !node.paused)
  }

  async start() {
    await Promise.all(this.nodes.map(node => node.start()))
    await this.#form()
    await this.waitReady()
  }

  /**
   * Resolves when every living node serves, and all nodes agree on roles and epochs. Epochs matter: a voter rejects a replica
   * that knows an older epoch of its primary, so after an earlier kill no replica might be promoted.
   */
  async waitReady() {
    await until('ready', () => this.#isReady())
  }

  async stop() {
    await Promise.all(this.nodes.map(node => node.kill()))
    await this.#place.close()
  }

  /** Restarts all nodes with their stored view of the cluster; on other ports they are introduced again. */
  async restart({ anotherPort = false } = {}) {
    await Promise.all(this.nodes.map(node => node.kill()))
    await Promise.all(this.nodes.map(node => node.restart({ anotherPort })))
    if (anotherPort) await this.#introduce()
    await this.waitReady()
  }

  /** Repairs the cluster after a test: starts dead nodes, resumes paused ones, and waits until all agree. Roles stay as they are. */
  async heal() {
    for (const node of this.nodes) {
      if (node.paused) await node.resume()
      if (!node.alive) await node.restart()
    }
    await this.waitReady()
  }

  /** @param {number} slot */
  async primaryOf(slot) {
    const members = await this.#members()
    const node = this.#byId(ownerOf(members, slot)?.id)
    if (!node) throw new Error(`cluster: no node serves slot ${slot}`)
    return node
  }

  async primaries() {
    const members = await this.#members()
    return this.nodes.filter(node => members.some(({ id, ranges }) => id === node.id && ranges.length > 0))
  }

  /** @param {ClusterNode} primary */
  async replicasOf(primary) {
    const members = await this.#members()
    return this.nodes.filter(node => members.some(member => member.id === node.id && member.primary === primary.id))
  }

  /** Makes this replica a primary; resolves when every living node knows. @param {ClusterNode} replica @param {'FORCE' | 'TAKEOVER'} [how] */
  async failover(replica, how) {
    if (!how) {
      await until(`in sync with its primary: ${replica.url}`, async () => {
        const primary = this.#primaryIn(await replica.members(), replica)
        return primary !== undefined && (await replica.isInSyncWith(primary))
      })
    }
    const isPromoted = () =>
      every(this.living, async node => {
        const member = (await node.members()).find(({ id }) => id === replica.id)
        return member !== undefined && member.primary === '-' && member.ranges.length > 0
      })
    for (let tries = 1; ; tries++) {
      await replica.command('CLUSTER', 'FAILOVER', ...(how ? [how] : []))
      try {
        return await until(`failed over to ${replica.url}`, isPromoted, FAILOVER_LIMIT)
      } catch (error) {
        if (tries === 3) throw error
      }
    }
  }

  /**
   * Kills a primary that has a replica; resolves with the promoted replica when every living node knows it. Rejects if no
   * replica could be promoted: without a linked replica, or without a majority of the other primaries.
   * @param {ClusterNode} primary
   */
  async killPrimary(primary) {
    const primaries = await this.primaries()
    const voters = primaries.filter(node => node !== primary && this.living.includes(node))
    const replicas = (await this.replicasOf(primary)).filter(node => this.living.includes(node))
    if (voters.length * 2 <= primaries.length) throw new Error('cluster: no majority would be left to vote')
    if (replicas.length === 0) throw new Error('cluster: the primary has no living replica')
    await this.waitReady()
    const slot = await this.#aSlotOf(primary)
    await primary.kill()

    /** @type {ClusterNode | undefined} */
    let promoted
    const isFollowed = () =>
      every(this.living, async node => {
        promoted = this.#byId(ownerOf(await node.members(), slot)?.id)
        return promoted !== undefined && promoted !== primary
      })
    const what = `promoted: a replica of ${primary.url}`
    await until(what, isFollowed, ELECTION_LIMIT).catch(async () => {
      // On a busy machine about one election in fifty fails, which is not the fault of a client.
      await replicas[0]?.command('CLUSTER', 'FAILOVER', 'TAKEOVER')
      await until(what, isFollowed)
    })
    return /** @type {ClusterNode} */ (/** @type {unknown} */ (promoted))
  }

  /** Moves a slot with its keys; resolves when every node knows the new owner. @param {number} slot @param {ClusterNode} to */
  async moveSlot(slot, to) {
    const from = await this.primaryOf(slot)
    if (from === to) return
    const move = await this.beginMove(slot, to)
    await move.finish()
  }

  /** Starts the move of a slot and leaves it half-way. @param {number} slot @param {ClusterNode} to */
  async beginMove(slot, to) {
    const from = await this.primaryOf(slot)
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
    const inTurn = (/** @type {() => Promise<void>} */ step) => {
      const turn = this.#moving.then(step)
      this.#moving = turn.catch(() => {})
      return turn
    }
    return {
      slot,
      from,
      to,
      migrate: (/** @type {string[]} */ ...keys) => inTurn(() => this.#migrate(from, to, keys)),
      finish: () => inTurn(() => this.#finishMove(slot, from, to)),
    }
  }

  /** Returns a key of this slot with this suffix. @param {number} slot @param {string | number} suffix */
  key(slot, suffix = 'key') {
    return `{${tagOf(slot)}}:${suffix}`
  }

  async #form() {
    const primaries = this.nodes.length / (this.#replicasEach + 1)
    const each = SLOTS / primaries
    await Promise.all(
      this.nodes.map(async (node, index) => {
        node.id = await node.command('CLUSTER', 'MYID')
        await node.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1) // before the nodes meet, so that no epochs collide
        if (index >= primaries) return
        await node.command(...addSlots(node, Math.round(index * each), Math.round((index + 1) * each) - 1))
      }),
    )
    await this.#introduce()
    await Promise.all(
      this.nodes.slice(primaries).map((replica, index) =>
        until(`following: ${replica.url}`, async () => {
          await replica.command('CLUSTER', 'REPLICATE', this.nodes[index % primaries]?.id ?? '')
          return true
        }),
      ),
    )
  }

  /** Introduces all nodes to each other, which takes a third of the time of gossip. */
  async #introduce() {
    await Promise.all(
      this.nodes.flatMap((node, index) =>
        this.nodes.slice(index + 1).map(other => node.command('CLUSTER', 'MEET', other.host, other.clusterPort)),
      ),
    )
  }

  async #isReady() {
    const living = this.living
    const reachable = new Set(living.map(node => node.id))
    /** @type {string | undefined} */
    let view
    return await every(living, async node => {
      const info = await node.command('CLUSTER', 'INFO')
      if (!info.includes('cluster_state:ok')) return false
      const members = await node.members()
      const theirs = members.filter(({ id }) => reachable.has(id))
      if (theirs.length < living.length || theirs.some(member => !isSound(member))) return false
      const concerned = viewText(members.filter(({ id, ranges }) => reachable.has(id) || ranges.length > 0))
      view ??= concerned
      if (concerned !== view) return false
      const primary = this.#primaryIn(members, node)
      return primary === undefined || !living.includes(primary) || (await node.isInSyncWith(primary))
    })
  }

  /** The primary of this replica. @param {readonly import('./topology.mjs').Member[]} members @param {ClusterNode} replica */
  #primaryIn(members, replica) {
    return this.#byId(members.find(({ id }) => id === replica.id)?.primary)
  }

  /** @param {ClusterNode} from @param {ClusterNode} to @param {readonly string[]} keys */
  async #migrate(from, to, keys) {
    if (keys.length === 0) return
    const { username, password } = to.access
    const login = password === undefined ? [] : username ? ['AUTH2', username, password] : ['AUTH', password]
    await from.command('MIGRATE', to.host, to.clusterPort, '', 0, MIGRATE_TIMEOUT, ...login, 'KEYS', ...keys)
  }

  /**
   * Resolves when every node knows the new owner and its epoch. Otherwise fast moves back and forth could make the nodes dispute
   * the slot for ever, because the UPDATE message of a stale replica wins.
   * @param {number} slot @param {ClusterNode} from @param {ClusterNode} to
   */
  async #finishMove(slot, from, to) {
    for (;;) {
      const keys = await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 100)
      if (keys.length === 0) break
      await this.#migrate(from, to, keys)
    }
    const others = (await this.primaries()).filter(node => node !== from && node !== to && this.living.includes(node))
    for (const node of [to, from, ...others]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
    await until(`agreed: slot ${slot} at ${to.url}`, async () => {
      const epoch = (await to.members()).find(({ id }) => id === to.id)?.epoch
      return every(this.living, async node => {
        const owner = ownerOf(await node.members(), slot)
        return owner?.id === to.id && owner.epoch === epoch
      })
    })
  }

  /** @param {ClusterNode} primary */
  async #aSlotOf(primary) {
    const [range = ''] = (await primary.members()).find(({ id }) => id === primary.id)?.ranges ?? []
    return Number.parseInt(range, 10)
  }

  /** The members of the cluster, as the first living node sees them. */
  async #members() {
    const [node] = this.living
    if (!node) throw new Error('cluster: no node is alive')
    return node.members()
  }

  /** @param {string | undefined} id */
  #byId(id) {
    return this.nodes.find(node => node.id === id)
  }
}

/** @param {import('./topology.mjs').Member} member */
function isSound({ flags, connected }) {
  return connected && !flags.some(flag => ['fail', 'fail?', 'handshake', 'noaddr'].includes(flag))
}

/** ADDSLOTSRANGE is new in Redis 7.0. @param {ClusterNode} node @param {number} first @param {number} last @returns {(string | number)[]} */
function addSlots(node, first, last) {
  if (node.atLeast(7)) return ['CLUSTER', 'ADDSLOTSRANGE', first, last]
  return ['CLUSTER', 'ADDSLOTS', ...Array.from({ length: last - first + 1 }, (_, index) => first + index)]
}
