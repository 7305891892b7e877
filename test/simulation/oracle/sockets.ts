import type { RedisOptions } from '../../../src/index.js'
import type { Simulation, Subject } from '../simulation.js'
import type { Dial } from '../world/network.js'

/** The window in which attempts to connect are counted, ms. */
const WINDOW = 1_000

/** A client never has more connections than its pool, its subscriptions and its calls need, and attempts to connect are not too frequent. */
export function* sockets(simulation: Simulation): Iterable<string> {
  // The nodes of a cluster do not show which client dials them.
  if (simulation.plan.isCluster) return
  for (const subject of simulation.subjects) {
    const host = 'host' in subject.options ? subject.options.host : undefined
    yield* numbers(
      subject,
      simulation.network.dials.filter(dial => dial.host === host),
    )
  }
}

function* numbers(subject: Subject, dials: readonly Dial[]): Iterable<string> {
  const { pool = {}, reconnect } = subject.options as RedisOptions
  // The shared connection, the one for subscriptions, and the pool; each may be replaced while the old one still gets replies.
  const most = 2 * ((pool.max ?? 10) + 2)
  // A client that closes has its connections beside those of the next one.
  const clients = 1 + Math.min(subject.generation, 2)
  const { max = 2_000, min = 50 } = typeof reconnect === 'object' ? reconnect : {}
  const attempts = most + (8 * WINDOW) / Math.max(min, max / 4)
  // Each connection that was lost after a while may be replaced.
  const lost = dials.flatMap(({ at, closedAt }) => (closedAt - at > WINDOW / 2 ? [closedAt] : [])).sort((a, b) => a - b)
  const open: number[] = []
  let first = 0
  let lostBefore = 0
  let lostSince = 0
  for (const [index, { at, closedAt }] of dials.entries()) {
    for (let i = open.length - 1; i >= 0; i--) if ((open[i] as number) <= at) open.splice(i, 1)
    open.push(closedAt)
    if (open.length > most * clients) {
      yield `${subject.name} has ${open.length} sockets, at most ${most * clients} are expected.`
      return
    }
    while ((dials[first] as Dial).at < at - WINDOW) first++
    while (lostSince < lost.length && (lost[lostSince] as number) <= at) lostSince++
    while (lostBefore < lost.length && (lost[lostBefore] as number) < at - WINDOW) lostBefore++
    const count = index - first + 1
    const allowed = clients * attempts + lostSince - lostBefore
    if (count > allowed) {
      yield `${subject.name} dialled ${count} times within ${WINDOW} ms, at most ${Math.ceil(allowed)} times are expected.`
      return
    }
  }
}
