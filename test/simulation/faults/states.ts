/** Faults of a server: it is loading, busy, out of memory, full, demoted or killed. */
import type { Fault, Simulation } from '../simulation.js'
import type { Host } from '../world/host.js'
import type { Random } from '../world/random.js'

/** Returns a fault that begins a state of a server and ends it after a random time. */
export function state(
  name: string,
  weight: number,
  begin: (host: Host, random: Random, simulation: Simulation) => () => void,
  traits: Pick<Fault, 'isSingleOnly'> = {},
): Fault {
  return {
    name,
    weight,
    ...traits,
    strike: (simulation, random) => {
      const host = random.pick(simulation.hosts)
      simulation.note('world', () => `${name}: ${host.address}`)
      const end = begin(host, random, simulation)
      host.touched()
      const passed = simulation.spell(name)
      let isOver = false
      const over = () => {
        if (isOver) return
        isOver = true
        end()
        passed()
        host.touched()
        simulation.note('world', () => `no longer ${name}: ${host.address}`)
      }
      simulation.loop.later(random.skewed(5, 5_000), over)
      return over
    },
  }
}

export const STATES: readonly Fault[] = [
  state('loading', 2, ({ server }) => {
    server.loading = true
    return () => {
      server.loading = false
    }
  }),
  state('busy', 2, ({ server }) => {
    server.busy = true
    return () => {
      server.busy = false
    }
  }),
  state('out of memory', 2, ({ server }) => {
    server.outOfMemory = true
    return () => {
      server.outOfMemory = false
    }
  }),
  state('disk error', 1, ({ server }) => {
    server.diskError = true
    return () => {
      server.diskError = false
    }
  }),
  state(
    'demoted',
    3,
    ({ server }) => {
      server.demote('10.0.0.99', 6379)
      return () => server.promote()
    },
    { isSingleOnly: true },
  ),
  state('full of clients', 2, ({ server }, random) => {
    server.maxClients = server.connections.size
    if (random.chance(0.5)) server.kill(() => random.chance(0.5))
    return () => {
      server.maxClients = 10_000
    }
  }),
  state('paused', 1, ({ server }, random) => {
    server.pause(5_000, random.chance(0.5))
    return () => server.unpause()
  }),
  state('small output buffer', 1, (host, random) => {
    host.outputLimit = random.pick([100, 1_000, 20_000])
    return () => {
      host.outputLimit = Number.POSITIVE_INFINITY
    }
  }),
  state(
    'killed',
    2,
    (host, random) => {
      host.kill(random.chance(0.3))
      host.server.restart(true)
      return () => host.start()
    },
    { isSingleOnly: true },
  ),
  {
    name: 'restarted',
    weight: 2,
    isSingleOnly: true,
    strike: (simulation, random) => {
      const host = random.pick(simulation.hosts)
      simulation.note('world', () => `restarted: ${host.address}`)
      host.restart(true)
      return undefined
    },
  },
  {
    name: 'client kill',
    weight: 2,
    strike: (simulation, random) => {
      const host = random.pick(simulation.hosts)
      const count = host.server.kill(() => random.chance(0.5))
      host.touched()
      simulation.note('world', () => `${count} connections killed by ${host.address}`)
      return undefined
    },
  },
]
