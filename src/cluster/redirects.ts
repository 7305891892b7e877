/**
 * What becomes of a command that a node refused, or that a lost node left: each one is handled where it failed, with the one
 * promise that it has.
 *
 *   MOVED ──▸ the slot is that node's from now on; there, at once         ASK ──▸ there, this once, behind ASKING
 *   TRYAGAIN, CLUSTERDOWN, LOADING, MASTERDOWN, READONLY ──▸ wait, then whoever serves the slot by then
 *
 * In all of these the server did not run it, so that any command may go again. What the deadline ends rejects with the refusal.
 */
import { CallDetails, type Command, State } from '../commands/core/command.js'
import { cloneError, fail } from '../connection/call/completion.js'
import { isGenuine } from '../connection/call/refusals.js'
import {
  AskError,
  BusyLoadingError,
  ClusterDownError,
  ClusterError,
  ExecAbortError,
  MovedError,
  ReadOnlyError,
  RedisError,
  TryAgainError,
} from '../errors/errors.js'
import type { ClusterNode } from './cluster-node.js'
import { Part } from './fan-out.js'
import type { SlotQueues } from './slot-queues.js'
import { NONE } from './slots.js'
import type { Address } from './topology.js'
import { isHost } from './topology.js'

/** Redirects that one command follows, before or between waits. */
const MOST = 16

/** A redirect that was followed. */
export interface Redirect {
  readonly kind: 'MOVED' | 'ASK'
  readonly slot: number
  /** `host:port` of the node that said so, and of the node to ask. */
  readonly from: string
  readonly to: string
}

/** What redirects need of the cluster. */
export interface Ways {
  slotOf(command: Command): number
  primaryOf(slot: number): ClusterNode | undefined
  /** A primary other than `except`, as long as there is one that is not known to be down. */
  anyOther(except: ClusterNode): ClusterNode | undefined
  /** Where a node that is named `announced` is; undefined if it must not be dialled. */
  place(announced: Address): Address | undefined
  nodeAt(address: Address): ClusterNode
  /** `slot` is at `node` from now on. */
  move(slot: number, node: ClusterNode): void
  /** Sends a command to a node. */
  sendTo(node: ClusterNode, command: Command): void
  /** Sends a command to where it belongs by now. */
  route(command: Command): void
  /** Asks for a fresh look at the cluster. */
  refresh(hint?: ClusterNode): void
  onRedirect(redirect: Redirect): void
}

export class Redirects {
  readonly #ways: Ways
  readonly #rooms: SlotQueues

  constructor(ways: Ways, rooms: SlotQueues) {
    this.#ways = ways
    this.#rooms = rooms
  }

