/** Users that lease connections: sessions with WATCH, sessions with SELECT, and nested sessions. */
import type { Session } from '../../../src/index.js'
import type { Act, UserKind } from '../act.js'
import type { Call, Part } from '../ledger.js'
import { runsOf, show } from '../values.js'

/** Increments a number under WATCH, in competition with other users. The value of the key is `<number>~token~`. */
async function compareAndSet(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const key = act.key('cas', 3)
  const part = simulation.ledger.part(true)
  const way = act.way()
  const think = random.chance(0.4) ? random.skewed(1, 400) : 0
  const side = random.chance(0.3) ? simulation.ledger.part(true) : undefined
  const race = side !== undefined && random.chance(0.5)
  const traits = {
    what: `cas ${key} ${part.token}`,
    parts: [part],
    isLoose: side !== undefined,
    isSession: true,
    watches: true,
    isIdempotent: way.isIdempotent,
    expects: (value: unknown) =>
      runsOf(part).some(({ args }) => args[2] === value)
        ? undefined
        : `It resolved with ${show(value)} and ran ${show(runsOf(part).map(({ args }) => args[2]))}.`,
  }
  const raise = async (session: Session): Promise<string> => {
    const leave = simulation.enter(subject, 'watching')
    try {
      const before = await session.get(key)
      if (think > 0) await simulation.sleep(think)
      const write = side && session.set(`{${key}}side`, side.token).catch(() => {})
      if (!race) await write
      const value = `${Number.parseInt(before ?? '0', 10) + 1}${part.token}`
      await session.multi().set(key, value, { get: true }).exec()
      return value
    } finally {
      leave()
    }
  }
  const retries = random.pick([0, 3, 20])
  await simulation.within(
    subject,
    'in a session',
    simulation.call(subject, traits, () => way.view.transaction(key, raise, { retries })),
  )
}

/** Selects a database and writes there. The name of each key contains the number of its database. */
async function selecting(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const { ledger } = simulation
  const way = act.way()
  const db = random.int(4, 7)
  const parts = Array.from({ length: random.int(1, 4) }, () => ledger.part(true))
  const waits = random.chance(0.3)
  const work = async (session: Session): Promise<void> => {
    const leave = simulation.enter(subject, 'selecting')
    const selected = session.select(db)
    if (waits) await selected
    const sent = parts.map(part => session.set(`in${db}:${part.token}`, 'x'))
    const all = await Promise.allSettled([selected, ...sent]).finally(leave)
    for (const each of all) if (each.status === 'rejected') throw each.reason
  }
  const traits = {
    what: `session in db ${db} ${parts[0]?.token}`,
    parts,
    isLoose: true,
    isSession: true,
    isIdempotent: way.isIdempotent,
    expects: (_: unknown, call: Call) => allRan(call),
  }
  await simulation.within(
    subject,
    'in a session',
    simulation.call(subject, traits, () => way.view.session(work)),
  )
}

function allRan({ traits }: Call): string | undefined {
  const missing = traits.parts.find(part => runsOf(part).length === 0)
  return missing && `It resolved, and ${missing.token} did not run.`
}

/** Runs a transaction in a session that watches no key. */
async function unwatched(act: Act): Promise<void> {
  const { simulation, subject } = act
  const key = act.key('unwatched')
  const parts = [simulation.ledger.part(true), simulation.ledger.part(true)]
  const way = act.way()
  const work = async (session: Session): Promise<void> => {
    const batch = session.multi<unknown>()
    for (const { token } of parts) batch.append(key, token)
    await batch.exec()
  }
  const traits = {
    what: `session with a multi ${parts[0]?.token}`,
    parts,
    isSession: true,
    isIdempotent: way.isIdempotent,
    expects: (_: unknown, call: Call) => allRan(call),
  }
  const run = simulation.call(subject, traits, () => way.view.session(work))
  simulation.ledger.transactions.push(await simulation.within(subject, 'in a session', run))
}

/** Runs a session within a session, which needs two connections of the pool at the same time. */
async function nested(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const parts: [Part, Part] = [simulation.ledger.part(true), simulation.ledger.part(true)]
  const way = act.way()
  const pause = random.skewed(0, 300)
  const work = async (outer: Session): Promise<void> => {
    await outer.set(`nest:${parts[0].token}`, 'x')
    await simulation.sleep(pause)
    await way.view.session(inner => inner.set(`nest:${parts[1].token}`, 'y'))
  }
  const traits = {
    what: `nested sessions ${parts[0].token}`,
    parts,
    isLoose: true,
    isSession: true,
    isIdempotent: way.isIdempotent,
    expects: (_: unknown, call: Call) => allRan(call),
  }
  await simulation.within(
    subject,
    'in a session',
    simulation.call(subject, traits, () => way.view.session(work)),
  )
}

/** A session that starts another one and does not wait for it: it gets a connection when the first one has ended. */
async function detached(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const parts: [Part, Part] = [simulation.ledger.part(true), simulation.ledger.part(true)]
  const { view } = act.way()
  const pause = random.skewed(0, 300)
  let later: Promise<unknown> = Promise.resolve()
  const begin = (part: Part, work: (session: Session) => Promise<unknown>) =>
    simulation.call(subject, { what: `session ${part.token}`, parts: [part], isLoose: true, isSession: true }, () =>
      view.session(work),
    )
  const first = begin(parts[0], async session => {
    later = begin(parts[1], inner => inner.set(`nest:${parts[1].token}`, 'y'))
    await session.set(`nest:${parts[0].token}`, 'x')
    await simulation.sleep(pause)
  })
  await simulation.within(subject, 'in a session', first)
  await later
}

export const SESSIONS: readonly UserKind[] = [
  { name: 'cas', weight: 6, run: compareAndSet },
  { name: 'select', weight: 3, isSingleOnly: true, run: selecting },
  { name: 'unwatched', weight: 2, run: unwatched },
  { name: 'nested', weight: 1, run: nested },
  { name: 'detached', weight: 1, run: detached },
]
