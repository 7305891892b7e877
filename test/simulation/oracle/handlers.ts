import type { Simulation } from '../simulation.js'

/** An error that a handler of the user throws is emitted once by the client and once by the subscription, and rejects no call. */
export function* handlers({ ledger, witness }: Simulation): Iterable<string> {
  const emitted = new Map<unknown, number>()
  for (const { name, value } of witness.emitted) if (name === 'error') emitted.set(value, (emitted.get(value) ?? 0) + 1)
  for (const [error, { client, times }] of witness.thrown) {
    const count = emitted.get(error) ?? 0
    if (count !== 1) yield `${client} emitted the error of a handler ${count} times instead of once.`
    if (times !== 1)
      yield `A subscription of ${client} emitted the error of its handler ${times} times instead of once.`
  }
  for (const call of ledger.calls)
    if (witness.thrown.has(call.error)) yield `${call.name} rejected with the error of a handler.`
}
