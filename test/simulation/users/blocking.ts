/** Jobs that are pushed, and waited for. */
import type { Act, UserKind } from '../act.js'
import { ownValue } from '../values.js'

async function push(act: Act): Promise<void> {
  const key = act.key('jobs', 3)
  const part = act.simulation.ledger.part(true)
  await act.one(`rpush ${key}`, act.way(), part, view => view.rpush(key, part.token))
}

/** Its second key is its token: nothing is ever pushed there. */
async function pop(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const key = act.key('jobs', 3)
  const part = simulation.ledger.part(true)
  const way = act.way()
  const seconds = random.pick([0.05, 0.2, 1, 3, 0])
  // One that waits for ever needs an end.
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

/** The client hands out a popped element with its key. */
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
