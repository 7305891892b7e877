import type { Simulation } from '../simulation.js'

/** A server, or a proxy, that speaks RESP2 only serves every client that does not require RESP3. */
export function* handshakes({ clientErrors, ledger, subjects }: Simulation): Iterable<string> {
  const tolerant = subjects.filter(({ options }) => options.protocol !== 3)
  const isRejection = (message: string) => /unsupported|unknown command|NOPROTO|RESP3/.test(message)
  for (const { name, error } of clientErrors) {
    if (tolerant.some(subject => subject.name === name) && isRejection(error))
      yield `${name} was unable to connect to a server without HELLO: ${error}`
  }
  for (const { client, error, name } of ledger.calls) {
    if (!(error instanceof Error) || !tolerant.some(subject => client.startsWith(`${subject.name}.`))) continue
    if (isRejection(error.message)) yield `${name} rejected because the server has no HELLO: ${error.message}`
  }
}
