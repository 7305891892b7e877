import { Failure } from '../model/reply.js'
import type { Simulation } from '../simulation.js'
import { show } from '../values.js'

/** A command rejects with an error reply only if a server gave this reply to it. */
export function* refusals({ client, ledger, witness }: Simulation): Iterable<string> {
  for (const call of ledger.calls) {
    const { isBatch, isSession, parts } = call.traits
    if (isSession === true || (isBatch !== true && parts.length !== 1)) continue
    for (const [index, part] of parts.entries()) {
      const error = call.errorOf(index)
      // A call that waits for a connection rejects with the reply to the handshake.
      if (witness.writtenAt(part.token) === undefined) continue
      if (!(error instanceof client.ResponseError) || error instanceof client.ExecAbortError) continue
      if (/^MULTI was rejected|rejected HELLO/.test(error.message)) continue
      const { code } = error
      const isOwn = part.executions.some(({ reply }) => reply instanceof Failure && reply.text.startsWith(`${code}`))
      // The error of a pipeline without results may be that of another command.
      const isOfBatch = isBatch === true && call.fate === 'rejected' && error === call.error
      if (!isOwn && !isOfBatch)
        yield `${call.name} rejected with ${show(error)}, which no server replied to ${part.token}.`
    }
  }
}
