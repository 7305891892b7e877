import type {
  Ask,
  Blocking,
  BlockingArgument,
  Form,
  Join,
  ReplyTypes,
  RequestPolicy,
  ResponsePolicy,
} from '@respire/redis'
import { keyless, type Traits } from '@respire/redis'

/** Names of the version before still compile. */
const traits: Traits = { ask: 'shards', join: replies => replies[0] ?? null }
export const spec = keyless('FORMER NAMES', reply => reply, traits)
export const former: [Form, Join, Blocking, Ask] = [
  { text: '', int: 0 } as unknown as ReplyTypes,
  replies => replies[0] ?? null,
  'last, ms',
  'split',
]
export const present: [ReplyTypes, ResponsePolicy, BlockingArgument, RequestPolicy] = [
  former[0],
  former[1],
  former[2],
  'multi_shard',
]
