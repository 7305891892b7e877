/**
 * All keys of a cluster, also while slots move: whatever was there all the time comes at least once.
 *
 * A node is asked what it owns before and behind its scan. A slot is done if the node owned it at both times, under the same
 * epoch (a slot that went and came back has raised it) and over the same connection (cursors do not outlive a restart).
 * Other slots are scanned again, at whoever owns them by then. A slot that was half-way over to another node is done when
 * that node was scanned too, behind the first: a key was here all the time, or there from before that. Unless it went back
 * meanwhile: that shows as a slot that leaves the other node, or as another epoch of the first. If that node does not take
 * the slot, neither before a scan of the first nor behind it, no key has gone there meanwhile: the slot is done if the
 * first still owns it, under the epoch that it had all the time.
 */
import type { Engine } from '../client/engine.js'
import { type Step, stepping } from '../client/scan.js'
import { nestedSession } from '../client/session-engine.js'
import { type Command, State } from '../commands/core/command.js'
import { sleep } from '../commands/core/timers.js'
import { fail } from '../connection/call/completion.js'
import { processTime } from '../connection/call/process-clock.js'
import type { Where } from '../connection/diagnostics.js'
import type { Settings } from '../connection/options/options.js'
import { BusyLoadingError, ConnectionError, RedisError, SlotNotCoveredError, TimeoutError } from '../errors/errors.js'
import type { ClusterNode } from './cluster-node.js'
import type { Router } from './router.js'
import { SLOTS, slotOf } from './slots.js'

/** How long a node may take to say what it owns, ms. */
const PATIENCE = 5_000
const LONGEST_PAUSE = 500

/** What a node says of itself in CLUSTER NODES. */
interface Ownership {
  readonly epoch: string
  readonly owned: ReadonlySet<number>
  /** Slots on their way to another node, and to which. */
  readonly leaving: ReadonlyMap<number, string>
  /** Slots on their way here. */
  readonly coming: ReadonlySet<number>
}

