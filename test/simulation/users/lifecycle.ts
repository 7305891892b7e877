/** Users that close or destroy a client at any moment. A new client replaces it. */
import type { Act, UserKind } from '../act.js'
import type { Call } from '../ledger.js'
import { replaceClient } from '../subjects.js'

async function close(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const { redis, name, generation } = subject
  const timeout = random.chance(0.5) ? {} : { timeout: random.skewed(0, 3_000) }
  const before = simulation.ledger.calls.filter(
    ({ client, fate }) => client === `${name}.${generation}` && fate === 'open',
  )
  simulation.closings.set(`${name}.${generation}`, simulation.loop.now)
  replaceClient(simulation, subject)
  const began = simulation.loop.now
  const stood = simulation.stoodStill
  simulation.note('user', () => `closes ${name}.${generation} with ${before.length} open calls`)
  const leave = simulation.enter(subject, 'closing')
  const limit = timeout.timeout ?? 5_000
  let isCutShort = false
  try {
    await redis.close(timeout)
    const took = simulation.loop.now - began - (simulation.stoodStill - stood)
    isCutShort = took >= limit - 1
    if (took > limit + 150 + simulation.loop.slowest * 20)
      simulation.fail('closes', `close() of ${name}.${generation} took ${took} ms of ${limit}.`)
  } catch (error) {
    simulation.fail('closes', `close() of ${name}.${generation} rejected: ${String(error)}`)
  } finally {
    leave()
  }
  simulation.loop.setImmediate(() => {
    for (const call of before) {
      if (!isCutShort && isOrdinary(call) && /client (is|was) closed/.test(messageOf(call.error)))
        simulation.fail(
          'closes',
          `${call.name} was made before close(), which did not wait for it: ${messageOf(call.error)}`,
        )
      const { isLoop, isOfDuplicate, isSession } = call.traits
      const isOwn = isLoop === true || isOfDuplicate === true || (isCutShort && isSession === true)
      if (call.fate === 'open' && !isOwn)
        simulation.fail('closes', `${call.name} was still open after close() had resolved.`)
    }
  })
}

/** Returns true for the calls for which close() waits: not for blocking ones, and not for code of the user that calls more. */
function isOrdinary({ traits }: Call): boolean {
  return (
    traits.parts.length > 0 && traits.isBlocking !== true && traits.isSession !== true && traits.isOfDuplicate !== true
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}

async function destroy(act: Act): Promise<void> {
  const { simulation, subject } = act
  const { redis, name, generation } = subject
  simulation.note('user', () => `destroys ${name}.${generation}`)
  simulation.closings.set(`${name}.${generation}`, simulation.loop.now)
  simulation.destroyed.add(`${name}.${generation}`)
  replaceClient(simulation, subject)
  redis.destroy()
}

async function connect(act: Act): Promise<void> {
  await act.subject.redis.connect().catch(() => {})
}

export const LIFECYCLE: readonly UserKind[] = [
  { name: 'close', weight: 0.3, run: close },
  { name: 'destroy', weight: 0.15, run: destroy },
  { name: 'connect', weight: 1, run: connect },
]
