import type { Simulation } from '../simulation.js'

/** These faults stop the process of the client, not its server: they are no reason to take a connection for dead. */
const OWN = ['standstill']

/** A connection is closed for its silence only if a fault made it silent: the process itself may stand still for any time. */
export function* silences({ clientErrors, struck }: Simulation): Iterable<string> {
  for (const { at, error, name } of clientErrors) {
    const [, silence] = /^No data from \S+ for (\d+) ms/.exec(error) ?? []
    if (silence === undefined) continue
    const begin = at - Number(silence) - 100
    // A fault may last for some time.
    const isExplained = struck.some(each => !OWN.includes(each.fault) && each.at <= at && each.at >= begin - 30_000)
    if (!isExplained) yield `${name} closed a connection that no fault had made silent: ${error}`
  }
}