  /** First look at a refusal by `node`: true if the command goes elsewhere, waits, or was settled. */
  takesRefusal(node: ClusterNode, command: Command, error: RedisError): boolean {
    const refusal = error instanceof ExecAbortError ? error.cause : error
    if (!(refusal instanceof RedisError)) return false
    const slot = this.#ways.slotOf(command)
    if (refusal instanceof AskError) {
      if (refusal.slot !== slot) return false
      this.#follow(node, command, refusal)
      return true
    }
    if (!passes(refusal)) return false
    if (!isGenuine(command, refusal)) {
      if (refusal instanceof ReadOnlyError) this.#ways.refresh()
      return false
    }
    // What one node is asked for is not asked of another.
    const bound = command instanceof Part && command.destination.node !== undefined
    if (bound && !(refusal instanceof BusyLoadingError)) return false
    this.#ways.refresh()
    const primary = slot < 0 ? undefined : this.#ways.primaryOf(slot)
    const fallsBack = command.spec.readonly && primary !== undefined && primary !== node
    if (fallsBack && !(refusal instanceof TryAgainError)) {
      if (this.#counts(node, command, refusal)) this.#ways.sendTo(primary, command)
    } else this.#wait(command, slot, refusal)
    return true
  }

  #follow(node: ClusterNode, command: Command, redirect: AskError): void {
    const { slot } = redirect
    const target = this.learn(node, command, redirect)
    if (target === 'over') return
    // Its neighbours of the same slot may wait: it does not overtake them.
    if (target === 'later' || ((command.state & State.ordered) !== 0 && this.#rooms.has(slot))) {
      this.#wait(command, slot, redirect)
      return
    }
    command.state &= ~State.written
    if (!(redirect instanceof MovedError)) command.state |= State.asking
    this.#ways.sendTo(target, command)
  }

  /**
   * What `node` told by redirecting `command`: the node to ask. `later` if nobody knows where it is before a fresh look;
   * `over` if the command was rejected.
   */
  learn(node: ClusterNode, command: Command, redirect: AskError): ClusterNode | 'later' | 'over' {
    if (!this.#counts(node, command, redirect)) return 'over'
    const target = this.follow(node, redirect)
    if (!(target instanceof ClusterError)) return target
    this.#giveUp(command, target)
    return 'over'
  }

  /** The node that `node` named. `later` if nobody knows where it is before a fresh look; an error if it must not be dialled. */
  follow(node: ClusterNode, redirect: AskError): ClusterNode | 'later' | ClusterError {
    const { port, slot } = redirect
    const host = redirect.host === '' ? node.address.host : redirect.host
    if (!isHost(host)) {
      // `?`: nobody told the cluster that node's name. A fresh look finds its address.
      this.#ways.refresh()
      return 'later'
    }
    let address: Address | undefined
    try {
      address = this.#ways.place({ host, port })
    } catch (cause) {
      // Thrown on, it would end the connection, whose reader is calling.
      return undialled(node, 'for which addressMap or allowRedirect failed', cause)
    }
    if (address === undefined) return undialled(node, 'that allowRedirect does not let through', redirect)
    const target = this.#ways.nodeAt(address)
    const kind = redirect instanceof MovedError ? 'MOVED' : 'ASK'
    this.#ways.onRedirect({ kind, slot, from: node.name, to: target.name })
    if (kind === 'MOVED') {
      this.#ways.move(slot, target)
      this.#ways.refresh(target)
    }
    return target
  }

  /** Counts one more hop; false if there were too many, and the command was rejected. */
  #counts(node: ClusterNode, command: Command, refusal: RedisError): boolean {
    command.details ??= new CallDetails()
    if (++command.details.redirects <= MOST) return true
    const message = `${command.spec.name} was sent from node to node ${MOST} times, the last time by ${node.name}.`
    this.#giveUp(command, new ClusterError(message, { node: refusal.node, outcome: 'not sent', cause: refusal }))
    return false
  }

  #giveUp(command: Command, error: ClusterError): void {
    this.#ways.refresh()
    fail(command, error)
  }

  #wait(command: Command, slot: number, refusal: RedisError): void {
    command.state &= ~(State.written | State.asking)
    this.#rooms.add(command, slot, refusal)
    // Behind a wait things are not as they were: what is bounded is running in circles.
    if (command.details !== undefined) command.details.redirects = 0
  }

  /** First look at what a lost `node` left and what may be sent: true if it goes elsewhere, or was settled. */
  takesLeft(node: ClusterNode, command: Command, error: RedisError): boolean {
    if ((command.state & State.pinned) !== 0) {
      fail(command, cloneError(error, { command: command.spec.name, outcome: 'not sent' }))
      return true
    }
    if (command instanceof Part && command.destination.node !== undefined) {
      if (command.destination.needed) return false
      fail(command, cloneError(error, { command: command.spec.name, outcome: 'unknown' }))
      return true
    }
    const slot = this.#ways.slotOf(command)
    if ((command.state & State.asking) !== 0) {
      command.state &= ~State.asking
      this.#rooms.add(command, slot, cloneError(error, { command: command.spec.name }))
      return true
    }
    if (slot === NONE) {
      const other = this.#ways.anyOther(node)
      if (other === undefined) return false
      this.#ways.sendTo(other, command)
      return true
    }
    // A primary's commands wait with it, until another takes its place.
    if (this.#ways.primaryOf(slot) === node) return false
    this.#ways.route(command)
    return true
  }
}

function undialled({ name }: ClusterNode, why: string, cause: unknown): ClusterError {
  return new ClusterError(`${name} redirected to a node ${why}.`, { node: name, outcome: 'not sent', cause })
}

function passes(refusal: RedisError): boolean {
  return (
    refusal instanceof TryAgainError ||
    refusal instanceof ClusterDownError ||
    refusal instanceof BusyLoadingError ||
    refusal instanceof ReadOnlyError ||
    isDemotion(refusal)
  )
}

/** A blocked client is let go when its primary becomes a replica. Nothing was taken for it. */
function isDemotion(refusal: RedisError): boolean {
  return refusal.code === 'UNBLOCKED' && refusal.message.includes('instance state changed')
}
