import type { Call, Execution } from '../ledger.js'
import { Failure, type Reply } from '../model/reply.js'
import type { Simulation } from '../simulation.js'
import type { Wire } from '../world/wire.js'

/**
 * Leased connections serve one caller at a time, and never the calls on the shared connection. A connection with subscriptions
 * serves no calls. A transaction under WATCH has no command of another call inside. Every command runs in the database of its client.
 */
export function* leases({ ledger, plan, subjects }: Simulation): Iterable<string> {
  const callOf = new Map<Execution, Call>()
  for (const call of ledger.calls)
    for (const { executions } of call.traits.parts) for (const execution of executions) callOf.set(execution, call)
  const connections = new Map<Wire, Use>()
  const databases = new Map(subjects.map(({ name, options }) => [name, ('db' in options && options.db) || 0]))
  for (const execution of ledger.executions) {
    const { args, db, phase, wire } = execution
    if (wire === undefined || phase === 'script') continue
    let use = connections.get(wire)
    if (use === undefined) {
      use = { role: undefined, holder: undefined, ended: new Set(), watcher: undefined, isWatching: false }
      connections.set(wire, use)
    }
    const name = args[0] as string
    const call = callOf.get(execution)
    if (name === 'SUBSCRIBE' || name === 'SSUBSCRIBE' || name === 'PSUBSCRIBE')
      yield* play(use, 'subscriber', execution)
    if (name === 'WATCH' && phase !== 'refused') Object.assign(use, { isWatching: true, watcher: undefined })
    else if (name === 'EXEC' || name === 'UNWATCH' || name === 'DISCARD') use.isWatching = false
    if (call === undefined) continue
    const { isBlocking, isSession, lane } = call.traits
    // After ASK one command of a session runs at the node to which its slot migrates, on the shared connection.
    if (plan.isCluster && isSession === true && hasStrayed(execution, call)) continue
    const isLeased = isSession === true || isBlocking === true
    // In a cluster a redirected transaction of a session runs on a shared connection of the new node.
    if (plan.isCluster) continue
    if (isLeased) yield* play(use, 'leased', execution)
    else if (lane === 'shared') yield* play(use, 'shared', execution)
    if (isSession === true) yield* hold(use, call, execution)
    if (!/^in\d:/.test(args[1] ?? '') && phase !== 'refused') {
      const own = databases.get(call.client.replace(/\.\d+$/, ''))
      if (own !== db) yield `${args.join(' ')} of ${call.name} ran in database ${db} instead of ${own}.`
    }
  }
}

/** Whether an earlier execution of the same command was answered by ASK. */
function hasStrayed(execution: Execution, { traits }: Call): boolean {
  const part = traits.parts.find(({ executions }) => executions.includes(execution))
  return part?.executions.some(({ order, reply }) => order < execution.order && isAsk(reply)) === true
}

function isAsk(reply: Reply): boolean {
  return reply instanceof Failure && reply.text.startsWith('ASK ')
}

interface Use {
  role: string | undefined
  /** The call that holds the lease, and the calls whose leases have ended. */
  holder: Call | undefined
  readonly ended: Set<Call>
  isWatching: boolean
  /** The call whose commands ran since WATCH. */
  watcher: Call | undefined
}

function* play(use: Use, role: string, { args, connection }: Execution): Iterable<string> {
  if (use.role !== undefined && use.role !== role)
    yield `${args.join(' ')} ran on connection ${connection}, which was ${use.role} and is now ${role}.`
  use.role = role
}

function* hold(use: Use, call: Call, { args, connection }: Execution): Iterable<string> {
  if (use.isWatching) {
    if (use.watcher !== undefined && use.watcher !== call)
      yield `${args.join(' ')} of ${call.name} ran while ${use.watcher.name} watched on connection ${connection}.`
    use.watcher = call
  }
  // A transaction that is repeated after a WatchError leases a connection for each try.
  if (use.holder === call || call.traits.watches === true) return
  if (use.ended.has(call))
    yield `${args.join(' ')} of ${call.name} ran on connection ${connection} between those of ${use.holder?.name}.`
  if (use.holder !== undefined) use.ended.add(use.holder)
  use.holder = call
}
