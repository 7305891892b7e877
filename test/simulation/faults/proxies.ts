/** Faults of a proxy in front of a server: it rejects HELLO, or writes a reply twice or not at all. */
import type { FrontProxy } from '../model/server.js'
import type { Fault, Simulation } from '../simulation.js'
import type { Random } from '../world/random.js'

const HELLO_REFUSALS = [
  "ERR unknown command 'HELLO', with args beginning with: '3' ",
  "unsupported command 'HELLO'",
  'ERR unsupported command',
  'ERR RESP3 is not supported',
  'NOPROTO unsupported protocol version',
]

/** The commands of a handshake before its last one, PING. */
const HANDSHAKE: ReadonlySet<string> = new Set(['hello', 'select', 'client|setname', 'client|setinfo', 'client|id'])

/** Returns a fault of the proxy of one server. If it `dials`, some clients have to connect anew. */
function fault(name: string, weight: number, dials: boolean, make: (random: Random) => FrontProxy): Fault {
  return {
    name,
    weight,
    strike: (simulation: Simulation, random) => {
      const { address, server } = random.pick(simulation.hosts)
      if (server.proxy !== undefined) return undefined
      simulation.note('world', () => `${name}: ${address}`)
      server.proxy = make(random)
      if (dials)
        for (const wire of [...simulation.network.wires]) if (random.chance(0.7)) wire.reset(random.chance(0.5))
      const passed = simulation.spell(name)
      let isOver = false
      const over = () => {
        if (isOver) return
        isOver = true
        server.proxy = undefined
        passed()
        simulation.note('world', () => `no longer ${name}: ${address}`)
      }
      simulation.loop.later(random.skewed(5, 4_000), over)
      return over
    },
  }
}

export const PROXIES: readonly Fault[] = [
  fault('HELLO is rejected', 2, true, random => ({ hello: random.pick(HELLO_REFUSALS) })),
  fault('replies to a handshake come twice', 2, true, random => {
    const twice = random.pick([...HANDSHAKE])
    const ready = new WeakSet<object>()
    return {
      times: (connection, command) => {
        if (command === 'ping') ready.add(connection)
        return command === twice && !ready.has(connection) ? 2 : 1
      },
    }
  }),
  fault('QUEUED is lost or comes twice', 2, false, random => {
    let left = random.int(1, 3)
    return { times: (_, __, isQueued) => (isQueued && left-- > 0 ? random.pick([0, 2]) : 1) }
  }),
]
