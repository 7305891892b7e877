/** Faults that end connections. */
import type { Fault, Simulation } from '../simulation.js'
import type { Random } from '../world/random.js'
import type { Wire } from '../world/wire.js'

/** Returns a random open connection, most often one with bytes in transit. */
export function wireOf({ network }: Simulation, random: Random): Wire | undefined {
  const wires = [...network.wires].filter(wire => wire.isOpen)
  const busy = wires.filter(wire => wire.isBusy)
  const among = busy.length > 0 && random.chance(0.7) ? busy : wires
  return among.length === 0 ? undefined : random.pick(among)
}

function cut(name: string, weight: number, how: (wire: Wire, random: Random) => void): Fault {
  return {
    name,
    weight,
    strike: (simulation, random) => {
      const wire = wireOf(simulation, random)
      if (wire === undefined) return undefined
      simulation.note('world', () => `${name}: connection ${wire.id} to ${wire.server}`)
      how(wire, random)
      return undefined
    },
  }
}

export const CUTS: readonly Fault[] = [
  cut('reset', 3, (wire, random) => wire.reset(random.chance(0.5))),
  cut('half-close', 2, wire => wire.finish()),
  cut('silence', 2, wire => wire.silence()),
  cut('silence one way', 2, (wire, random) => wire.silence(random.pick(['to server', 'to client']))),
  {
    name: 'all connections reset',
    weight: 2,
    strike: (simulation, random) => {
      simulation.note('world', () => 'all connections are reset')
      for (const wire of [...simulation.network.wires]) wire.reset(random.chance(0.5))
      return undefined
    },
  },
]
