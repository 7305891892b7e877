/**
 * What observers may subscribe to, through node:diagnostics_channel: `respire:command`, `respire:batch`,
 * `respire:connect` and `respire:handler`. The contexts are built only if somebody listens, and hold no argument but the command's name.
 */
import { AsyncResource } from 'node:async_hooks'
import { type Channel, channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { CallDetails, type Command } from '../commands/core/command.js'
import type { Endpoint } from './options/options.js'

/** What a subscriber of `respire:command` gets. `args` is the name and a `?` for each argument. */
export interface CommandContext {
  readonly command: string
  readonly args: readonly string[]
  readonly database: number
  readonly serverAddress: string | undefined
  readonly serverPort: number | undefined
  /** How often it was sent in vain. */
  attempt: number
  redirects: number
  result?: unknown
  error?: unknown
}

/** What a subscriber of `respire:batch` gets: one for a pipeline or transaction. */
export interface BatchContext {
  readonly batchMode: 'PIPELINE' | 'MULTI'
  readonly batchSize: number
  readonly database: number
  readonly serverAddress: string | undefined
  readonly serverPort: number | undefined
  result?: unknown
  error?: unknown
}

/** What a subscriber of `respire:connect` gets: one for each attempt. */
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

/** The channels of a TracingChannel, whatever its contexts are. */
type Channels = Pick<TracingChannel<unknown, object>, 'asyncEnd' | 'asyncStart' | 'end' | 'error' | 'start'>

/**
 * Whether somebody listens to any of the channels of `tracing`. Their own `hasSubscribers` tell: that of the whole is missing
 * in some runtimes, where nothing would ever be traced.
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
    // Made when somebody reads it.
    get args() {
      return [...spec.name.split(' '), ...args.map(() => '?')]
    },
    ...where,
    attempt: 0,
    redirects: 0,
  }
}

/** Tells the subscribers that `command` starts, and has them told when it settles. `start` puts it on its way. */
export function traceCommand(command: Command, where: Where, start: () => void): void {
  let context = contextOf(command, where)
  command.details ??= new CallDetails()
  const { details } = command
  const end = (value: unknown, error: unknown) => {
    context.attempt = details.attempts
    context.redirects = details.redirects
    finish(commandChannel, context, value, error)
  }
  details.whenSettled((_, value, error) => end(value, error))
  // In the async context of the call, as the first one: the reader that finds the refusal has none.
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

/** Tells the subscribers that an attempt starts; undefined if there are none. */
export function traceConnect(endpoint: Endpoint, attempt: number): ConnectContext | undefined {
  if (!isObserved(connectChannel)) return undefined
  const context: ConnectContext = { ...addressOf(endpoint), attempt }
  connectChannel.start.publish(context)
  connectChannel.end.publish(context)
  return context
}

/** An endpoint in the words of observers: the path of a unix socket stands as the address. */
export function addressOf(endpoint: Endpoint): { serverAddress: string; serverPort: number | undefined } {
  if ('path' in endpoint) return { serverAddress: endpoint.path, serverPort: undefined }
  return { serverAddress: endpoint.host, serverPort: endpoint.port }
}

/** Publishes the end of what a context describes. */
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

/** What a subscriber of `respire:handler` gets: a message handler threw or rejected. */
export interface HandlerContext {
  readonly error: unknown
}

export const handlerChannel: Channel = channel('respire:handler')
