/** What a cluster cannot do with a command. */
import type { Command } from '../commands/core/command.js'
import { MultiExec } from '../connection/call/multi-exec.js'
import { ClusterCrossSlotError, RedisClusterException, SlotNotCoveredError } from '../errors/errors.js'
import { NONE } from './slots.js'

export function notCovered(slot: number): SlotNotCoveredError {
  const what = slot === NONE ? 'any slot' : `slot ${slot}`
  return new SlotNotCoveredError(`No node of the cluster serves ${what}.`, { outcome: 'not sent' })
}

/** Keys of more slots than one. `where`: in what they must share one; the command itself unless given. */
export function crossSlot(command: Command, where?: string): ClusterCrossSlotError {
  const { name } = command.spec
  const whole = where ?? (command instanceof MultiExec ? 'a transaction' : `one ${name}`)
  return new ClusterCrossSlotError(
    `CROSSSLOT All keys of ${whole} belong to one slot: nothing was sent. A hash tag in common makes it so, as in {user:1}.name.`,
    { command: name, outcome: 'not sent' },
  )
}

export function keysUnknown(command: Command): RedisClusterException {
  const { name } = command.spec
  return new RedisClusterException(
    `Which keys ${name} has is not known, nor so which node it is for: say with({ key }) before it, or ask cluster.nodes() one by one.`,
    { command: name, outcome: 'not sent' },
  )
}
