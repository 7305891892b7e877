/** EVAL and SCRIPT. The scripts are run by their twins in `twins`. */
import { type Call, type CommandSpec, command, counted, integer, keysOf } from '../command.js'
import { Double, Failure, MapReply, NullArray, OK, type Reply, SetReply, Status, Verbatim } from '../reply.js'
import { runCommand } from '../run-command.js'
import { type LuaValue, twinOf } from '../scripts.js'
import { lower } from '../text.js'

const ANYWHERE = 'noscript loading stale'

export const SCRIPTING: readonly CommandSpec[] = [
  command('eval', -3, 'noscript stale', counted(2), call => evaluate(call, undefined, false)),
  command('eval_ro', -3, 'noscript stale', counted(2), call => evaluate(call, undefined, true)),
  command('evalsha', -3, 'noscript stale', counted(2), call => evaluate(call, lower(call.text(1)), false)),
  command('evalsha_ro', -3, 'noscript stale', counted(2), call => evaluate(call, lower(call.text(1)), true)),
  command('script|load', 3, ANYWHERE, undefined, call => call.server.scripts.load(call.text(2))),
  command('script|exists', -3, 'noscript', undefined, ({ server, args }) =>
    args.slice(2).map(sha => (server.scripts.has(lower(sha)) ? 1 : 0)),
  ),
  command('script|flush', -2, 'noscript', undefined, ({ server, args }) => {
    if (args.length > 3 || (args.length === 3 && !['sync', 'async'].includes(lower(args[2]!)))) {
      return new Failure('ERR SCRIPT FLUSH only support SYNC|ASYNC option')
    }
    server.scripts.clear()
    return OK
  }),
  command('script|kill', 2, `${ANYWHERE} busy`, undefined, ({ server }) => {
    if (!server.busy) return new Failure('NOTBUSY No scripts in execution right now.')
    server.busy = false
    return OK
  }),
]

/** An error thrown by a twin. */
class ScriptError {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function evaluate(call: Call, hash: string | undefined, readOnly: boolean): Reply {
  const { server, args } = call
  const count = integer(call.text(2))
  if (count > args.length - 3) return new Failure("ERR Number of keys can't be greater than number of args")
  if (count < 0) return new Failure("ERR Number of keys can't be negative")
  const sha = hash ?? server.scripts.load(call.text(1))
  if (!server.scripts.has(sha)) {
    return new Failure(
      `NOSCRIPT No matching script.${server.dialect.has({ valkey: [8, 0] }) ? '' : ' Please use EVAL.'}`,
    )
  }
  const twin = twinOf(sha)
  if (twin === undefined) throw new Error(`the model knows no twin of the script: ${args[1]}`)
  const run = (words: readonly (string | number)[]): Reply => runFromScript(call, words.map(String), readOnly)
  try {
    const result = twin({
      KEYS: args.slice(3, 3 + count),
      ARGV: args.slice(3 + count),
      call: (...words) => {
        const reply = run(words)
        if (reply instanceof Failure) throw new ScriptError(reply.text)
        return toLua(reply)
      },
      pcall: (...words) => toLua(run(words)),
    })
    return fromLua(result ?? null)
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    const where = server.dialect.has({ valkey: [9, 0] }) ? '' : ` ${sha},`
    return new Failure(`${error.text} script:${where} on @user_script:1.`)
  }
}

function runFromScript(call: Call, args: readonly string[], readOnly: boolean): Reply {
  const { connection, server } = call
  const spec = server.commandOf(args)
  if (spec instanceof Failure) return new Failure('ERR Unknown Redis command called from script')
  if (args.length < Math.abs(spec.arity) || (spec.arity > 0 && args.length !== spec.arity)) {
    return new Failure('ERR Wrong number of args calling Redis command from script')
  }
  if (spec.flags.has('noscript')) return new Failure('ERR This Redis command is not allowed from script')
  const forbidden = connection.user && server.users.refusal(connection.user, spec, args)
  if (forbidden !== undefined) {
    const text = forbidden.text.replace(
      /^NOPERM this user has no permissions to/,
      "The user executing the script can't",
    )
    return new Failure(`ERR ${text}`)
  }
  const isNew = server.dialect.has({ valkey: [9, 0] })
  const foreign = server.redirect?.(connection, {
    keys: keysOf(spec, args),
    writes: spec.flags.has('write'),
    isPubSub: spec.flags.has('pubsub'),
    isQueued: false,
  })
  const notHere = foreign && new Failure(`ERR ${isNew ? 'A' : 'Script a'}ttempted to access ${whatIsWrong(foreign)}`)
  if (isNew && notHere !== undefined) return notHere
  if (spec.flags.has('write')) {
    if (readOnly) return new Failure('ERR Write commands are not allowed from read-only scripts.')
    if (server.isReplica) return new Failure("READONLY You can't write against a read only replica.")
    if (server.outOfMemory && spec.flags.has('denyoom')) {
      return new Failure("OOM command not allowed when used memory > 'maxmemory'.")
    }
  }
  if (notHere !== undefined) return notHere
  // Before 7.2 a script tracks its own keys instead of those that it reads.
  if (!server.dialect.is72) server.tracking.remember(connection, spec, args, keysOf(call.spec, call.args))
  return runCommand(connection, spec, args, 'script')
}

function whatIsWrong({ text }: Failure): string {
  return text.startsWith('CROSSSLOT') ? 'keys that do not hash to the same slot' : 'a non local key in a cluster node'
}

function toLua(reply: Reply): LuaValue {
  if (reply === null || reply instanceof NullArray) return false
  if (typeof reply === 'bigint') return Number(reply)
  if (typeof reply === 'string' || typeof reply === 'number') return reply
  if (reply instanceof Status) return { ok: reply.text }
  if (reply instanceof Failure) return { err: reply.text }
  if (reply instanceof Double) return String(reply.value)
  if (reply instanceof MapReply) return reply.entries.flatMap(([key, value]) => [toLua(key), toLua(value)])
  if (reply instanceof SetReply) return reply.items.map(toLua)
  if (reply instanceof Verbatim) return reply.text
  return Array.isArray(reply) ? reply.map(toLua) : false
}

function fromLua(value: LuaValue): Reply {
  if (value === null || value === false) return null
  if (value === true) return 1
  if (typeof value === 'number') return integerOf(value)
  if (typeof value === 'string') return value
  if (isList(value)) {
    const end = value.indexOf(null)
    return (end < 0 ? value : value.slice(0, end)).map(fromLua)
  }
  if (value.err !== undefined) return new Failure(value.err)
  return value.ok === undefined ? [] : new Status(value.ok)
}

/** Converts a double to an integer as a cast in C does. */
function integerOf(value: number): number | bigint {
  if (Math.abs(value) < 2 ** 63) return Number.isSafeInteger(value) ? value : BigInt(Math.trunc(value))
  return -(2n ** 63n)
}

function isList(value: LuaValue): value is readonly LuaValue[] {
  return Array.isArray(value)
}
