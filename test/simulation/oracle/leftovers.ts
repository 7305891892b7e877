import type { Simulation } from '../simulation.js'

/** No timer, immediate or socket is left after all clients were closed. */
export function* leftovers({ loop, network }: Simulation): Iterable<string> {
  const { timers, immediates } = loop
  if (timers.length > 0)
    yield `${timers.length} timers are left: ${timers.map(({ ms, origin }) => `${ms} ms ${origin ?? ''}`).join(', ')}`
  if (immediates > 0) yield `${immediates} immediates are left.`
  if (network.sockets.size > 0) yield `${network.sockets.size} sockets are left.`
}
