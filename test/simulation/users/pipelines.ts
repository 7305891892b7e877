/** Pipelines and transactions. */
import type { Spec } from '../../../src/index.js'
import { type Act, type UserKind, usualTimeout } from '../act.js'
import type { Call, Part } from '../ledger.js'
import { ownValue, show } from '../values.js'
import type { ClientModule } from '../world/environment.js'

interface Line {
  readonly part: Part
  readonly key: string
  readonly write: boolean
}

/** Makes commands with random keys, or with keys that share the slot of `tag`. */
function lines(act: Act, tag = ''): Line[] {
  return Array.from({ length: act.random.skewed(1, 30) }, () => {
    const write = act.random.chance(0.6)
    const part = write ? act.simulation.ledger.numbered(true) : act.simulation.ledger.numbered(false)
    return { part, key: act.key(`${tag}${write ? 'number' : 'text'}`), write }
  })
}

type Batch = { incrby(key: string, by: number): unknown; getrange(key: string, from: number, to: number): unknown }

function fill(batch: Batch, all: readonly Line[]): void {
  for (const { key, part, write } of all) {
    if (write) batch.incrby(key, Number(part.token))
    else batch.getrange(key, 0, Number(part.token))
  }
}

/** Returns a description of the error unless each result is the reply to its own command. */
function results(value: unknown, all: readonly Line[]): string | undefined {
  if (!Array.isArray(value) || value.length !== all.length)
    return `It resolved with ${show(value)} for ${all.length} commands.`
  for (const [i, { part }] of all.entries()) {
    const fault = value[i] instanceof Error ? undefined : ownValue(value[i], part)
    if (fault !== undefined) return `Command ${i}: ${fault}`
  }
  return undefined
}

async function pipeline(act: Act): Promise<void> {
  const settle = act.random.chance(0.5)
  const all = lines(act)
  const way = act.way()
  const { simulation, subject } = act
  const parts = all.map(({ part }) => part)
  const traits = {
    what: `pipeline of ${all.length} from ${parts[0]?.token}`,
    parts,
    timeout: way.timeout,
    signal: way.signal,
    isIdempotent: way.isIdempotent,
    isBatch: true,
    expects: (value: unknown) => results(value, all),
  }
  await simulation.within(
    subject,
    'piping',
    simulation.call(subject, traits, () => {
      const batch = way.view.pipeline<unknown>()
      fill(batch, all)
      return batch.exec({ settle } as { settle: true })
    }),
  )
}

async function transaction(act: Act): Promise<void> {
  const all = lines(act, act.isCluster ? `{${act.key('multi', 3)}}` : '')
  const way = act.way()
  const { simulation, subject } = act
  const parts = all.map(({ part }) => part)
  const traits = {
    what: `multi of ${all.length} from ${parts[0]?.token}`,
    parts,
    timeout: way.timeout,
    signal: way.signal,
    isIdempotent: way.isIdempotent,
    expects: (value: unknown, call: Call) => results(value, all) ?? inOnePiece(call),
  }
  const call = await simulation.within(
    subject,
    'in a transaction',
    simulation.call(subject, traits, () => {
      const batch = way.view.multi<unknown>()
      fill(batch, all)
      return batch.exec()
    }),
  )
  simulation.ledger.transactions.push(call)
}

/** Returns a description of the error unless all commands of the transaction ran with no other command between them. */
function inOnePiece({ traits }: Call): string | undefined {
  // A transaction of reads may be retried and run more than once: the last run counts.
  const orders = traits.parts.flatMap(({ executions }) =>
    executions
      .filter(({ phase }) => phase === 'exec')
      .slice(-1)
      .map(({ order }) => order),
  )
  const span = Math.max(...orders) - Math.min(...orders) + 1
  if (orders.length === traits.parts.length && span === orders.length) return undefined
  return `${orders.length} of ${traits.parts.length} commands of the transaction ran, over ${span} places.`
}

