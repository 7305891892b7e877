import type { Part } from '../ledger.js'
import type { Simulation } from '../simulation.js'
import { didRun, runsOf } from '../values.js'

const POPS: ReadonlySet<string> = new Set([
  'BLPOP',
  'BLMPOP',
  'BLMOVE',
  'BRPOPLPUSH',
  'BZPOPMIN',
  'BZPOPMAX',
  'BZMPOP',
  'XREADGROUP',
])

/** Every element that a blocking call popped reached its caller, and only that caller, unless a fault hit the connection. */
export function* popped(simulation: Simulation): Iterable<string> {
  const { ledger } = simulation
  const received = new Map<string, string[]>()
  // Connections whose id the client knows. On others it cannot send CLIENT UNBLOCK, so it drops them to abort a call.
  const known = new Set<unknown>()
  for (const call of ledger.calls) {
    const { isBlocking, isReading } = call.traits
    if (call.fate !== 'resolved' || isBlocking !== true || isReading === true) continue
    for (const token of tokensOf(call.value)) received.set(token, [...(received.get(token) ?? []), call.name])
  }
  for (const [token, callers] of received) {
    // An idempotent call may have added the element twice.
    const runs = runsOf(ledger.partOf(token) as Part)
    // A failover that loses the pop brings the element back.
    const isBack = runs.some(({ args, order }) => ledger.hasLost(args[1] ?? '', order))
    if (callers.length > runs.length && !isBack) yield `${token} was received by ${callers.join(' and by ')}.`
  }
  for (const execution of ledger.executions) {
    const { args, phase, reply, wire } = execution
    if (phase === 'ran' && (args[0] === 'HELLO' || (args[0] === 'CLIENT' && args[1] === 'ID'))) known.add(wire)
    if (!POPS.has(args[0] as string) || !didRun(execution)) continue
    for (const token of tokensOf(reply)) {
      if (received.has(token) || !known.has(wire) || simulation.isExcused(execution)) continue
      yield `${token} was popped by ${args.join(' ')} (connection ${execution.connection}) and no caller received it.`
    }
  }
}

function tokensOf(value: unknown): readonly string[] {
  return value === null ? [] : (JSON.stringify(value)?.match(/~\d+~/g) ?? [])
}
