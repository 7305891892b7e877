/**
 * Handles the error replies of one node that name another node or pass with time, and the commands that a loss of the node leaves
 * unsettled. The command keeps its promise; nothing is wrapped.
 *
 *   MOVED ──▸ the slot belongs to the named node from now on: sent there     ASK ──▸ sent there once, after ASKING
 *   TRYAGAIN, CLUSTERDOWN, LOADING, MASTERDOWN, READONLY ──▸ waits, then goes to the owner of the slot at that time
 *
 * The server did not run the command in any of these cases, so that it may be sent again. When its deadline passes first, the
 * call rejects with the error reply.
 */
import { CallDetails, type Command, noteNotRun, State } from '../commands/core/command.js'
import { cloneError, unansweredError } from '../connection/call/call-errors.js'
import { fail } from '../connection/call/completion.js'
import { isGenuine } from '../connection/call/refusals.js'
import type { RefusalHandler } from '../connection/link/link-owner.js'
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
import { tooManyRedirects } from './cluster-errors.js'
import type { ClusterNode } from './cluster-node.js'
import type { ClusterState } from './cluster-state.js'
import { Part } from './fan-out.js'
import { destinationSlotOf, type Router, sendTo } from './router.js'
import { NONE } from './slots.js'

/** Redirects in a row that one command follows; a wait begins a new row. */
const MOST = 16

export class Redirects implements RefusalHandler {
  readonly #node: ClusterNode
  readonly #state: ClusterState
  readonly #router: Router

  constructor(node: ClusterNode, state: ClusterState, router: Router) {
    this.#node = node
    this.#state = state
    this.#router = router
  }

  handleErrorReply(command: Command, error: RedisError): boolean {
    const refusal = error instanceof ExecAbortError ? error.cause : error
    if (this.#state.phase === 'closed' || !(refusal instanceof RedisError)) return false
    const slot = destinationSlotOf(command)
    if (refusal instanceof AskError) {
      if (refusal.slot !== slot) return false
      this.#follow(command, refusal)
      return true
    }
    if (!passes(refusal)) return false
    if (!isGenuine(command, refusal)) {
      if (refusal instanceof ReadOnlyError) this.#state.refresh()
      return false
    }
    // A part for one node cannot be sent to another.
    const isFixed = command instanceof Part && command.destination.node !== undefined
    if (isFixed && !(refusal instanceof BusyLoadingError)) return false
    this.#state.refresh()
    const primary = slot < 0 ? undefined : this.#state.slots.primaryOf(slot)
    const fallsBack = command.spec.readonly && primary !== undefined && primary !== this.#node
    if (fallsBack && !(refusal instanceof TryAgainError)) {
      if (countHop(this.#state, this.#node, command, refusal)) sendTo(this.#state, primary, command)
    } else this.#wait(command, slot, refusal)
    return true
  }

  #follow(command: Command, redirect: AskError): void {
    const { slot } = redirect
    const target = followFor(this.#state, this.#node, command, redirect)
    if (target === 'rejected') return
    // Other commands of its pipeline may wait for the same slot: it must not overtake them.
    if (target === 'later' || ((command.state & State.ordered) !== 0 && this.#router.queues.has(slot))) {
      this.#wait(command, slot, redirect)
      return
    }
    noteNotRun(command)
    if (!(redirect instanceof MovedError)) command.state |= State.asking
    sendTo(this.#state, target, command)
  }

  #wait(command: Command, slot: number, refusal: RedisError): void {
    noteNotRun(command)
    command.state &= ~State.asking
    this.#router.queues.add(command, slot, refusal)
    // The limit is for commands that run in circles. The cluster may be another one after a wait.
    if (command.details !== undefined) command.details.redirects = 0
  }

  handleStranded(command: Command, error: RedisError): boolean {
    if (this.#state.phase === 'closed') return false
    if ((command.state & State.pinned) !== 0) {
      fail(command, cloneError(error, { command: command.spec.name, outcome: 'not sent' }))
      return true
    }
    if (command instanceof Part && command.destination.node !== undefined) {
      if (command.destination.needed) return false
      fail(command, cloneError(error, { command: command.spec.name, outcome: 'unknown' }))
      return true
    }
    const slot = destinationSlotOf(command)
    if ((command.state & State.asking) !== 0) {
      command.state &= ~State.asking
      this.#router.queues.add(command, slot, cloneError(error, { command: command.spec.name }))
      return true
    }
    if (slot === NONE) {
      const other = this.#state.anyPrimary(this.#node)
      if (other === undefined || other.link.state === 'down') return false
      sendTo(this.#state, other, command)
      return true
    }
    // The commands of a primary wait in its link until another node takes its place.
    if (this.#state.slots.primaryOf(slot) === this.#node) return false
    this.#router.route(command)
    return true
  }
}

/**
 * Follows the redirect that `node` sent to `command`. Returns the node to send it to, `later` if its address is unknown before
 * the next refresh, or `rejected` if there were too many redirects or the node must not be dialled.
 */
export function followFor(
  state: ClusterState,
  node: ClusterNode,
  command: Command,
  redirect: AskError,
): ClusterNode | 'later' | 'rejected' {
  if (!countHop(state, node, command, redirect)) return 'rejected'
  const target = state.follow(node, redirect)
  if (!(target instanceof ClusterError)) return target
  giveUp(state, command, target)
  return 'rejected'
}

/** Counts one more redirect. False if that was one too many: the command was rejected. */
function countHop(state: ClusterState, node: ClusterNode, command: Command, refusal: RedisError): boolean {
  command.details ??= new CallDetails()
  if (++command.details.redirects <= MOST) return true
  giveUp(state, command, tooManyRedirects(command, MOST, node.name, refusal))
  return false
}

function giveUp(state: ClusterState, command: Command, error: ClusterError): void {
  state.refresh()
  noteNotRun(command)
  fail(command, unansweredError(command, error, error.cause))
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

/** The reply to a blocked command when its primary becomes a replica. The server took no element for it. */
function isDemotion(refusal: RedisError): boolean {
  return refusal.code === 'UNBLOCKED' && refusal.message.includes('instance state changed')
}
