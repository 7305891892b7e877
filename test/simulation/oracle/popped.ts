import type { Execution } from '../ledger.js'
import type { Simulation } from '../simulation.js'
import { didRun } from '../values.js'

/** Every popped element reached its caller, unless a fault hit the connection. */
export function* popped(simulation: Simulation): Iterable<string> {
  const { ledger } = simulation
  const received = new Set<string>()
  // Connections whose id the client knows. On others it cannot send CLIENT UNBLOCK, so it drops them to abort a call.
  const known = new Set<unknown>()
  for (const { fate, traits, value } of ledger.calls) {
    if (fate !== 'resolved' || traits.isBlocking !== true) continue
    const [token] = /~\d+~/.exec(JSON.stringify(value)?.replace(/^.*"element":/, '') ?? '') ?? []
    if (token !== undefined) received.add(token)
    if (Array.isArray(value)) received.add(value[1] as string)
  }
  for (const execution of ledger.executions) {
    const { args, phase, wire } = execution
    if (phase === 'ran' && (args[0] === 'HELLO' || (args[0] === 'CLIENT' && args[1] === 'ID'))) known.add(wire)
    const element = elementOf(execution)
    if (element === undefined || received.has(element) || !known.has(wire) || simulation.isExcused(execution)) continue
    yield `${element} was popped by ${execution.args.join(' ')} (connection ${execution.connection}) and no caller received it.`
  }
}

function elementOf(execution: Execution): string | undefined {
  if (execution.args[0] !== 'BLPOP' || !didRun(execution) || !Array.isArray(execution.reply)) return undefined
  return execution.reply[1] as string
}
