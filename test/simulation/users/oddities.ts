/**
 * Users that do what is allowed and seldom done: a Command that is run twice, calls in the turn of a close, clients that are
 * duplicated and closed at once, WAIT, and CLIENT UNBLOCK by somebody else.
 */
import type { Redis, Spec } from '../../../src/index.js'
import type { Act, UserKind } from '../act.js'
import type { Call } from '../ledger.js'
import { replaceClient } from '../subjects.js'
import { ownValue, show } from '../values.js'

/** The specs of a command that no server knows. A spec is defined once for each instance of the client's module. */
const specs = new WeakMap<object, Spec>()

/** Runs a Command twice: the second run rejects with DataError, and the first one is not affected. */
async function twice(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const { client } = simulation
  const { Command, DataError, RedisError } = client
  const spec = specs.get(client) ?? client.write('SIMULATED.COMMAND', value => value)
  specs.set(client, spec)
  const part = simulation.ledger.part(true)
  const command = new Command(spec, [act.key('log', 3), part.token])
  const run = () => subject.redis.run(command).catch((error: unknown) => error)
  const first = simulation.call(subject, { what: `run ${part.token}`, parts: [] }, run)
  if (random.chance(0.5)) await simulation.sleep(random.skewed(0, 100))
  const second = await simulation.call(subject, { what: `run again ${part.token}`, parts: [] }, run)
  const { value } = await first
  const isRight = second.value instanceof DataError && value instanceof RedisError && !(value instanceof DataError)
  if (!isRight) simulation.fail('oddities', `${second.name}: ${show(second.value)}, and before that ${show(value)}.`)
}

/** Closes or destroys the client in the same turn in which calls are made, before and after them. */
async function atTheEnd(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const { redis, name, generation } = subject
  const isDestroyed = random.chance(0.4)
  const calls: Promise<Call>[] = []
  const call = () => {
    const part = simulation.ledger.part(true)
    const traits = { what: `append at the end ${part.token}`, parts: [part], expects: act.own(part, Number) }
    calls.push(simulation.call({ ...subject, generation }, traits, () => redis.append('end', part.token)))
  }
  for (let i = random.int(0, 3); i > 0; i--) call()
  const client = `${name}.${generation}`
  simulation.note('user', () => `${isDestroyed ? 'destroys' : 'closes'} ${client} in the turn of its calls`)
  simulation.closings.set(client, simulation.loop.now)
  if (isDestroyed) simulation.destroyed.add(client)
  replaceClient(simulation, subject)
  const closing = isDestroyed ? redis.destroy() : redis.close({ timeout: random.skewed(0, 1_000) })
  for (let i = random.int(0, 3); i > 0; i--) {
    call()
    await random.pick([undefined, Promise.resolve(), simulation.sleep(1)])
  }
  await closing
  // Both may be called again.
  if (random.chance(0.5)) redis.destroy()
  await redis.close()
  await Promise.all(calls)
}

/** Duplicates the client, calls through the duplicate, and closes it in the middle. */
async function duplicate(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const client = (subject.redis as Redis).duplicate(random.chance(0.3) ? { commandTimeout: 500 } : undefined)
  client.on('error', () => {})
  const calls: Promise<Call>[] = []
  for (let i = random.int(1, 5); i > 0; i--) {
    const part = simulation.ledger.part(true)
    const traits = {
      what: `append of a duplicate ${part.token}`,
      parts: [part],
      isOfDuplicate: true,
      expects: (value: unknown) => ownValue(value, part),
    }
    calls.push(simulation.call(subject, traits, () => client.append('duplicate', part.token)))
    if (random.chance(0.3)) await simulation.sleep(random.skewed(0, 100))
  }
  if (random.chance(0.5)) await client.close({ timeout: random.pick([0, 100, 5_000]) })
  else client.destroy()
  await Promise.all(calls)
  await client.close()
}

/** WAIT in a session, where it concerns the writes of the session's own connection. */
async function wait(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const way = act.way()
  const part = simulation.ledger.part(true)
  const key = act.key('log', 3)
  const timeout = random.pick([1, 50, 500])
  const traits = {
    what: `append and wait ${part.token}`,
    parts: [part],
    isLoose: true,
    isSession: true,
    isIdempotent: way.isIdempotent,
    expects: (value: unknown) =>
      typeof value === 'number' && value >= 0 ? undefined : `It resolved with ${show(value)}.`,
  }
  await simulation.within(
    subject,
    'in a session',
    simulation.call(subject, traits, () =>
      way.view.session(async session => {
        await session.append(key, part.token)
        return session.wait(random.int(0, 1), timeout)
      }),
    ),
  )
}

/** Ends a blocking call of another user, as an operator would: with the id of its connection. */
async function unblock(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const list = await (subject.redis as Redis).clientList().catch(() => [])
  const blocked = list.filter(({ flags }) => String(flags).includes('b'))
  if (blocked.length === 0) return
  const id = Number(random.pick(blocked).id)
  simulation.notes.unblocked ??= new Set<number>()
  ;(simulation.notes.unblocked as Set<number>).add(id)
  const how = random.pick([undefined, 'timeout', 'error'] as const)
  const traits = { what: `client unblock ${id} ${how}`, parts: [] }
  await simulation.call(subject, traits, () => (subject.redis as Redis).clientUnblock(id, how))
}

export const ODDITIES: readonly UserKind[] = [
  { name: 'twice', weight: 0.3, run: twice },
  { name: 'at the end', weight: 0.15, run: atTheEnd },
  { name: 'duplicate', weight: 0.3, isSingleOnly: true, run: duplicate },
  { name: 'append and wait', weight: 0.5, run: wait },
  { name: 'unblock', weight: 0.3, isSingleOnly: true, run: unblock },
]
