import { getEventListeners } from 'node:events'
import type { Simulation } from '../simulation.js'

/** No timer, immediate, socket, counter or listener is left after all clients were closed. */
export function* leftovers({ loop, network, subjects, witness }: Simulation): Iterable<string> {
  const { timers, immediates } = loop
  if (timers.length > 0)
    yield `${timers.length} timers are left: ${timers.map(({ ms, origin }) => `${ms} ms ${origin ?? ''}`).join(', ')}`
  if (immediates > 0) yield `${immediates} immediates are left.`
  if (network.sockets.size > 0) yield `${network.sockets.size} sockets are left.`
  for (const signal of witness.signals) {
    const left = getEventListeners(signal, 'abort').length
    if (left > 0) yield `${left} listeners are left on a signal of the user.`
  }
  for (const { name, redis } of subjects) {
    const { inflight, pool, queued } = redis.stats
    if (redis.status !== 'closed') yield `${name} is closed, and its status is ${redis.status}.`
    if (inflight + queued + pool.size + pool.waiting > 0)
      yield `${name} is closed, and has ${inflight} commands in flight, ${queued} queued, ${pool.size} pooled connections.`
  }
}
