/** Faults that block or slow down the client's process. */
import type { Fault } from '../simulation.js'

export const STANDSTILLS: readonly Fault[] = [
  {
    name: 'standstill',
    weight: 3,
    strike: (simulation, random) => {
      const ms = random.skewed(30, 20_000)
      // The standstill happens in a callback of the process, not in one of the world.
      simulation.loop.setImmediate(() => simulation.standStill(ms))
      return undefined
    },
  },
  {
    name: 'slow process',
    weight: 1,
    strike: (simulation, random) => {
      const { loop } = simulation
      loop.cost = random.pick([0.5, 2, 10])
      loop.glance = loop.cost / 4
      simulation.note('world', () => `each turn takes ${loop.cost} ms`)
      const over = () => loop.calm()
      loop.later(random.skewed(5, 500), over)
      return over
    },
  },
]
