/** The attributes of spans and metrics, by the semantic conventions of OpenTelemetry for Redis. No key and no value is among them. */
import type { Attributes } from '@opentelemetry/api'
import type { BatchContext, CommandContext } from '../connection/diagnostics.js'
import { RedisError, ResponseError } from '../errors/errors.js'

/** A call that is traced: one command, or a pipeline or transaction. */
export type Traced = CommandContext | BatchContext

const isBatch = (context: Traced): context is BatchContext => Object.hasOwn(context, 'batchMode')

/** The name of a command, `PIPELINE` or `MULTI`. The number of commands in a batch is an attribute, because it has many values. */
export function operationOf(context: Traced): string {
  return isBatch(context) ? context.batchMode : context.command
}

/** Attributes that have few values, so that a metric may have them. */
export function operationAttributes(context: Traced): Attributes {
  return {
    'db.system.name': 'redis',
    'db.operation.name': operationOf(context),
    'db.namespace': String(context.database),
    ...serverAttributes(context),
  }
}

/** The server of a call. After the call has settled it is the one that replied. */
export function serverAttributes({
  serverAddress,
  serverPort,
}: Pick<Traced, 'serverAddress' | 'serverPort'>): Attributes {
  const attributes: Attributes = {}
  if (serverAddress !== undefined) attributes['server.address'] = serverAddress
  if (serverPort !== undefined) attributes['server.port'] = serverPort
  return attributes
}

/** The conventions call several operations a batch, never a single one. */
export function batchAttributes(context: Traced): Attributes {
  return isBatch(context) && context.batchSize !== 1 ? { 'db.operation.batch.size': context.batchSize } : {}
}

/**
 * The failure of an operation, if it failed: `error.type` is the first word of the server's error or the class of the client's,
 * `respire.outcome` says whether the command may have run.
 */
export function failureAttributes(context: { readonly error?: unknown }): Attributes {
  if (!Object.hasOwn(context, 'error')) return {}
  const { error } = context
  if (error instanceof ResponseError) return { 'error.type': error.code, 'db.response.status_code': error.code }
  const attributes: Attributes = { 'error.type': error instanceof Error ? error.name : '_OTHER' }
  if (error instanceof RedisError && error.outcome !== undefined) attributes['respire.outcome'] = error.outcome
  return attributes
}
