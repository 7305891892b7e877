import type { Simulation } from '../simulation.js'
import { show } from '../values.js'
import type { Emitted } from '../witness.js'

/** Each client emits its events in a legal order: 'ready' follows 'connect', 'close' comes once, and no event follows it. */
export function* events(simulation: Simulation): Iterable<string> {
  const byClient = new Map<string, Emitted[]>()
  for (const event of simulation.witness.emitted) {
    const own = byClient.get(event.client)
    if (own === undefined) byClient.set(event.client, [event])
    else own.push(event)
  }
  for (const [client, all] of byClient) yield* orderOf(client, all, simulation)
}

function* orderOf(client: string, all: readonly Emitted[], { plan, subjects }: Simulation): Iterable<string> {
  const { options } = subjects.find(({ name }) => client.startsWith(`${name}.`)) ?? {}
  const { max = 2_000, min = 50 } = typeof options?.reconnect === 'object' ? options.reconnect : {}
  let isConnecting = false
  let isClosed = false
  for (const { name, value } of all) {
    if (isClosed) yield `${client} emitted ${name} after 'close'.`
    if (name === 'close') isClosed = true
    if (plan.isCluster) continue
    if (name === 'ready' && !isConnecting) yield `${client} emitted 'ready' without 'connect'.`
    if (name === 'connect') isConnecting = true
    if (name === 'ready' || name === 'reconnecting') isConnecting = false
    if (name === 'reconnecting') {
      if (options?.reconnect === false) yield `${client} reconnects although its option says that it does not.`
      const { attempt, delay } = value as { attempt: number; delay: number }
      if (!(attempt >= 1 && delay >= 0 && delay <= Math.max(min, max)))
        yield `${client} emitted 'reconnecting' with ${show(value)}.`
    }
    if (name === 'error' && !(value instanceof Error)) yield `${client} emitted 'error' with ${show(value)}.`
  }
  if (!isClosed) yield `${client} never emitted 'close'.`
}
