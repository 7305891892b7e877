/** Runs one command. */
import { Call, type CommandSpec } from './command.js'
import type { ModelConnection } from './connection.js'
import { Failure, Nothing, type Reply } from './reply.js'

/** Runs a command without further checks. */
export function runCommand(
  connection: ModelConnection,
  spec: CommandSpec,
  args: readonly string[],
  phase: 'ran' | 'exec' | 'script',
): Reply {
  const { server } = connection
  let reply: Reply
  server.tracking.inScript = phase === 'script'
  try {
    reply = spec.run(new Call(connection, spec, args, phase !== 'ran'))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    reply = error
  }
  server.tracking.inScript = false
  if (phase !== 'script' || server.dialect.is72) server.tracking.remember(connection, spec, args)
  const isBlocked = phase === 'ran' && reply instanceof Nothing && server.blocking.waitOf(connection) !== undefined
  server.tell(connection, args, reply, isBlocked ? 'blocked' : phase)
  return reply
}

export function dropTransaction(connection: ModelConnection): void {
  connection.queue = undefined
  connection.refused = false
  connection.dirty = false
  connection.server.watches.unwatch(connection)
}
