import type { Spec } from '../commands/command.js'
import { PSUBSCRIBE, PUNSUBSCRIBE, SSUBSCRIBE, SUBSCRIBE, SUNSUBSCRIBE, UNSUBSCRIBE } from '../commands/subscribing.js'

/** What can be subscribed to: channels, patterns of channels, or the channels of a cluster's shard. */
export interface Kind {
  readonly name: 'channel' | 'pattern' | 'shard'
  readonly join: Spec
  readonly leave: Spec
}

export const CHANNEL: Kind = { name: 'channel', join: SUBSCRIBE, leave: UNSUBSCRIBE }
export const PATTERN: Kind = { name: 'pattern', join: PSUBSCRIBE, leave: PUNSUBSCRIBE }
export const SHARD: Kind = { name: 'shard', join: SSUBSCRIBE, leave: SUNSUBSCRIBE }
