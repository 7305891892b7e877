/** All commands of the model. A new group is a file in `commands` and an entry here. */
import { type CommandSpec, wrongArity } from './command.js'
import { BITMAPS } from './commands/bitmaps.js'
import { CLUSTER } from './commands/cluster.js'
import { CONNECTIONS } from './commands/connections.js'
import { DUMP } from './commands/dump.js'
import { EXPIRY } from './commands/expiry.js'
import { HASHES } from './commands/hashes.js'
import { HYPERLOGLOG } from './commands/hyperloglog.js'
import { KEYS } from './commands/keys.js'
import { LISTS } from './commands/lists.js'
import { BLOCKING_LISTS } from './commands/lists-blocking.js'
import { PUBSUB } from './commands/pubsub.js'
import { SCRIPTING } from './commands/scripting.js'
import { SERVER } from './commands/server.js'
import { SETS } from './commands/sets.js'
import { SORTED_SET_ALGEBRA } from './commands/sorted-set-algebra.js'
import { SORTED_SET_POPS } from './commands/sorted-set-pops.js'
import { SORTED_SET_RANGES } from './commands/sorted-set-ranges.js'
import { SORTED_SETS } from './commands/sorted-sets.js'
import { SORTING } from './commands/sorting.js'
import { STREAM_GROUPS } from './commands/stream-groups.js'
import { STREAM_INFO } from './commands/stream-info.js'
import { STREAM_READING } from './commands/stream-reading.js'
import { STREAMS } from './commands/streams.js'
import { STRINGS } from './commands/strings.js'
import { TRACKING } from './commands/tracking.js'
import { TRANSACTIONS } from './commands/transactions.js'
import type { Dialect } from './dialect.js'
import { Failure } from './reply.js'
import type { ModelServer } from './server.js'
import { lower, upper } from './text.js'

/** The groups of commands, each with its ACL category. */
const GROUPS: readonly (readonly [string, readonly CommandSpec[]])[] = [
  ['string', STRINGS],
  ['keyspace', KEYS],
  ['keyspace', EXPIRY],
  ['keyspace', DUMP],
  ['keyspace', SORTING],
  ['bitmap', BITMAPS],
  ['hyperloglog', HYPERLOGLOG],
  ['list', LISTS],
  ['list', BLOCKING_LISTS],
  ['hash', HASHES],
  ['set', SETS],
  ['sortedset', SORTED_SETS],
  ['sortedset', SORTED_SET_RANGES],
  ['sortedset', SORTED_SET_ALGEBRA],
  ['sortedset', SORTED_SET_POPS],
  ['stream', STREAMS],
  ['stream', STREAM_READING],
  ['stream', STREAM_GROUPS],
  ['stream', STREAM_INFO],
  ['connection', CONNECTIONS],
  ['connection', TRACKING],
  ['transaction', TRANSACTIONS],
  ['pubsub', PUBSUB],
  ['scripting', SCRIPTING],
  ['server', SERVER],
  ['cluster', CLUSTER],
]

/** The commands of one dialect, and the names of those with subcommands. */
interface Table {
  readonly specs: ReadonlyMap<string, CommandSpec>
  readonly containers: ReadonlySet<string>
}

const TABLES = new WeakMap<Dialect, Table>()

function tableOf(dialect: Dialect): Table {
  const existing = TABLES.get(dialect)
  if (existing !== undefined) return existing
  const known = GROUPS.flatMap(([, specs]) => specs).filter(({ since }) => since === undefined || dialect.has(since))
  const specs = new Map(known.map(spec => [spec.name, spec]))
  const containers = new Set([...specs.keys()].filter(name => name.includes('|')).map(name => name.split('|')[0]!))
  const table = { specs, containers }
  TABLES.set(dialect, table)
  return table
}

const GROUP_OF: ReadonlyMap<CommandSpec, string> = new Map(
  GROUPS.flatMap(([group, specs]) => specs.map(spec => [spec, group] as const)),
)

/** Returns the command of a request, or the error reply if there is none. */
export function commandOf(args: readonly string[], server: ModelServer): CommandSpec | Failure {
  const name = lower(args[0] ?? '')
  const { specs, containers } = tableOf(server.dialect)
  if (containers.has(name)) {
    if (args.length < 2) return wrongArity(name)
    const found = specs.get(`${name}|${lower(args[1]!)}`)
    if (found !== undefined) return found
    return new Failure(`ERR unknown subcommand '${cut(args[1]!, 128)}'. Try ${upper(name)} HELP.`)
  }
  const found = specs.get(name)
  if (found !== undefined) return found
  let shown = ''
  for (let i = 1; i < args.length && shown.length < 128; i++) shown += `'${cut(args[i]!, 128 - shown.length)}' `
  return new Failure(`ERR unknown command '${cut(args[0]!, 128)}', with args beginning with: ${shown}`)
}

/** Cuts a text as `printf` in C does: at a NUL or at the maximum length. */
function cut(text: string, length: number): string {
  const end = text.indexOf('\0')
  return text.slice(0, end < 0 ? length : Math.min(end, length))
}

/** Returns the ACL categories of a command, as far as the model knows them. */
export function categoriesOf(spec: CommandSpec): ReadonlySet<string> {
  const categories = new Set<string>([GROUP_OF.get(spec) ?? ''])
  for (const flag of ['read', 'write', 'blocking', 'pubsub', 'admin'] as const) {
    if (spec.flags.has(flag)) categories.add(flag)
  }
  if (spec.flags.has('admin')) categories.add('dangerous')
  return categories
}
