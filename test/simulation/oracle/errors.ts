import { Abort } from '../act.js'
import type { Simulation } from '../simulation.js'
import { show } from '../values.js'

/** The words of the nodes of a cluster. */
const REDIRECT = /^(MOVED \d+ |ASK \d+ |TRYAGAIN Multiple keys)/

/**
 * Every call rejects with an error of the client or with the caller's own abort reason. No error contains a secret or an argument,
 * and none says that the server does not have a script.
 */
export function* errors({ client, ledger }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    if (call.fate !== 'rejected' || call.error instanceof Abort) continue
    if (!(call.error instanceof client.RedisError))
      yield `${call.name} rejected with ${show(call.error)}, which is not an error of the client.`
    const text = call.error instanceof Error ? `${call.error.message} ${JSON.stringify(call.error)}` : ''
    if (text.includes('s3cret')) yield `${call.name} rejected with a secret in its error: ${text}`
    if (call.error instanceof client.WatchError && call.traits.watches !== true)
      yield `${call.name} watches no key and rejected with ${show(call.error)}`
    const reasons = reasonsOf(call.error)
    // The words of Valkey may also be those of a script, and the client may be unable to find out.
    if (reasons.includes('NOSCRIPT No matching script. Please use EVAL.')) yield `${call.name} rejected with NOSCRIPT.`
    const { isSession, timeout } = call.traits
    const isEarly = timeout === undefined || call.settledAt - call.startedAt < timeout - 2
    if (isEarly && isSession !== true && REDIRECT.test(reasons))
      yield `${call.name} rejected with ${show(call.error)} before its deadline.`
    if (/~\d+~/.test(text)) yield `${call.name} rejected with an argument in its error: ${text}`
  }
}

/** Returns the messages of an error and of its causes. */
function reasonsOf(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${reasonsOf(error.cause)}` : ''
}
