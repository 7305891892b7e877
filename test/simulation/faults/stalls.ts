/** Faults that delay the bytes of a connection. */
import type { Fault } from '../simulation.js'
import type { Direction } from '../world/wire.js'
import { wireOf } from './cuts.js'

function stall(name: string, direction: Direction | undefined): Fault {
  return {
    name,
    weight: 2,
    strike: (simulation, random) => {
      const wire = wireOf(simulation, random)
      if (wire === undefined) return undefined
      const ms = random.skewed(1, 4_000)
      simulation.note('world', () => `${name}: connection ${wire.id}, ${ms} ms`)
      for (const way of ['to server', 'to client'] as const)
        if (direction === undefined || way === direction) wire.stall(way, ms)
      return undefined
    },
  }
}

export const STALLS: readonly Fault[] = [
  stall('stall', undefined),
  stall('stall to server', 'to server'),
  stall('stall to client', 'to client'),
]
