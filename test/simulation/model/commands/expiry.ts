/** Expiry of keys. */
import { type Call, type CommandSpec, command, FIRST } from '../command.js'
import { Failure, NOT_INTEGER, type Reply } from '../reply.js'
import { inInt64, int64, lower } from '../text.js'

export const EXPIRY: readonly CommandSpec[] = [
  command('expire', -3, 'write', FIRST, call => expire(call, 'ex')),
  command('pexpire', -3, 'write', FIRST, call => expire(call, 'px')),
  command('expireat', -3, 'write', FIRST, call => expire(call, 'exat')),
  command('pexpireat', -3, 'write', FIRST, call => expire(call, 'pxat')),
  command('ttl', 2, 'read', FIRST, call => left(call, ms => Math.floor((ms - call.now + 500) / 1000))),
  command('pttl', 2, 'read', FIRST, call => left(call, ms => ms - call.now)),
  command('expiretime', 2, 'read', FIRST, call => left(call, ms => Math.floor((ms + 500) / 1000))),
  command('pexpiretime', 2, 'read', FIRST, call => left(call, ms => ms)),
  command('persist', 2, 'write', FIRST, ({ db, key }) => {
    if (db.find(key) === undefined || !db.persist(key)) return 0
    db.touch(key)
    db.event('g', 'persist', key)
    return 1
  }),
]

/** Returns the expiry for a time in a unit, ms since the epoch. Throws if the time is not positive or overflows. */
export function expiryAt(call: Call, time: string, unit: string): number {
  const given = int64(time)
  if (given === undefined) throw NOT_INTEGER
  const at = instant(call, given, unit)
  if (given <= 0n || at === undefined) throw invalidTime(call)
  return at
}

/** Returns milliseconds since the epoch, or undefined on an overflow. */
function instant(call: Call, given: bigint, unit: string): number | undefined {
  const ms = unit.startsWith('ex') ? given * 1000n : given
  if (!inInt64(ms)) return undefined
  const at = unit.endsWith('at') ? ms : ms + BigInt(call.now)
  return inInt64(at) ? Number(at) : undefined
}

function invalidTime({ spec }: Call): Failure {
  return new Failure(`ERR invalid expire time in '${spec.name}' command`)
}

function left({ db, key }: Call, shown: (at: number) => number): Reply {
  if (db.read(key) === undefined) return -2
  const at = db.expiryOf(key)
  return at === undefined ? -1 : Math.max(0, shown(at))
}

function expire(call: Call, unit: string): Reply {
  const { db, key } = call
  const words = flagsOf(call.args.slice(3))
  const given = int64(call.text(2))
  if (given === undefined) return NOT_INTEGER
  const at = instant(call, given, unit)
  if (at === undefined) return invalidTime(call)
  if (db.find(key) === undefined) return 0
  const current = db.expiryOf(key)
  if (words.has('nx') && current !== undefined) return 0
  if (words.has('xx') && current === undefined) return 0
  if (words.has('gt') && (current === undefined || at <= current)) return 0
  if (words.has('lt') && current !== undefined && at >= current) return 0
  if (at <= call.now && !call.server.loading && !call.server.isReplica) {
    expireNow(call)
  } else {
    db.setExpiry(key, at)
    db.touch(key)
    db.event('g', 'expire', key)
  }
  return 1
}

/** Deletes the key, because its new expiry is in the past. */
export function expireNow({ db, key, server }: Call): void {
  db.delete(key)
  db.touch(key)
  if (server.dialect.has({ valkey: [8, 0] })) db.event('e', 'expired', key)
  else db.event('g', 'del', key)
}

function flagsOf(args: readonly string[]): ReadonlySet<string> {
  const words = new Set<string>()
  for (const arg of args) {
    const word = lower(arg)
    if (!['nx', 'xx', 'gt', 'lt'].includes(word)) throw new Failure(`ERR Unsupported option ${arg}`)
    words.add(word)
  }
  if (words.has('nx') && words.size > 1) {
    throw new Failure('ERR NX and XX, GT or LT options at the same time are not compatible')
  }
  if (words.has('gt') && words.has('lt')) {
    throw new Failure('ERR GT and LT options at the same time are not compatible')
  }
  return words
}