/** Writes a key, and reads it in a transaction in which DUMP, whose reply is bytes, stands beside a command whose reply is text. */
async function dump(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  // Both commands of the transaction have the same token, in their key.
  const part = simulation.ledger.part(false)
  const key = `dump:${part.token}`
  const bytes = Buffer.from(Array.from({ length: random.skewed(1, 100) }, () => random.int(0, 255)))
  const at = random.int(0, 1)
  const parts = [simulation.ledger.worded(['SET', key, bytes.toString('latin1')], true)]
  const { view: writer, ...before } = act.way()
  const writing = { what: `set ${key}`, parts, lane: 'shared', ...before }
  const { fate } = await simulation.within(
    subject,
    'calling',
    simulation.call(subject, writing, () => writer.set(key, bytes)),
  )
  if (fate !== 'resolved') return
  // A call of its own: the client may have been closed and replaced since the write.
  const { isIdempotent, signal, timeout, view } = act.way()
  const expects = (value: unknown) => {
    const results = value as unknown[]
    const dumped = results[at]
    const isOwn = part.executions.some(
      ({ args, reply }) => Buffer.isBuffer(dumped) && args[0] === 'DUMP' && dumped.toString('latin1') === reply,
    )
    return isOwn ? ownValue(results[1 - at], part) : `DUMP resolved with ${show(dumped)}.`
  }
  // Loose, because SET has written the token to a socket before.
  const what = `multi with dump ${part.token}`
  const traits = { what, parts: [part], timeout, signal, isIdempotent, isLoose: true, expects }
  const call = simulation.call(subject, traits, () => {
    const multi = view.multi<unknown>()
    if (at === 0) multi.dump(key).get(key)
    else multi.get(key).dump(key)
    return multi.exec()
  })
  await simulation.within(subject, 'in a transaction', call)
}

/** A client defines each command once. */
const specs = new WeakMap<ClientModule, Spec>()

function specOf(client: ClientModule): Spec {
  const spec = specs.get(client) ?? client.read('GETRANGE2', reply => reply)
  specs.set(client, spec)
  return spec
}

/** Gives the same Command to a pipeline or transaction twice: that is an error of the caller, who must be notified. */
async function twice(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const { client } = simulation
  const part = simulation.ledger.numbered(false)
  const command = new client.Command(specOf(client), [act.key('text'), 0, Number(part.token)])
  const batch = random.chance(0.5) ? subject.redis.pipeline<unknown>() : subject.redis.multi<unknown>()
  const traits = { what: `a Command twice ${part.token}`, parts: [part], timeout: usualTimeout(subject.options) }
  await simulation.call(subject, traits, () => {
    batch.run(command)
    batch.run(command)
    return batch.exec()
  })
}

/** Runs many pipelines and transactions on one signal, like those of one request of a web server. */
async function crowd(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const signal = act.abortable(random.skewed(1, 1_000))
  const view = subject.redis.with({ signal })
  const calls = Array.from({ length: 12 }, () => {
    const part = simulation.ledger.numbered(true)
    const isAtomic = random.chance(0.3)
    const traits = { what: `one of a crowd ${part.token}`, parts: [part], timeout: usualTimeout(subject.options) }
    const key = act.key('number')
    return simulation.call<unknown>(subject, traits, () =>
      isAtomic
        ? view.multi().incrby(key, Number(part.token)).exec()
        : view.pipeline().incrby(key, Number(part.token)).exec(),
    )
  })
  await simulation.within(subject, 'piping', Promise.all(calls))
}

/** A pipeline of large values: often only its beginning fits into the socket when the connection or the server changes. */
async function largePipeline(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const way = act.way()
  const all = Array.from({ length: random.int(2, 10) }, () => ({
    part: simulation.ledger.part(true),
    key: act.key('large'),
    size: random.skewed(10, 200_000),
  }))
  const parts = all.map(({ part }) => part)
  const traits = {
    what: `large pipeline of ${all.length} from ${parts[0]?.token}`,
    parts,
    timeout: way.timeout,
    signal: way.signal,
    isIdempotent: way.isIdempotent,
    isBatch: true,
    isLarge: true,
  }
  await simulation.within(
    subject,
    'sending much',
    simulation.call(subject, traits, () => {
      const batch = way.view.pipeline<unknown>()
      for (const { key, part, size } of all) batch.set(key, `${part.token}${'x'.repeat(size)}`)
      return batch.exec({ settle: true })
    }),
  )
}

export const PIPELINES: readonly UserKind[] = [
  { name: 'pipeline', weight: 4, run: pipeline },
  { name: 'transaction', weight: 4, run: transaction },
  { name: 'large pipeline', weight: 0.7, run: largePipeline },
  { name: 'dump', weight: 1, run: dump },
  { name: 'twice', weight: 0.5, run: twice },
  { name: 'crowd', weight: 0.5, run: crowd },
]
