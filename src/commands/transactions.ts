/** What makes a transaction. They change the state of their connection, so they are written by the client alone. */
import { keyless, type Spec, write } from './command.js'
import { keysFrom } from './key-specs.js'
import { ok, word } from './replies.js'

const instead = 'redis.multi(), or redis.session() and session.multi()'

export const MULTI: Spec = keyless('MULTI', word, { reserved: { session: false, instead } })

export const EXEC: Spec = keyless('EXEC', reply => reply, { reserved: { session: false, instead } })

export const DISCARD: Spec = keyless('DISCARD', ok, { reserved: { session: false, instead } })

export const WATCH: Spec = write('WATCH', ok, {
  keys: [keysFrom(0, 'read')],
  reserved: { session: true, instead: 'redis.session() and session.watch(), or redis.transaction()' },
})

export const UNWATCH: Spec = keyless('UNWATCH', ok, {
  reserved: { session: true, instead: 'redis.session() and session.unwatch()' },
})

/** Lets the next command of the connection through to a slot that is being imported. */
export const ASKING: Spec = keyless('ASKING', word, {
  reserved: { session: false, instead: 'RedisCluster, which says it where the server asks for it' },
})
