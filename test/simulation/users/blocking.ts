/** Users that push jobs to lists and wait for them with BLPOP. */
import type { Act, UserKind } from '../act.js'
import { ownValue } from '../values.js'

async function push(act: Act): Promise<void> {
  const key = act.key('jobs', 3)
  const part = act.simulation.ledger.part(true)
  await act.one(`rpush ${key}`, act.way(), part, view => view.rpush(key, part.token))
}

/** Pops with BLPOP. The second key is the token of the call: nothing is ever pushed there. */
async function pop(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const key = act.key('jobs', 3)
  const part = simulation.ledger.part(true)
  const way = act.way()
  const seconds = random.pick([0.05, 0.2, 1, 3, 0])
  // A call without a timeout needs a signal that ends it.
  const view =
    seconds === 0 || random.chance(0.3) ? way.view.with({ signal: act.abortable(random.skewed(1, 4_000)) }) : way.view
  const traits = {
    what: `blpop ${key} ${seconds} ${part.token}`,
    parts: [part],
    expects: (value: unknown) => (value === null ? undefined : ownValue(flat(value), part)),
    isBlocking: true,
  }
  await simulation.within(
    subject,
    'blocking',
    simulation.call(subject, traits, () => view.blpop([key, `{${key}}${part.token}`], seconds)),
  )
}

/** Converts the client's `{ key, element }` to the server's `[key, element]`. */
function flat(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const { key, element } = value as { key?: unknown; element?: unknown }
  return [key, element]
}

async function move(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const key = act.key('jobs', 3)
  const part = simulation.ledger.part(true)
  const seconds = random.pick([0.05, 0.2, 1])
  const traits = {
    what: `blmove ${key} ${part.token}`,
    parts: [part],
    expects: (value: unknown) => (value === null ? undefined : ownValue(value, part)),
    isBlocking: true,
  }
  const { view } = act.way()
  await simulation.within(
    subject,
    'blocking',
    simulation.call(subject, traits, () => view.blmove(key, `{${key}}done${part.token}`, 'left', 'right', seconds)),
  )
}

export const BLOCKING: readonly UserKind[] = [
  { name: 'push', weight: 6, run: push },
  { name: 'pop', weight: 5, run: pop },
  { name: 'move', weight: 2, run: move },
]
