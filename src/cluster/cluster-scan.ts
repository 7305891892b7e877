/**
 * Scans every key of a cluster while slots may be moving. A key that exists during the whole scan is returned at least once.
 *
 * For each node: read its line of CLUSTER NODES, SCAN it to the end, read the line again. A slot is done if the node owned it
 * both times, under the same epoch and over the same connection. The epoch rises when a slot leaves and comes back; a cursor
 * does not survive a restart. All other slots are scanned again, at their owner at that time.
 *
 * - A slot that is migrating is done after its source and then its target were scanned: each key was on the source during its
 *   scan, or on the target before that.
 * - Unless the slot went back meanwhile. That shows as a slot that leaves the target, or as another epoch of the source.
 * - If the target does not import the slot, neither before a scan of the source nor after it, no key has migrated meanwhile. The
 *   slot is done if the source still owns it, under the epoch that it had all the time.
 */
import type { Engine } from '../client/engine.js'
import { OneConnectionEngine } from '../client/one-connection-engine.js'
import { type Step, stepping } from '../client/scan.js'
import { type Command, State } from '../commands/core/command.js'
import { sleep } from '../commands/core/timers.js'
import { clientClosed } from '../connection/call/call-errors.js'
import { fail } from '../connection/call/completion.js'
import { processTime } from '../connection/call/process-clock.js'
import type { Where } from '../connection/diagnostics.js'
import type { Settings } from '../connection/options/options.js'
import { BusyLoadingError, ConnectionError, RedisError, SlotNotCoveredError, TimeoutError } from '../errors/errors.js'
import type { ClusterNode } from './cluster-node.js'
import type { ClusterState } from './cluster-state.js'
import { SLOTS, slotOf } from './slots.js'

/** Time for the reply to CLUSTER NODES, ms. */
const PATIENCE = 5_000
const LONGEST_PAUSE = 500

/** A node's own line of CLUSTER NODES. */
interface Ownership {
  readonly epoch: string
  readonly owned: ReadonlySet<number>
  /** Slots that migrate to another node, each with the id of that node. */
  readonly leaving: ReadonlyMap<number, string>
  /** Slots that migrate to this node. */
  readonly coming: ReadonlySet<number>
}

/** `mayGoOn`: whether the caller may still send commands. */
export async function* scanAll<T>(
  state: ClusterState,
  step: (on: Engine, cursor: string) => Promise<Step<T>>,
  mayGoOn: () => boolean,
): AsyncGenerator<readonly T[], void, undefined> {
  const limit = state.settings.commandTimeout || Number.POSITIVE_INFINITY
  let goodAt = processTime()
  const isInTime = () => processTime() - goodAt <= limit
  const pending = new Pending(await coveredSlots(state, isInTime))
  const visited = new Set<ClusterNode>()
  let pause = 0
  // The error of a SCAN that exceeded the deadline of the call. The next one would have the same deadline.
  let late: TimeoutError | undefined
  goodAt = processTime()
  while (pending.size > 0) {
    if (pause > 0) await sleep(pause)
    const before = pending.size
    try {
      const node = await pending.next(state, isInTime)
      const on = new NodeEngine(state, node, mayGoOn)
      const begin = await ownershipOf(node)
      const { connection } = node.link
      pending.onOwnership(node, begin)
      if (pending.concerns(node, begin)) {
        // Keys that an earlier scan of this node has returned are not returned again.
        const wanted = visited.has(node) ? pending.copy() : undefined
        const walk = stepping(cursor =>
          step(on, cursor).catch(error => {
            if (error instanceof TimeoutError) late = error
            throw error
          }),
        )
        for await (const batch of walk) {
          const items = wanted === undefined ? batch : batch.filter(item => on.isIn(item, wanted))
          if (items.length > 0) yield items
          goodAt = processTime()
        }
        visited.add(node)
        const end = await ownershipOf(node)
        if (connection !== undefined && connection === node.link.connection) {
          pending.scanned(node, begin, end, await epochsOf(pending.sourcesOf(node)))
        }
      }
    } catch (error) {
      if (error === late || !passes(error) || !isInTime() || !mayGoOn()) throw error
    }
    const progressed = pending.size < before
    if (progressed) goodAt = processTime()
    else state.refresh()
    pause = progressed ? 0 : Math.min(LONGEST_PAUSE, Math.max(50, pause * 2))
  }
}

