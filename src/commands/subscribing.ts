/** What is said on the connection of subscriptions. No call says it elsewhere: its answers are no replies but messages. */
import { keyless, type Spec, type Traits } from './command.js'
import { type KeySpec, keysFrom } from './key-specs.js'

const all: readonly KeySpec[] = [keysFrom(0, 'read')]

const listening = (method: string): Traits => ({
  ...(method === 'psubscribe' ? { patterns: all } : { names: all }),
  reserved: { session: false, instead: `redis.${method}(), and unsubscribe() of the Subscription that it gives` },
})

const none = () => null

export const SUBSCRIBE: Spec = keyless('SUBSCRIBE', none, listening('subscribe'))
export const UNSUBSCRIBE: Spec = keyless('UNSUBSCRIBE', none, listening('subscribe'))
export const PSUBSCRIBE: Spec = keyless('PSUBSCRIBE', none, listening('psubscribe'))
export const PUNSUBSCRIBE: Spec = keyless('PUNSUBSCRIBE', none, listening('psubscribe'))
export const SSUBSCRIBE: Spec = keyless('SSUBSCRIBE', none, listening('ssubscribe'))
export const SUNSUBSCRIBE: Spec = keyless('SUNSUBSCRIBE', none, listening('ssubscribe'))
