/**
 * Where commands go in a cluster: each to the node that serves the slot of its keys.
 *
 *   view ──▸ ClusterEngine ─────── one key, and its slot has an owner ───────▸ Link of a node ──▸ Connection
 *                  │                                                             ▴    ▴  │           │
 *                  └──▸ Router ──── slot ──▸ shard ──▸ its primary or a reader ──┘    │  └── error ──┘
 *                        ▴  │                                                         │  │
 *                        │  │ no owner, or                                            │  ▾
 *                        │  ▾ topology unknown                    MOVED, ASK ──── Redirects of the node
 *                     SlotQueues ◂────── CLUSTERDOWN, TRYAGAIN, LOADING, READONLY ───────┘
 *
 * A MOVED passes from the Connection through its Link and the Redirects of its node to the Link of the new node. A leased
 * connection has its LeasedConnection between Link and Redirects, a transaction its MultiExec between Connection and Link. The
 * promise of the command stays the same.
 */
import { sendInOrder } from '../client/batch.js'
import { blockTime, type Command, State } from '../commands/core/command.js'
import { clientClosed, unansweredError } from '../connection/call/call-errors.js'
import { fail } from '../connection/call/completion.js'
import { MultiExec } from '../connection/call/multi-exec.js'
import { BlockingCommand } from '../connection/node/blocking-command.js'
import type { RedisError } from '../errors/errors.js'
import { connectionLost, crossSlot, keysUnknown, notCovered } from './cluster-errors.js'
import type { ClusterNode } from './cluster-node.js'
import type { ClusterState } from './cluster-state.js'
import { type Destination, FanOut, Part, toNode, toSlot } from './fan-out.js'
import { readerOf } from './read-from.js'
import { SlotQueues } from './slot-queues.js'
import { NONE, SEVERAL, slotOfCallOptions, slotOfKeys, slotOfTransaction } from './slots.js'

export class Router {
  readonly queues: SlotQueues
  /** The running sessions. */
  readonly sessions: Set<object> = new Set<object>()
  readonly #state: ClusterState
  readonly #fromPrimary: boolean
  /** Slots without an owner, each with the number of refreshes that had begun when a command needed one. */
  readonly #uncovered = new Map<number, number>()

  constructor(state: ClusterState) {
    this.#state = state
    this.#fromPrimary = state.options.readFrom === 'primary'
    this.queues = new SlotQueues(state.settings.queue, state.refreshing, commands => this.resend(commands))
  }

  /** Sends a command to its node. It waits while the topology is unknown or commands that came earlier still wait for it. */
  route(command: Command): void {
    const isKnown = this.#state.topology !== undefined
    if (this.#state.phase === 'closed' || (isKnown && !this.queues.isReleasing)) this.#forward(command)
    else {
      this.queues.holdUntilKnown(command)
      if (!isKnown) this.#state.refresh()
    }
  }

  /** Sends commands that were accepted before, in this order. */
  resend(commands: readonly Command[]): void {
    this.sendAll(commands, command => {
      if (command.resolve === undefined) return
      if ((command.state & State.pinned) === 0) this.#forward(command)
      else fail(command, connectionLost())
    })
  }

  sendAll(commands: readonly Command[], send: (command: Command) => void): void {
    // Links flush at the end of the turn: the commands for one node go in one write, in their order.
    sendInOrder(commands, send, command => this.#state.slots.primaryOf(destinationSlotOf(command)))
  }

  /** Sends `command`, which the server refused for now, again after a while. */
  later(command: Command, refusal: RedisError): void {
    this.queues.add(command, destinationSlotOf(command), refusal)
  }

  #forward(command: Command): void {
    if (this.#state.phase === 'closed') fail(command, clientClosed(command.spec.name))
    else if (command instanceof Part && command.destination.node !== undefined) {
      sendTo(this.#state, command.destination.node, command)
    } else this.#routeBySlot(command, destinationSlotOf(command))
  }

  #routeBySlot(command: Command, slot: number): void {
    const { spec } = command
    if (slot === NONE) this.#routeKeyless(command)
    else if (slot === SEVERAL) {
      if (spec.requestPolicy === 'multi_shard') FanOut.split(command, part => this.#forward(part))
      else fail(command, crossSlot(command))
    } else {
      const shard = this.#state.slots.table[slot]
      if (shard === undefined) this.#missOwner(command, slot)
      else if (spec.readonly && !this.#fromPrimary && blockTime(command) === undefined) {
        sendTo(this.#state, readerOf(shard, this.#state.options.readFrom), command)
      } else sendTo(this.#state, shard.primary, command)
    }
  }

  #routeKeyless(command: Command): void {
    const { spec } = command
    if (!spec.known) fail(command, keysUnknown(command))
    else if (spec.requestPolicy === 'all_shards' || spec.requestPolicy === 'all_nodes') {
      FanOut.toAll(command, this.#destinations(spec.requestPolicy), part => this.#forward(part))
    } else {
      const primary = this.#state.anyPrimary()
      if (primary === undefined) this.#missOwner(command, NONE)
      else sendTo(this.#state, primary, command)
    }
  }

  #destinations(policy: 'all_shards' | 'all_nodes'): Destination[] {
    const { shards } = this.#state.slots
    const primaries = new Set(shards.map(({ shard }) => shard.primary))
    const destinations = shards.map(({ slot }) => toSlot(slot))
    if (policy === 'all_nodes') {
      for (const node of this.#state.nodesOf('all')) if (!primaries.has(node)) destinations.push(toNode(node, false))
    }
    return destinations
  }

  // Slots without an owner

  /** The slot has no owner in the last topology. The command waits for a refresh that begins after now. */
  #missOwner(command: Command, slot: number): void {
    const { refreshing } = this.#state
    const met = this.#uncovered.get(slot)
    const error = notCovered(slot)
    if (met !== undefined && refreshing.ended > met) {
      fail(command, unansweredError(command, error, error.cause))
      return
    }
    if (met === undefined) this.#uncovered.set(slot, refreshing.begun)
    this.queues.add(command, slot, error)
    this.#state.refresh()
  }

  /**
   * There is a new topology. Routes the commands of slots whose owner changed, and of slots that had none: they are sent to the
   * owner or rejected.
   */
  onTopology(changedSlots: readonly number[]): void {
    for (const slot of changedSlots) this.queues.flush(slot)
    for (const [slot, met] of this.#uncovered) {
      if (this.#state.refreshing.ended <= met) continue
      this.queues.flush(slot, () => this.#uncovered.delete(slot))
    }
  }

  onSlotMoved(slot: number): void {
    this.#uncovered.delete(slot)
  }
}

/** Sends a command to `node`; one that may block goes over a leased connection. */
export function sendTo(state: ClusterState, node: ClusterNode, command: Command): void {
  if (blockTime(command) === undefined || command instanceof Part) node.link.send(command)
  else if (state.phase !== 'open') fail(command, clientClosed(command.spec.name))
  else new BlockingCommand(node.server, command, node.refusals)
}

/** The slot that decides where a command goes, NONE or SEVERAL. */
export function destinationSlotOf(command: Command): number {
  if (command instanceof Part) return command.destination.slot
  const slot = command instanceof MultiExec ? slotOfTransaction(command) : slotOfKeys(command)
  return slot === NONE ? slotOfCallOptions(command) : slot
}
