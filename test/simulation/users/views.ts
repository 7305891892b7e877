/** Users that call through views: with a prefix, with bytes, with bigints, with options, and all of them combined. */
import type { Bigints, Plain, View } from '../../../src/index.js'
import type { Act, UserKind } from '../act.js'
import type { Part } from '../ledger.js'
import { runsOf, show } from '../values.js'

const PREFIX = 'view:'

/** The keys of one part, all with the prefix, as the servers received them. */
function unprefixed(part: Part, keys: readonly string[]): string | undefined {
  for (const { args } of part.executions) {
    const missing = keys.find(key => !args.includes(PREFIX + key))
    if (missing !== undefined) return `${args.join(' ').slice(0, 100)} has no key ${PREFIX}${missing}.`
  }
  return undefined
}

/** Returns a view of `view` with the prefix, in one step or in two. */
function prefixed(act: Act, view: View): View {
  return act.random.chance(0.5) ? view.prefixed(PREFIX) : view.prefixed('vi').prefixed('ew:')
}

async function set(act: Act): Promise<void> {
  const key = act.key('text')
  const part = act.simulation.ledger.part(true)
  await act.one(
    `prefixed set ${key}`,
    act.way(),
    part,
    view => prefixed(act, view).set(key, part.token),
    () => unprefixed(part, [key]),
  )
}

async function mget(act: Act): Promise<void> {
  const part = act.simulation.ledger.part(false)
  const keys = ['{text}:0', '{text}:1', `{text}${part.token}`]
  await act.one(
    'prefixed mget',
    act.way(),
    part,
    view => prefixed(act, view).bytes.mget(keys),
    value => {
      const texts = (value as readonly (Buffer | null)[]).map(each => each?.toString('latin1') ?? null)
      const runs = runsOf(part).map(({ reply }) => show(reply))
      return runs.includes(show(texts)) ? unprefixed(part, keys) : `It resolved with ${show(texts)}, not ${show(runs)}.`
    },
  )
}

/** The bigints view: no number is rounded, however large. */
async function count(act: Act): Promise<void> {
  const { random } = act
  const key = act.key('large')
  const part = act.simulation.ledger.numbered(true)
  const makes: ((view: View) => Pick<View<Bigints<Plain>>, 'incrby'>)[] = [
    view => view.bigints,
    view => view.bigints.bytes,
    view => view.with({}).bigints,
    view => view.bigints.with({ idempotent: false }),
  ]
  const make = random.pick(makes)
  // A number that a double cannot hold.
  const start = await act.subject.redis.set(PREFIX + key, '9007199254740993', { nx: true }).catch(() => undefined)
  if (start === undefined) return
  await act.one(
    `bigints incrby ${key}`,
    act.way(),
    part,
    view => make(prefixed(act, view)).incrby(key, BigInt(part.token)),
    value =>
      runsOf(part).some(({ reply }) => typeof value === 'bigint' && BigInt(reply as bigint) === value)
        ? unprefixed(part, [key])
        : `It resolved with ${show(value)}.`,
  )
}

/** Pops through a view: the key of the reply has no prefix. */
async function pop(act: Act): Promise<void> {
  const key = act.key('offers', 2)
  const push = act.simulation.ledger.part(true)
  await act.one(`prefixed rpush ${key}`, act.way(), push, view => view.prefixed(PREFIX).rpush(key, push.token))
  const part = act.simulation.ledger.part(true)
  const seconds = act.random.pick([0.05, 0.5])
  await act.blocking(
    `prefixed blpop ${key}`,
    part,
    seconds,
    view => view.prefixed(PREFIX).blpop([key, `{${key}}${part.token}`], seconds),
    reply => {
      const [popped, element] = Array.isArray(reply) ? (reply as readonly string[]) : []
      return popped === undefined ? null : { key: popped.replace(PREFIX, ''), element }
    },
  )
}

/** A view whose options are merged: the last timeout and the last signal hold. */
async function merged(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const key = act.key('log', 3)
  const part = simulation.ledger.part(true)
  const timeout = random.skewed(1, 2_000)
  const first = act.abortable(random.skewed(0, 100))
  const view = subject.redis.with({ timeout: 60_000, signal: first }).bytes.with({ timeout, signal: endless })
  const traits = { what: `merged append ${key} ${part.token}`, parts: [part], timeout, lane: 'shared' }
  await simulation.call(subject, traits, () => view.append(key, part.token))
}

const endless = new AbortController().signal

export const VIEWS: readonly UserKind[] = [
  { name: 'prefixed set', weight: 1, run: set },
  { name: 'prefixed mget', weight: 1, run: mget },
  { name: 'bigints', weight: 1, run: count },
  { name: 'prefixed pop', weight: 0.5, run: pop },
  { name: 'merged', weight: 0.5, run: merged },
]
