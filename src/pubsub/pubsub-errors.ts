/** The errors of subscriptions and of the calls that change them. */
import type { Command } from '../commands/core/command.js'
import { cloneError } from '../connection/call/call-errors.js'
import { InvalidResponse, PubSubError, RedisError } from '../errors/errors.js'
import type { Topic } from './topic.js'

// Calls

export function noChannels(method: string): PubSubError {
  return new PubSubError(`${method}() needs at least one channel: pass channels one by one or as one array.`)
}

export function subscriptionEnded(): PubSubError {
  return new PubSubError('This subscription has ended. Subscribe again to get a new one.')
}

/** A call that cannot be sent, for example because the bytes of a name are longer than a string can be. */
export function notPrepared(name: string, cause: unknown): RedisError {
  return new RedisError(`Could not prepare ${name}.`, { cause, outcome: 'not sent' })
}

/** `error` as the error of the subscribe call of `topic`, which was not sent. */
export function notSubscribed(topic: Topic, error: RedisError): RedisError {
  return cloneError(error, { command: topic.kind.subscribe.name, outcome: 'not sent', cause: error.cause })
}

/** Keyspace events: `current` flags of the server, and those that it lacks. */
export function flagsMissing(current: string, missing: string): PubSubError {
  return new PubSubError(
    `The server does not publish these keyspace events: its notify-keyspace-events is '${current}' and lacks ` +
      `'${missing}'. Add these flags on the server, or use keyspace({ configure: true }).`,
  )
}

/** `command` got a reply, which only an error can be. */
export function confirmedByReply({ spec }: Command): InvalidResponse {
  return new InvalidResponse(`Unexpected reply to ${spec.name}: its confirmations must be pushes.`)
}

// Subscriptions

export function slotMoved({ kind }: Topic): RedisError {
  return new RedisError(
    `The server ended the subscription by itself (${kind.unsubscribe.name}): the slot of the channel has moved.`,
  )
}

export function messageTooLong(bytes: number, cause: unknown): RedisError {
  return new RedisError(
    `A message of ${bytes} bytes was dropped: it is longer than a string can be. Subscribe with the bytes view.`,
    { cause },
  )
}

export function messageQueueFull(maxQueue: number): PubSubError {
  return new PubSubError(
    `The queue of the subscription is full (maxQueue ${maxQueue}): read faster, raise maxQueue, or set ` +
      "whenFull to 'drop-oldest' or 'drop-newest'.",
  )
}

export function handlerReads(): PubSubError {
  return new PubSubError(
    'Cannot iterate: the handler of this subscription reads its messages. Subscribe without a handler to iterate.',
  )
}

export function iteratedTwice(): PubSubError {
  return new PubSubError('This subscription has an iterator already. Subscribe again to get another one.')
}