async function coveredSlots(state: ClusterState, isInTime: () => boolean): Promise<number[]> {
  if (state.topology === undefined) {
    await state.ownerOf(0, isInTime).catch(error => {
      if (!(error instanceof SlotNotCoveredError)) throw error
    })
  }
  const covered: number[] = []
  for (let slot = 0; slot < SLOTS; slot++) if (state.slots.primaryOf(slot) !== undefined) covered.push(slot)
  return covered
}

/** A slot migrates `from` its owner, which has this epoch, `to` the node of this id. */
interface Departure {
  readonly from: ClusterNode
  readonly to: string
  readonly epoch: string
}

/** Slots that are still to be scanned. */
class Pending {
  readonly #slots: Set<number>
  /** Migrating slots whose source was scanned. */
  readonly #halfway = new Map<number, Departure>()
  /** Slots that their target did not import after such a scan, and after how many scans in a row. */
  readonly #shut = new Map<number, Departure & { readonly times: number }>()

  constructor(slots: readonly number[]) {
    this.#slots = new Set(slots)
  }

  get size(): number {
    return this.#slots.size
  }

  copy(): ReadonlySet<number> {
    return new Set(this.#slots)
  }

  /** The node to scan next. */
  async next(state: ClusterState, isInTime: () => boolean): Promise<ClusterNode> {
    const [slot] = this.#slots
    const departure = this.#halfway.get(slot as number)
    const other = departure === undefined ? undefined : state.nodes.all.find(({ id }) => id === departure.to)
    return other ?? (await state.ownerOf(slot as number, isInTime))
  }

  /** `node` has reported its slots. Sorts out those that migrate to it without being imported, and those that migrate from it. */
  onOwnership(node: ClusterNode, now: Ownership): void {
    for (const [slot, departure] of this.#halfway) {
      if (departure.to !== node.id) continue
      const before = this.#shut.get(slot)
      this.#shut.delete(slot)
      if (stays(now, slot)) continue
      this.#halfway.delete(slot)
      // It is leaving again: its next owner is scanned.
      if (now.owned.has(slot)) continue
      this.#shut.set(slot, {
        ...departure,
        times: before?.to === departure.to && before.epoch === departure.epoch ? 2 : 1,
      })
    }
    for (const [slot, departure] of this.#shut) {
      if (departure.times < 2 || !now.owned.has(slot)) continue
      this.#shut.delete(slot)
      if (now.leaving.get(slot) === departure.to && now.epoch === departure.epoch) this.#slots.delete(slot)
    }
  }

  /** Whether a scan of `node` can finish a slot, or is half of it. */
  concerns(node: ClusterNode, now: Ownership): boolean {
    for (const slot of this.#slots) {
      if (this.#halfway.get(slot)?.to === node.id ? stays(now, slot) : now.owned.has(slot)) return true
    }
    return false
  }

  /** The nodes from which slots migrate to `node`. */
  sourcesOf(node: ClusterNode): ReadonlySet<ClusterNode> {
    return new Set([...this.#halfway.values()].filter(({ to }) => to === node.id).map(({ from }) => from))
  }

  /** `node` was scanned between `begin` and `end`. `epochs` were read after that, from the sources of slots that migrate to it. */
  scanned(node: ClusterNode, begin: Ownership, end: Ownership, epochs: ReadonlyMap<ClusterNode, string>): void {
    for (const slot of [...this.#slots]) {
      const departure = this.#halfway.get(slot)
      if (departure?.to === node.id) {
        this.#halfway.delete(slot)
        const isBack = epochs.get(departure.from) !== departure.epoch
        if (stays(begin, slot) && stays(end, slot) && !isBack) this.#slots.delete(slot)
      } else if (begin.owned.has(slot) && end.owned.has(slot) && begin.epoch === end.epoch) {
        const to = end.leaving.get(slot)
        if (to !== undefined) this.#halfway.set(slot, { from: node, to, epoch: end.epoch })
        else if (!begin.leaving.has(slot)) this.#slots.delete(slot)
      }
    }
  }
}

/** Whether keys of the slot that are on this node stay there for now. */
function stays({ coming, leaving, owned }: Ownership, slot: number): boolean {
  return coming.has(slot) || (owned.has(slot) && !leaving.has(slot))
}

/** The epochs of the nodes that reply. */
async function epochsOf(nodes: ReadonlySet<ClusterNode>): Promise<ReadonlyMap<ClusterNode, string>> {
  const epochs = new Map<ClusterNode, string>()
  for (const node of nodes) {
    const ownership = await ownershipOf(node).catch(() => undefined)
    if (ownership !== undefined) epochs.set(node, ownership.epoch)
  }
  return epochs
}

async function ownershipOf(node: ClusterNode): Promise<Ownership> {
  if (!node.isReady) await node.connect(PATIENCE)
  return readOwnership(String(await node.ask(['CLUSTER', 'NODES'], PATIENCE)))
}

/** `<id> <address> myself,master - <ping> <pong> <epoch> connected 0-5460 [93->-<id>] [77-<-<id>]` */
export function readOwnership(text: string): Ownership {
  const line = text.split('\n').find(each => each.split(' ')[2]?.split(',').includes('myself'))
  const [, , , , , , epoch = '', , ...words] = (line ?? '').trim().split(' ')
  const owned = new Set<number>()
  const leaving = new Map<number, string>()
  const coming = new Set<number>()
  for (const word of words) {
    const move = /^\[(?<slot>\d{1,5})-(?<way>[<>])-(?<id>[^\]]+)\]$/.exec(word)?.groups
    if (move === undefined) {
      const [first, last = first] = word.split('-').map(Number)
      for (let slot = first ?? SLOTS; slot <= Math.min(last ?? -1, SLOTS - 1); slot++) owned.add(slot)
    } else if (move.way === '>') leaving.set(Number(move.slot), move.id ?? '')
    else coming.add(Number(move.slot))
  }
  return { epoch, owned, leaving, coming }
}

/** Runs commands on one node only: a cursor is valid nowhere else. */
class NodeEngine extends OneConnectionEngine {
  readonly settings: Settings
  readonly where: Where
  readonly isSession = false
  readonly #node: ClusterNode
  readonly #mayGoOn: () => boolean
  #prefix = ''

  constructor(state: ClusterState, node: ClusterNode, mayGoOn: () => boolean) {
    super()
    this.settings = state.settings
    this.where = state.where
    this.#node = node
    this.#mayGoOn = mayGoOn
  }

  /** Whether a scanned key, from which the view has removed its prefix, is or may be in one of `slots`. */
  isIn(item: unknown, slots: ReadonlySet<number>): boolean {
    // It stands for bytes that are not UTF-8: the slot of the key is unknown.
    if (typeof item === 'string' && item.includes('\ufffd')) return true
    const key = typeof item === 'string' ? Buffer.from(item) : (item as Buffer)
    return slots.has(slotOf(this.#prefix === '' ? key : Buffer.concat([Buffer.from(this.#prefix), key])))
  }

  now(): number {
    return this.#node.link.now()
  }

  send(command: Command): void {
    this.#prefix = command.shape.prefix
    if (!this.#mayGoOn()) {
      fail(command, clientClosed(command.spec.name))
      return
    }
    command.state = (command.state & ~State.repeatable) | State.pinned
    this.#node.link.send(command)
  }

  later(command: Command, refusal: RedisError): void {
    this.#node.link.later(command, refusal)
  }
}

/** The node is lost or not yet ready: the next refresh finds its successor, or the node itself. */
function passes(error: unknown): boolean {
  return (
    error instanceof RedisError &&
    (error instanceof ConnectionError || error instanceof TimeoutError || error instanceof BusyLoadingError)
  )
}
