/** What is said before a connection may be used. The state they set belongs to the client, so `call` refuses most of them. */
import { keyless, type Spec } from './command.js'
import { first } from './joins.js'
import { int, ok, word } from './replies.js'

export const HELLO: Spec = keyless('HELLO', reply => reply, {
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

/** Also the sign of life that an idle connection is asked for; safe to send again. */
export const PING: Spec = keyless('PING', word, {
  repeatable: true,
  ask: 'shards',
  join: first,
})

export const CLIENT_ID: Spec = keyless('CLIENT ID', int)

export const CLIENT_SETNAME: Spec = keyless('CLIENT SETNAME', ok, { ask: 'nodes', join: first })

export const CLIENT_SETINFO: Spec = keyless('CLIENT SETINFO', ok, {
  ask: 'nodes',
  join: first,
})

export const CLIENT_UNBLOCK: Spec = keyless('CLIENT UNBLOCK', int)
