/** Faults of attempts to connect: an attempt fails, hangs or reaches another server. */
import type { Fault } from '../simulation.js'
import type { Manner } from '../world/network.js'

function manner(name: string, how: Manner): Fault {
  return {
    name,
    weight: 2,
    strike: (simulation, random) => {
      const { address } = random.pick(simulation.hosts)
      simulation.note('world', () => `${address} ${how} connections`)
      simulation.network.behave(address, how)
      // An open connection would hide the fault, because the client would not dial.
      if (random.chance(0.6)) for (const wire of [...simulation.network.wires]) wire.reset(random.chance(0.5))
      const passed = simulation.spell(name)
      const over = () => {
        simulation.network.behave(address, 'accepts')
        passed()
      }
      simulation.loop.later(random.skewed(1, 8_000), over)
      return over
    },
  }
}

export const DIALS: readonly Fault[] = [
  manner('dials are refused', 'refuses'),
  manner('dials hang', 'hangs'),
  {
    name: 'the name is unknown',
    weight: 1,
    strike: (simulation, random) => {
      const name = simulation.cluster?.anyName(random) ?? `redis-${random.int(0, simulation.plan.clients - 1)}`
      const passed = simulation.spell('the name is unknown')
      const rename = simulation.network.rename(name, undefined)
      const back = () => {
        rename()
        passed()
      }
      simulation.note('world', () => `the name ${name} is unknown`)
      if (random.chance(0.6)) for (const wire of [...simulation.network.wires]) wire.reset(random.chance(0.5))
      simulation.loop.later(random.skewed(1, 5_000), back)
      return back
    },
  },
]
