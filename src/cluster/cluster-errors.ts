/** The errors of commands, sessions and nodes of a cluster. */
import type { Command } from '../commands/core/command.js'
import { MultiExec } from '../connection/call/multi-exec.js'
import { textOf } from '../connection/handler-errors.js'
import {
  ClusterCrossSlotError,
  ClusterError,
  ConnectionError,
  RedisClusterException,
  RedisError,
  SlotNotCoveredError,
  TimeoutError,
  WatchError,
} from '../errors/errors.js'
import { NONE } from './slots.js'

// Commands that a cluster does not run

export function notCovered(slot: number): SlotNotCoveredError {
  const what = slot === NONE ? 'any slot' : `slot ${slot}`
  return new SlotNotCoveredError(`No node of the cluster serves ${what}.`, { outcome: 'not sent' })
}

/** The keys belong to several slots. `where` names the thing that must stay in one slot, by default the command. */
export function crossSlot(command: Command, where?: string): ClusterCrossSlotError {
  const { name } = command.spec
  const whole = where ?? (command instanceof MultiExec ? 'a transaction' : `one ${name}`)
  return new ClusterCrossSlotError(
    `CROSSSLOT All keys of ${whole} must belong to one slot: nothing was sent. Give them the same hash tag, as in {user:1}.name.`,
    { command: name, outcome: 'not sent' },
  )
}

export function keysUnknown(command: Command): RedisClusterException {
  const { name } = command.spec
  return new RedisClusterException(
    `Cannot route ${name}: its key positions are unknown. Use cluster.with({ key }), or send it to a client of cluster.nodes().`,
    { command: name, outcome: 'not sent' },
  )
}

/** The replies of the nodes to `command` cannot be joined, for the reason `cause`. */
export function cannotMerge({ spec }: Command, cause: unknown): RedisError {
  return new RedisError(`Cannot merge the nodes' replies to ${spec.name}.`, { command: spec.name, cause })
}

// Redirects

/** `command` was redirected `times`, the last time by `node` with `refusal`. */
export function tooManyRedirects(command: Command, times: number, node: string, refusal: RedisError): ClusterError {
  const message = `${command.spec.name} was sent from node to node ${times} times, the last time by ${node}.`
  return new ClusterError(message, { node: refusal.node, outcome: 'not sent', cause: refusal })
}

/** `name` redirected to a node that must not be dialled, or whose address is unknown, for the reason `why`. */
export function undialled(name: string, why: string, cause: unknown): ClusterError {
  return new ClusterError(`${name} redirected to a node ${why}.`, { node: name, outcome: 'not sent', cause })
}

// Nodes

export function hasFailed(name: string): ConnectionError {
  return new ConnectionError(`${name} is flagged as failed by the cluster.`, { node: name })
}

export function wasReplaced(name: string): ConnectionError {
  const message = `${name} is flagged as failed by the cluster, and another node serves its slots.`
  return new ConnectionError(message, { node: name })
}

export function hasLeft(name: string): ConnectionError {
  return new ConnectionError(`${name} has left the cluster.`, { node: name })
}

export function notConnected(name: string): ConnectionError {
  return new ConnectionError(`There is no connection to ${name}.`, { node: name })
}

/** The connection on which `command` had to run was lost before it was sent. */
export function connectionLost(): ConnectionError {
  return new ConnectionError('The connection to the node was lost.', { outcome: 'not sent' })
}

/** `what` did not happen within `ms`. */
export function nodeTimedOut(what: string, ms: number): TimeoutError {
  return new TimeoutError(`${what} within ${ms} ms.`, { code: 'ETIMEDOUT', elapsed: ms })
}

// The topology

export function malformedTopology(found: string): RedisClusterException {
  return new RedisClusterException(`Malformed cluster topology: ${found}.`)
}

/** Our own code has thrown `error` while it read the reply of a node. */
export function unreadableTopology(error: unknown): RedisClusterException {
  return new RedisClusterException(textOf(error), { cause: error })
}

export function noSlots(): RedisClusterException {
  return new RedisClusterException('This node knows no node that serves slots.')
}

/** The reason why one node did not return the topology. */
export interface TopologyFailure {
  readonly node: { readonly name: string }
  readonly error: RedisError
}

/** No node answered. The message lists each node with its reason. `isSingle`: one of them is not part of a cluster. */
export function topologyUnknown(failures: readonly TopologyFailure[], isSingle: boolean): RedisClusterException {
  const why = failures.map(({ error, node }) => `\n  ${node.name}: ${error.message}`).join('')
  const hint = isSingle ? '\nUse new Redis() for a server that is not part of a cluster.' : ''
  const message = `Could not read the cluster topology from any node:${why || ' there is no node to ask.'}${hint}`
  return new RedisClusterException(message, { outcome: 'not sent', cause: failures[0]?.error })
}

// Sessions

export function watchedSlotMoving(cause: RedisError): WatchError {
  return new WatchError(
    `The slot of the watched keys is moving or has no owner for now (${cause.code}): no command of the transaction ran.`,
    { command: 'EXEC', outcome: 'not sent', cause },
  )
}

/** The session has moved to another connection, which watches nothing. */
export function watchMoved(): WatchError {
  return new WatchError('The connection that watched the keys was replaced: the transaction was not sent.', {
    command: 'EXEC',
    outcome: 'not sent',
  })
}

export function oneDatabase({ spec }: Command): RedisClusterException {
  return new RedisClusterException('A cluster has one database, number 0.', { command: spec.name })
}

export function noKeyYet({ spec }: Command): RedisClusterException {
  return new RedisClusterException(
    `${spec.name} needs the connection of the session, which is leased with its first key: send a command with a key first.`,
    { command: spec.name, outcome: 'not sent' },
  )
}

/** WAIT or WAITAOF in a session of which a command ran on another connection. */
export function cannotCountReplicas({ spec }: Command): RedisError {
  return new RedisError(
    `The slot was moving, and some writes of this session went over another connection: ${spec.name} cannot count their replicas.`,
    { command: spec.name, outcome: 'not sent' },
  )
}

// Options and seeds

export function databaseNotZero(): RedisClusterException {
  return new RedisClusterException('A cluster has one database, number 0: omit db, and separate data by key prefixes.')
}

export function noSeed(): RedisClusterException {
  return new RedisClusterException('A cluster needs at least one seed: the URL of one of its nodes.')
}

export function seedIsSocket(): RedisClusterException {
  return new RedisClusterException('A seed must have a host and a port: the nodes of a cluster have no unix socket.')
}
