/** The last steps of a run: when all faults have ended, every client can be used again. */
import type { Simulation, Subject } from './simulation.js'
import { show } from './values.js'

/** Time for a client to work again, ms. It may notice a dead connection only by its health check, or when the kernel gives up. */
export const RECOVERING = 120_000
/** Pause between two attempts, ms. */
const PAUSE = 500

/** Uses the shared connection, a leased one and a subscription until each has worked once. Fails the run if one never does. */
export async function recover(simulation: Simulation, subject: Subject): Promise<void> {
  const { redis } = subject
  const patient = redis.with({ timeout: 30_000 })
  const channel = `recovery:${subject.name}`
  await Promise.all([
    until(simulation, subject, 'a SET', () => patient.set('recovery', 'x')),
    until(simulation, subject, 'a session', () => patient.session(session => session.set('recovery', 'x'))),
    until(simulation, subject, 'a subscription', async () => {
      const subscription = await redis.subscribe(channel)
      await subscription.unsubscribe()
    }),
  ])
}

async function until(
  simulation: Simulation,
  { name }: Subject,
  what: string,
  use: () => Promise<unknown>,
): Promise<void> {
  const end = simulation.loop.now + RECOVERING
  for (;;) {
    try {
      await use()
      return
    } catch (error) {
      if (simulation.loop.now >= end) {
        simulation.fail(
          'recovers',
          `${name} does not work after all faults have ended: ${what} rejects with ${show(error)}`,
        )
        return
      }
      await simulation.sleep(PAUSE)
    }
  }
}
