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
    isIdempotent: way.isIdempotent,
    blocksFor: seconds * 1_000,
    isEmpty,
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

function isEmpty(value: unknown): boolean {
  return value === null
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
    blocksFor: seconds * 1_000,
    isEmpty,
  }
  const { view } = act.way()
  await simulation.within(
    subject,
    'blocking',
    simulation.call(subject, traits, () => view.blmove(key, `{${key}}done${part.token}`, 'left', 'right', seconds)),
  )
}

/** Waits for replicas that do not exist. */
async function wait(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const ms = random.pick([20, 200, 1_000])
  const traits = {
    what: `wait 2 ${ms}`,
    parts: [],
    blocksFor: ms,
    isEmpty: (value: unknown) => Number(value) < 2,
  }
  const view = act.way().view.with(random.chance(0.5) ? { signal: act.abortable(random.skewed(1, 2 * ms)) } : {})
  await simulation.within(
    subject,
    'blocking',
    simulation.call(subject, traits, () => view.wait(2, ms)),
  )
}

/** Reads a stream to which nobody adds, through `call()`, which takes words as text or as bytes. */
async function tail(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const ms = random.pick([20, 200, 1_000])
  const word = random.chance(0.5) ? 'block' : Buffer.from('BLOCK')
  const part = simulation.ledger.part(false)
  const traits = { what: `xread ${ms} ${part.token}`, parts: [part], isBlocking: true, blocksFor: ms, isEmpty }
  const { view } = act.way()
  await simulation.within(
    subject,
    'blocking',
    simulation.call(subject, traits, () => view.call('XREAD', word, ms, 'STREAMS', `tail:${part.token}`, '$')),
  )
}

export const BLOCKING: readonly UserKind[] = [
  { name: 'push', weight: 6, run: push },
  { name: 'pop', weight: 5, run: pop },
  { name: 'move', weight: 2, run: move },
  { name: 'wait', weight: 1, run: wait },
  { name: 'tail', weight: 1, run: tail },
]
