/** Users that push jobs to lists and wait for them with BLPOP. */
import type { Session } from '../../../src/index.js'
import type { Act, UserKind } from '../act.js'
import { popped } from '../replies.js'

async function push(act: Act): Promise<void> {
  const key = act.key('jobs', 3)
  const part = act.simulation.ledger.part(true)
  await act.one(`rpush ${key}`, act.way(), part, view => view.rpush(key, part.token))
}

/** Pops with BLPOP. The second key contains the token of the call: nothing is ever pushed there. */
async function pop(act: Act): Promise<void> {
  const key = act.key('jobs', 3)
  const part = act.simulation.ledger.part(true)
  const seconds = act.random.pick([0.05, 0.2, 1, 3, 0])
  const keys = [key, `{${key}}${part.token}`]
  await act.blocking(`blpop ${key}`, part, seconds, view => view.blpop(keys, seconds), popped)
}

async function move(act: Act): Promise<void> {
  const key = act.key('jobs', 3)
  const part = act.simulation.ledger.part(true)
  const seconds = act.random.pick([0.05, 0.2, 1])
  const target = `{${key}}done${part.token}`
  await act.blocking(`blmove ${key}`, part, seconds, view => view.blmove(key, target, 'left', 'right', seconds))
}

function isEmpty(value: unknown): boolean {
  return value === null
}

/** Writes in a session, and waits for more replicas than there are. */
async function wait(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const ms = random.pick([20, 200, 1_000])
  const part = simulation.ledger.part(true)
  const { isIdempotent, view } = act.way()
  const traits = {
    what: `wait 9 ${ms} ${part.token}`,
    parts: [part],
    isLoose: true,
    isSession: true,
    isIdempotent,
    blocksFor: ms,
    isEmpty: (value: unknown) => Number(value) < 9,
  }
  const options = random.chance(0.5) ? { signal: act.abortable(random.skewed(1, 2 * ms)) } : {}
  const key = act.key('waited')
  const work = async (session: Session) => {
    await session.set(key, part.token)
    return session.with(options).wait(9, ms)
  }
  await simulation.within(
    subject,
    'blocking',
    simulation.call(subject, traits, () => view.session(work)),
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
