import { Abort } from '../act.js'
import type { Simulation } from '../simulation.js'
import { show } from '../values.js'

/** Every rejection is one of our errors, or the caller's own reason; none has a secret. */
export function* errors({ client, ledger }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    if (call.fate !== 'rejected' || call.error instanceof Abort) continue
    if (!(call.error instanceof client.RedisError))
      yield `${call.name} rejected with ${show(call.error)}, which is none of our errors.`
    const text = call.error instanceof Error ? `${call.error.message} ${JSON.stringify(call.error)}` : ''
    if (text.includes('s3cret')) yield `${call.name} rejected with a secret in its error: ${text}`
    if (/~\d+~/.test(text)) yield `${call.name} rejected with an argument in its error: ${text}`
  }
}