/** `mayGoOn`: whether the caller may send anything more. */
export async function* scanAll<T>(
  router: Router,
  step: (on: Engine, cursor: string) => Promise<Step<T>>,
  mayGoOn: () => boolean,
): AsyncGenerator<readonly T[], void, undefined> {
  const limit = router.settings.commandTimeout || Number.POSITIVE_INFINITY
  let goodAt = processTime()
  const isInTime = () => processTime() - goodAt <= limit
  const pending = new Pending(await coveredSlots(router, isInTime))
  const visited = new Set<ClusterNode>()
  let pause = 0
  goodAt = processTime()
  while (pending.size > 0) {
    if (pause > 0) await sleep(pause)
    const before = pending.size
    try {
      const node = await pending.next(router, isInTime)
      const on = new NodeEngine(router, node, mayGoOn)
      const begin = await ownershipOf(node)
      const { connection } = node.link
      pending.met(node, begin)
      if (pending.concerns(node, begin)) {
        // What other passes have given is not given again.
        const wanted = visited.has(node) ? pending.copy() : undefined
        for await (const batch of stepping(cursor => step(on, cursor))) {
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
      if (!passes(error) || !isInTime() || !mayGoOn()) throw error
    }
    const progressed = pending.size < before
    if (progressed) goodAt = processTime()
    else router.refresh()
    pause = progressed ? 0 : Math.min(LONGEST_PAUSE, Math.max(50, pause * 2))
  }
}

async function coveredSlots(router: Router, isInTime: () => boolean): Promise<number[]> {
  if (router.topology === undefined) {
    await router.ownerOf(0, isInTime).catch(error => {
      if (!(error instanceof SlotNotCoveredError)) throw error
    })
  }
  const covered: number[] = []
  for (let slot = 0; slot < SLOTS; slot++) if (router.primaryOf(slot) !== undefined) covered.push(slot)
  return covered
}

/** A slot is on its way `from` its owner, which has this epoch, `to` the node of this id. */
interface Departure {
  readonly from: ClusterNode
  readonly to: string
  readonly epoch: string
}

/** Slots that are still to be scanned. */
class Pending {
  readonly #slots: Set<number>
  /** Those that were scanned at the node that they are leaving. */
  readonly #halfway = new Map<number, Departure>()
  /** Those that the other node did not take when it was asked behind such a scan, and behind how many in a row. */
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
  async next(router: Router, isInTime: () => boolean): Promise<ClusterNode> {
    const [slot] = this.#slots
    const departure = this.#halfway.get(slot as number)
    const other = departure === undefined ? undefined : router.nodes.all.find(({ id }) => id === departure.to)
    return other ?? (await router.ownerOf(slot as number, isInTime))
  }

  /** `node` has said what it owns: slots on their way there that it does not take, or on their way from there that nobody takes. */
  met(node: ClusterNode, now: Ownership): void {
    for (const [slot, departure] of this.#halfway) {
      if (departure.to !== node.id) continue
      const before = this.#shut.get(slot)
      this.#shut.delete(slot)
      if (stays(now, slot)) continue
      this.#halfway.delete(slot)
      // It leaves already: whoever owns it then is scanned anew.
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

  /** Whether a scan of `node` would bring any of them nearer. */
  concerns(node: ClusterNode, now: Ownership): boolean {
    for (const slot of this.#slots) {
      if (this.#halfway.get(slot)?.to === node.id ? stays(now, slot) : now.owned.has(slot)) return true
    }
    return false
  }

  /** The nodes that slots are leaving for `node`. */
  sourcesOf(node: ClusterNode): ReadonlySet<ClusterNode> {
    return new Set([...this.#halfway.values()].filter(({ to }) => to === node.id).map(({ from }) => from))
  }

  /** `node` was scanned between `begin` and `end`; behind that, `epochs` are those of the nodes that slots are leaving for it. */
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

/** A key of the slot that is on this node stays there for now. */
function stays({ coming, leaving, owned }: Ownership, slot: number): boolean {
  return coming.has(slot) || (owned.has(slot) && !leaving.has(slot))
}

/** Without those that cannot be asked. */
async function epochsOf(nodes: ReadonlySet<ClusterNode>): Promise<ReadonlyMap<ClusterNode, string>> {
  const epochs = new Map<ClusterNode, string>()
  for (const node of nodes) {
    const told = await ownershipOf(node).catch(() => undefined)
    if (told !== undefined) epochs.set(node, told.epoch)
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

/** Runs commands on one node and on no other: a cursor means something there alone. */
class NodeEngine implements Engine {
  readonly settings: Settings
  readonly where: Where
  readonly isSession = false
  readonly #router: Router
  readonly #node: ClusterNode
  readonly #mayGoOn: () => boolean
  #prefix = ''

  constructor(router: Router, node: ClusterNode, mayGoOn: () => boolean) {
    this.settings = router.settings
    this.where = router.where
    this.#router = router
    this.#node = node
    this.#mayGoOn = mayGoOn
  }

  /** Whether a key that came out of the scan, without the prefix of its view, is in one of `slots`, or may be. */
  isIn(item: unknown, slots: ReadonlySet<number>): boolean {
    // Bytes that are no UTF-8 came as this; what they were is not known.
    if (typeof item === 'string' && item.includes('\ufffd')) return true
    const key = typeof item === 'string' ? Buffer.from(item) : (item as Buffer)
    return slots.has(slotOf(this.#prefix === '' ? key : Buffer.concat([Buffer.from(this.#prefix), key])))
  }

  now(): number {
    return this.#router.now()
  }

  send(command: Command): void {
    this.#prefix = command.shape.prefix
    if (!this.#mayGoOn()) {
      fail(command, this.#router.gone(command.spec.name))
      return
    }
    command.state = (command.state & ~State.repeatable) | State.pinned
    this.#node.link.send(command)
  }

  sendAll(commands: readonly Command[]): void {
    for (const command of commands) this.send(command)
  }

  later(command: Command, refusal: RedisError): void {
    this.#node.link.later(command, refusal)
  }

  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]> {
    return stepping(cursor => step(this, cursor))
  }

  session<T>(): Promise<T> {
    return Promise.reject(nestedSession())
  }
}

/** The node is lost, or not yet there: another look finds another one, or itself. */
function passes(error: unknown): boolean {
  return (
    error instanceof RedisError &&
    (error instanceof ConnectionError || error instanceof TimeoutError || error instanceof BusyLoadingError)
  )
}
