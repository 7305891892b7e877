import type { Simulation } from '../simulation.js'
import { ownTime } from '../values.js'

/** The default of the option pool.acquireTimeout, ms. */
const ACQUIRE_TIMEOUT = 5_000

/**
 * No call is rejected without need: for a connection of the pool it waits for acquireTimeout of the process's own time, and the
 * configuration of a client, which is right in every run, is the reason for no error.
 */
export function* reasons(simulation: Simulation): Iterable<string> {
  const { client, ledger, subjects } = simulation
  for (const call of ledger.calls) {
    const { error, name } = call
    if (!(error instanceof client.RedisError)) continue
    const { message } = error
    if (/database number of the option|user name or the password|has no right to open/.test(message))
      yield `${name} rejected because of its configuration, which is right: ${message}`
    if (!message.includes('pool.acquireTimeout')) continue
    const options = subjects.find(subject => call.client.startsWith(`${subject.name}.`))?.options
    const limit = options?.pool?.acquireTimeout ?? ACQUIRE_TIMEOUT
    const own = ownTime(simulation, call)
    if (own !== undefined && own < limit - 2) yield `${name} rejected after ${own.toFixed(1)} ms of its own: ${message}`
  }
}
