import type { Execution } from '../ledger.js'
import type { Simulation } from '../simulation.js'
import { didRun } from '../values.js'

/** No element is popped and heard by nobody, as long as its connection lived. */
export function* popped(simulation: Simulation): Iterable<string> {
  const { ledger } = simulation
  const heard = new Set<string>()
  // Without the id of its connection a call cannot be ended by CLIENT UNBLOCK: its connection is dropped.
  const known = new Set<unknown>()
  for (const { fate, traits, value } of ledger.calls) {
    if (fate !== 'resolved' || traits.isBlocking !== true) continue
    const [token] = /~\d+~/.exec(JSON.stringify(value)?.replace(/^.*"element":/, '') ?? '') ?? []
    if (token !== undefined) heard.add(token)
    if (Array.isArray(value)) heard.add(value[1] as string)
  }
  for (const execution of ledger.executions) {
    const { args, phase, wire } = execution
    if (phase === 'ran' && (args[0] === 'HELLO' || (args[0] === 'CLIENT' && args[1] === 'ID'))) known.add(wire)
    const element = elementOf(execution)
    if (element === undefined || heard.has(element) || !known.has(wire) || simulation.isExcused(execution)) continue
    yield `${element} was popped by ${execution.args.join(' ')} (connection ${execution.connection}) and heard by nobody.`
  }
}

function elementOf(execution: Execution): string | undefined {
  if (execution.args[0] !== 'BLPOP' || !didRun(execution) || !Array.isArray(execution.reply)) return undefined
  return execution.reply[1] as string
}
