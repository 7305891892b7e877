/** Methods that only a session or a transaction has. On a client each rejects with an error that names the right place. */
import { DataError } from '../errors/errors.js'

export const OWNERS = {
  watch: 'is a method of a session: redis.transaction(keys, session => …) watches keys',
  unwatch: 'is a method of a session: redis.session(session => …)',
  select: 'is a method of a session: redis.session(session => session.select(1)), or use new Redis({ db: 1 })',
  exec: 'is a method of a pipeline or a transaction: redis.multi().set(…).exec()',
  discard: 'is a method of a transaction: redis.multi().set(…).discard()',
} as const

/** Its parameter has a type that no call matches, so that the error of the compiler says the same. */
export async function rejectMisplaced<N extends keyof typeof OWNERS>(name: N): Promise<never> {
  throw new DataError(`${name}() ${OWNERS[name]}.`)
}
