/** Commands on keys of any type, and on databases. */
import { ALL, type Call, type CommandSpec, command, FIRST, integer, TWO } from '../command.js'
import type { Database } from '../database.js'
import { Failure, NO_KEY, OK, type Reply, Status, SYNTAX } from '../reply.js'
import { fits, page, scanOptions } from '../scans.js'
import { lower } from '../text.js'
import { copyOf, type Value } from '../values.js'

export const KEYS: readonly CommandSpec[] = [
  command('del', -2, 'write', ALL, remove),
  command('unlink', -2, 'write', ALL, remove),
  command('exists', -2, 'read', ALL, count),
  command('touch', -2, 'read', ALL, count),
  command('type', 2, 'read', FIRST, ({ db, key }) => new Status(db.find(key)?.type ?? 'none')),
  command('keys', 2, 'read admin', undefined, call => present(call.db).filter(key => fits(call.text(1), key))),
  command('randomkey', 1, 'read', undefined, call => {
    const keys = present(call.db)
    return keys[call.server.random(keys.length)] ?? null
  }),
  command('dbsize', 1, 'read', undefined, ({ db }) => db.size),
  command('scan', -2, 'read', undefined, scan),
  command('rename', 3, 'write', TWO, call => rename(call, false)),
  command('renamenx', 3, 'write', TWO, call => rename(call, true)),
  command('copy', -3, 'write denyoom', TWO, copy),
  command('move', 3, 'write', FIRST, move),
  command('object|encoding', 3, 'read', [2, 2, 1], call => {
    const value = call.db.find(call.text(2))
    return value === undefined ? null : encodingOf(value)
  }),
  command('object|refcount', 3, 'read', [2, 2, 1], call => (call.db.find(call.text(2)) === undefined ? null : 1)),
  command('object|idletime', 3, 'read', [2, 2, 1], call => (call.db.find(call.text(2)) === undefined ? null : 0)),
  command('object|freq', 3, 'read', [2, 2, 1], call =>
    call.db.find(call.text(2)) === undefined
      ? null
      : new Failure(
          'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
        ),
  ),
  command('flushdb', -1, 'write admin', undefined, call => flush(call, [call.db])),
  command('flushall', -1, 'write admin', undefined, call => flush(call, call.server.databases)),
  command('swapdb', 3, 'write admin', undefined, swap),
]

function remove({ db, args }: Call): Reply {
  let removed = 0
  for (const key of args.slice(1)) {
    if (db.find(key) === undefined) continue
    db.delete(key)
    db.touch(key)
    db.event('g', 'del', key)
    removed++
  }
  return removed
}

function count({ db, args }: Call): Reply {
  return args.slice(1).filter(key => db.read(key) !== undefined).length
}

/** Returns the keys that have not expired. */
function present(db: Database): string[] {
  return db.keys().filter(key => !db.isExpired(key))
}

function scan(call: Call): Reply {
  const { db } = call
  const options = scanOptions(call, 1, true)
  const [cursor, found] = page(db.keys(), options.cursor, options.count, key => key)
  const wanted = found.filter(key => {
    if (options.match !== undefined && !fits(options.match, key)) return false
    const value = db.find(key)
    return value !== undefined && (options.type === undefined || options.type === value.type)
  })
  return [cursor, wanted]
}

function rename({ db, args }: Call, onlyIfFree: boolean): Reply {
  const [, from, to] = args as [string, string, string]
  const value = db.find(from)
  if (value === undefined) return NO_KEY
  if (from === to) return onlyIfFree ? 0 : OK
  const expiry = db.expiryOf(from)
  if (db.find(to) !== undefined) {
    if (onlyIfFree) return 0
    db.delete(to)
  }
  db.add(to, value)
  if (expiry !== undefined) db.setExpiry(to, expiry)
  db.delete(from)
  db.touch(from)
  db.touch(to)
  db.event('g', 'rename_from', from)
  db.event('g', 'rename_to', to)
  return onlyIfFree ? 1 : OK
}

function databaseAt({ server, args }: Call, at: number, failure?: Failure): Database {
  const index = integer(args[at]!, failure)
  const db = server.databases[index]
  if (db === undefined) throw new Failure('ERR DB index is out of range')
  return db
}

function copy(call: Call): Reply {
  const { db, args } = call
  const [, from, to] = args as [string, string, string]
  let target = db
  let replace = false
  for (let i = 3; i < args.length; i++) {
    const word = lower(args[i]!)
    if (word === 'replace') replace = true
    else if (word === 'db' && i + 1 < args.length) target = databaseAt(call, ++i)
    else return SYNTAX
  }
  if (target === db && from === to) return new Failure('ERR source and destination objects are the same')
  const value = db.read(from)
  if (value === undefined) return 0
  if (target.find(to) !== undefined) {
    if (!replace) return 0
    target.delete(to)
  }
  const expiry = db.expiryOf(from)
  target.add(to, copyOf(value))
  if (expiry !== undefined) target.setExpiry(to, expiry)
  target.touch(to)
  target.event('g', 'copy_to', to)
  return 1
}

function move(call: Call): Reply {
  const { db, key } = call
  const target = databaseAt(call, 2)
  if (target === db) return new Failure('ERR source and destination objects are the same')
  const value = db.find(key)
  if (value === undefined || target.find(key) !== undefined) return 0
  const expiry = db.expiryOf(key)
  target.add(key, value)
  if (expiry !== undefined) target.setExpiry(key, expiry)
  db.delete(key)
  db.touch(key)
  target.touch(key)
  db.event('g', 'move_from', key)
  target.event('g', 'move_to', key)
  return 1
}

function flush(call: Call, those: readonly Database[]): Reply {
  const { server, connection, args } = call
  if (args.length > 2 || (args.length === 2 && !['sync', 'async'].includes(lower(args[1]!)))) return SYNTAX
  server.tracking.flushed()
  // Redis since 7.4 flushes in the background, and replies to the call when that is done.
  const isLate = server.dialect.has({ redis: [7, 4] }) && !call.atOnce && lower(args[1] ?? '') !== 'async'
  if (isLate) server.tracking.endCommand(connection)
  for (const db of those) {
    server.watches.touchAll(db)
    server.blocking.deletedAll(db)
    db.clear()
    server.log.add({ what: 'flush', db: db.index })
  }
  return OK
}

function swap(call: Call): Reply {
  const { server } = call
  const first = databaseAt(call, 1, new Failure('ERR invalid first DB index'))
  const second = databaseAt(call, 2, new Failure('ERR invalid second DB index'))
  if (first === second) return OK
  server.watches.touchAll(first, second)
  server.watches.touchAll(second, first)
  first.swap(second)
  server.log.add({ what: 'swap', db: first.index, other: second.index })
  server.blocking.readyAll(first)
  server.blocking.readyAll(second)
  return OK
}

/** Returns the encoding, as far as it follows from the value alone. */
function encodingOf(value: Value): string {
  switch (value.type) {
    case 'string':
      if (/^(?:0|-?[1-9]\d{0,18})$/.test(value.text)) return 'int'
      return value.text.length <= 44 ? 'embstr' : 'raw'
    case 'list':
      return 'quicklist'
    case 'hash': {
      const isSmall = [...value.fields].every(([field, text]) => field.length <= 64 && text.length <= 64)
      return isSmall && value.fields.size <= 512 ? 'listpack' : 'hashtable'
    }
    case 'set':
      return 'hashtable'
    case 'zset':
      return value.isSkipList ? 'skiplist' : 'listpack'
    default:
      return 'stream'
  }
}
