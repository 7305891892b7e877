/**
 * The channels of node:diagnostics_channel to which observers may subscribe: `respire:command`, `respire:batch`,
 * `respire:connect` and `respire:handler`. Contexts are created only if there is a subscriber, and contain no arguments.
 */

import { AsyncResource } from 'node:async_hooks'
import { type Channel, channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { CallDetails, type Command } from '../commands/core/command.js'
import { hasOwn } from '../commands/core/own-properties.js'
import { RedisError } from '../errors/errors.js'
import { type Endpoint, endpointNamed } from './options/options.js'

/** The context of `respire:command`. `args` is the name of the command and a `?` for each argument. */
export interface CommandContext {
  readonly command: string
  readonly args: readonly string[]
  readonly database: number
  /** The server: in a cluster the first seed until the call has settled, and then the node that replied. */
  serverAddress: string | undefined
  serverPort: number | undefined
  /** How often it was sent without success. */
  attempt: number
  redirects: number
  result?: unknown
  error?: unknown
}

/** The context of `respire:batch`: one for each pipeline or transaction. */
export interface BatchContext {
  readonly batchMode: 'PIPELINE' | 'MULTI'
  readonly batchSize: number
  readonly database: number
  readonly serverAddress: string | undefined
  readonly serverPort: number | undefined
  result?: unknown
  error?: unknown
}

/** The context of `respire:connect`: one for each attempt. */
export interface ConnectContext {
  readonly serverAddress: string | undefined
  readonly serverPort: number | undefined
  readonly attempt: number
  result?: unknown
  error?: unknown
}

export const commandChannel: TracingChannel<unknown, CommandContext> = tracingChannel('respire:command')
export const batchChannel: TracingChannel<unknown, BatchContext> = tracingChannel('respire:batch')
export const connectChannel: TracingChannel<unknown, ConnectContext> = tracingChannel('respire:connect')

/** The channels of a TracingChannel with contexts of any type. */
type Channels = Pick<TracingChannel<unknown, object>, 'asyncEnd' | 'asyncStart' | 'end' | 'error' | 'start'>

/**
 * Whether any of the channels has a subscriber. `TracingChannel.hasSubscribers` is missing in some runtimes, where nothing would
 * ever be traced.
 */
export function isObserved({ asyncEnd, asyncStart, end, error, start }: Channels): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  )
}

export interface Where {
  readonly database: number
  readonly serverAddress: string | undefined
  readonly serverPort: number | undefined
}

function contextOf({ args, spec }: Command, where: Where): CommandContext {
  return {
    command: spec.name,
    // Created when a subscriber reads it.
    get args() {
      return [...spec.name.split(' '), ...args.map(() => '?')]
    },
    ...where,
    attempt: 0,
    redirects: 0,
  }
}

/** Publishes that `command` starts, calls `start` to send it, and publishes when it settles. */
export function traceCommand(command: Command, where: Where, start: () => void): void {
  let context = contextOf(command, where)
  command.details ??= new CallDetails()
  const { details } = command
  const end = (value: unknown, error: unknown) => {
    context.attempt = details.attempts
    context.redirects = details.redirects
    const node = error instanceof RedisError ? error.node : details.node
    if (node !== undefined) Object.assign(context, addressOf(endpointNamed(node)))
    finish(commandChannel, context, value, error)
  }
  details.whenSettled((_, value, error) => end(value, error))
  // Published in the async context of the call, like the first one, because the reader of the error reply has no context.
  details.onReplaced = AsyncResource.bind((error: unknown) => {
    end(undefined, error)
    context = contextOf(command, where)
    commandChannel.start.runStores(context, () => commandChannel.end.publish(context))
  })
  commandChannel.start.runStores(context, () => {
    start()
    commandChannel.end.publish(context)
  })
}

/** Publishes that a connection attempt starts, and returns its context; undefined if there are no subscribers. */
export function traceConnect(endpoint: Endpoint, attempt: number): ConnectContext | undefined {
  if (!isObserved(connectChannel)) return undefined
  const context: ConnectContext = { ...addressOf(endpoint), attempt }
  connectChannel.start.publish(context)
  connectChannel.end.publish(context)
  return context
}

/** The address and port of an endpoint for observers; the address of a unix socket is its path. */
export function addressOf(endpoint: Endpoint): { serverAddress: string; serverPort: number | undefined } {
  if (hasOwn(endpoint, 'path')) return { serverAddress: endpoint.path, serverPort: undefined }
  return { serverAddress: endpoint.host, serverPort: endpoint.port }
}

/** Publishes the end of the operation of a context. */
export function finish<C extends { result?: unknown; error?: unknown }>(
  channel: TracingChannel<unknown, C>,
  context: C,
  value: unknown,
  error: unknown,
): void {
  if (error === undefined) context.result = value
  else {
    context.error = error
    channel.error.publish(context)
  }
  channel.asyncStart.publish(context)
  channel.asyncEnd.publish(context)
}

/** The context of `respire:handler`: a message handler threw or rejected. */
export interface HandlerContext {
  readonly error: unknown
}

export const handlerChannel: Channel = channel('respire:handler')
