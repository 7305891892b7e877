import type { Simulation } from '../simulation.js'

/** These faults make a server or a connection silent. */
const SILENT = /silence|stall$|stall to|pause|kill|restart|unreach|cut off|slow|hang|buffer|QUEUED|twice/

/** A connection is closed for its silence only if a fault made it silent: the process itself may stand still for any time. */
export function* silences({ clientErrors, network, struck }: Simulation): Iterable<string> {
  const { jitter, latency, room } = network.traits
  for (const { at, error, name } of clientErrors) {
    const [, silence, interval] = /^No data from \S+ for (\d+) ms \(healthCheckInterval (\d+)/.exec(error) ?? []
    // On a slow network a large value takes longer than the interval.
    const isSlow = room < 200_000 || 20 * (latency + jitter) > Number(interval)
    if (silence === undefined || isSlow) continue
    const begin = at - Number(silence) - 100
    // A fault may last for some time.
    const isExplained = struck.some(each => SILENT.test(each.fault) && each.at <= at && each.at >= begin - 30_000)
    if (!isExplained) yield `${name} closed a connection that no fault had made silent: ${error}`
  }
}
