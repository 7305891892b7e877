/** Users whose callbacks throw, wherever the client calls one. A callback's error must reach its own caller, and nobody else. */
import type { Redis, Session, View } from '../../../src/index.js'
import { Abort, type Act, type UserKind } from '../act.js'
import type { Call } from '../ledger.js'
import { show } from '../values.js'

type Event = 'connect' | 'ready' | 'reconnecting' | 'gap' | 'error'

/** Calls `make`, whose callback throws `thrown` if it gets that far: then the call must reject with the very same error. */
async function throwing(
  act: Act,
  what: string,
  make: (view: View, fail: () => never) => Promise<unknown>,
): Promise<void> {
  const { random, simulation, subject } = act
  // The reason of an abort is known to the oracle as the user's own.
  const thrown = new Abort('The callback of the user fails.')
  let threw = false
  const fail = (): never => {
    threw = true
    throw thrown
  }
  const traits = { what, parts: [], isSession: true, watches: true }
  const signal = random.chance(0.2) ? act.abortable(random.skewed(0, 500)) : undefined
  const view = signal === undefined ? subject.redis : subject.redis.with({ signal })
  const call: Call = await simulation.call(subject, traits, () => make(view, fail))
  const isRight = call.fate === 'rejected' && (!threw || call.error === thrown || signal?.aborted === true)
  if (!isRight)
    simulation.fail('callbacks', `${call.name} ${call.fate}: ${show(call.error)}, its callback threw ${threw}.`)
}

/** Does one of several things that leave a trace on the leased connection, and fails after it. */
async function disturb(act: Act, session: Session, fail: () => never): Promise<never> {
  const { random } = act
  const key = `{cas}:${random.int(0, 2)}`
  const pause = () => act.simulation.sleep(random.skewed(0, 50))
  const deeds: (() => Promise<unknown>)[] = [
    async () => {},
    () => session.watch(key),
    () => session.get(key),
    // These calls are in flight when the callback fails.
    async () => void Promise.allSettled([session.get(key), session.blpop(`{cas}${act.step.id}`, 0)]),
    async () => void session.get(key).then(pause, () => {}),
    pause,
  ]
  await random.pick(deeds)()
  return fail()
}

const session = (act: Act) =>
  throwing(act, 'session that throws', (view, fail) => view.session(each => disturb(act, each, fail)))

const transaction = (act: Act) =>
  throwing(act, 'transaction() that throws', (view, fail) =>
    view.transaction(`{cas}:${act.random.int(0, 2)}`, each => disturb(act, each, fail), { retries: 2 }),
  )

const using = (act: Act) =>
  throwing(act, 'lock.using() that throws', (_, fail) =>
    act.subject.redis.lock(`thrown${act.random.int(0, 1)}`, { ttl: 500, wait: 1_000 }).using(fail),
  )

/** A decoder of a script throws after the script has run. */
async function decoder(act: Act): Promise<void> {
  const { simulation, subject } = act
  const part = simulation.ledger.part(false)
  const thrown = new Abort('The decoder of the user fails.')
  const script = new simulation.client.Script({
    lua: 'return ARGV',
    readonly: true,
    decode: (): string => {
      throw thrown
    },
  })
  const traits = { what: `script whose decoder throws ${part.token}`, parts: [part] }
  const call = await simulation.call(subject, traits, () => script.run(subject.redis, 'sum:0', part.token))
  if (call.fate === 'resolved') simulation.fail('callbacks', `${call.name} resolved with ${show(call.value)}.`)
}

/** The callback of each() throws: the caller gets the error at once, and the pipeline can still be used. */
async function each(act: Act): Promise<void> {
  const { simulation, subject } = act
  const thrown = new Error('The callback of each() fails.')
  const pipeline = subject.redis.pipeline()
  let caught: unknown
  try {
    pipeline.each([1], () => {
      throw thrown
    })
  } catch (error) {
    caught = error
  }
  if (caught !== thrown) simulation.fail('callbacks', `each() threw ${show(caught)}.`)
  await simulation.call(subject, { what: 'pipeline after each() threw', parts: [] }, () =>
    pipeline.get('text:0').exec(),
  )
}

/** Returns one of `events`; a client of one server also has `connect`. */
function eventOf({ random, simulation }: Act, events: readonly Event[]): Event {
  return random.pick(simulation.plan.isCluster ? events : [...events, 'connect'])
}

/** Listeners that throw: their errors are emitted as `error`, and the client works on. */
async function listeners(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const redis = subject.redis as Redis
  const event = eventOf(act, ['ready', 'reconnecting', 'gap'])
  const isAsync = random.chance(0.3)
  const listener = (): unknown => {
    if (isAsync) return Promise.reject(new Error('The listener of the user rejects.'))
    throw new Error('The listener of the user throws.')
  }
  redis.on(event, listener)
  await simulation.sleep(random.skewed(10, 3_000))
  redis.off(event, listener)
}

/** Calls made by listeners, and a client that is closed or destroyed by one. */
async function callsOfListeners(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const redis = subject.redis as Redis
  const event = eventOf(act, ['ready', 'reconnecting', 'error'])
  let left = 3
  const calls: Promise<unknown>[] = []
  const listener = () => {
    if (left-- > 0) {
      const part = simulation.ledger.part(true)
      const traits = {
        what: `append of a listener of ${event} ${part.token}`,
        parts: [part],
        expects: act.own(part, Number),
      }
      calls.push(simulation.call(subject, traits, () => redis.append('listened', part.token)))
    }
  }
  redis.on(event, listener)
  await simulation.sleep(random.skewed(10, 3_000))
  redis.off(event, listener)
  await Promise.all(calls)
}

export const CALLBACKS: readonly UserKind[] = [
  { name: 'session throws', weight: 0.7, run: session },
  { name: 'transaction throws', weight: 0.7, run: transaction },
  { name: 'using throws', weight: 0.4, run: using },
  { name: 'decoder throws', weight: 0.3, run: decoder },
  { name: 'each throws', weight: 0.2, run: each },
  { name: 'listener throws', weight: 0.4, run: listeners },
  { name: 'listener calls', weight: 0.4, run: callsOfListeners },
]
