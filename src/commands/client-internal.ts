/**
 * Commands that the client sends itself. The state that they set belongs to the client, so `call` rejects most of them.
 */

import { unchanged } from './core/decoder.js'
import { int, ok, word } from './core/decoders.js'
import { type KeySpec, keysFrom } from './core/key-specs.js'
import { first } from './core/response-policies.js'
import { keyless, type Spec, type Traits, write } from './core/spec.js'

export const HELLO: Spec = keyless('HELLO', unchanged, {
  reserved: { session: false, instead: 'the protocol, credentials and clientName options of the client' },
})

export const AUTH: Spec = keyless('AUTH', ok, {
  reserved: { session: false, instead: 'the username and password, or credentials, options of the client' },
})

export const SELECT: Spec = keyless('SELECT', ok, {
  reserved: { session: true, instead: 'the db option of the client, or session.select() in redis.session()' },
})

export const READONLY: Spec = keyless('READONLY', ok, {
  reserved: { session: false, instead: "the readFrom option of RedisCluster, or nodes('replica')" },
})

/** Also sent by the health check of an idle connection. It may be sent again. */
export const PING: Spec = keyless('PING', word, {
  repeatable: true,
  requestPolicy: 'all_shards',
  responsePolicy: first,
})

export const CLIENT_ID: Spec = keyless('CLIENT ID', int)

export const CLIENT_SETNAME: Spec = keyless('CLIENT SETNAME', ok, { requestPolicy: 'all_nodes', responsePolicy: first })

export const CLIENT_SETINFO: Spec = keyless('CLIENT SETINFO', ok, {
  requestPolicy: 'all_nodes',
  responsePolicy: first,
})

export const CLIENT_UNBLOCK: Spec = keyless('CLIENT UNBLOCK', int)
const all: readonly KeySpec[] = [keysFrom(0, 'read')]
const listening = (method: string): Traits => ({
  ...(method === 'psubscribe' ? { patterns: all } : { names: all }),
  reserved: { session: false, instead: `redis.${method}(), and unsubscribe() of the Subscription that it returns` },
})
const none = () => null

export const SUBSCRIBE: Spec = keyless('SUBSCRIBE', none, listening('subscribe'))
export const UNSUBSCRIBE: Spec = keyless('UNSUBSCRIBE', none, listening('subscribe'))
export const PSUBSCRIBE: Spec = keyless('PSUBSCRIBE', none, listening('psubscribe'))
export const PUNSUBSCRIBE: Spec = keyless('PUNSUBSCRIBE', none, listening('psubscribe'))
export const SSUBSCRIBE: Spec = keyless('SSUBSCRIBE', none, listening('ssubscribe'))
export const SUNSUBSCRIBE: Spec = keyless('SUNSUBSCRIBE', none, listening('ssubscribe'))
const instead = 'redis.multi(), or redis.session() and session.multi()'

export const MULTI: Spec = keyless('MULTI', word, { reserved: { session: false, instead } })

export const EXEC: Spec = keyless('EXEC', unchanged, { reserved: { session: false, instead } })

export const DISCARD: Spec = keyless('DISCARD', ok, { reserved: { session: false, instead } })

export const WATCH: Spec = write('WATCH', ok, {
  keys: [keysFrom(0, 'read')],
  reserved: { session: true, instead: 'redis.session() and session.watch(), or redis.transaction()' },
})

export const UNWATCH: Spec = keyless('UNWATCH', ok, {
  reserved: { session: true, instead: 'redis.session() and session.unwatch()' },
})

/** Lets the next command of the connection access a slot that is being imported. */
export const ASKING: Spec = keyless('ASKING', word, {
  reserved: { session: false, instead: 'RedisCluster, which sends it after an ASK error' },
})
