/** The errors of commands that a cluster does not run. */
import type { Command } from '../commands/core/command.js'
import { MultiExec } from '../connection/call/multi-exec.js'
import { ClusterCrossSlotError, ConnectionError, RedisClusterException, SlotNotCoveredError } from '../errors/errors.js'
import { NONE } from './slots.js'

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

/** `what` was called after `close()`. */
export function clientClosed(what: string): ConnectionError {
  return new ConnectionError(`The client is closed: ${what} was not sent.`, { outcome: 'not sent' })
}
