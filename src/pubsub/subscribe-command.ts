import { Command, State } from '../commands/core/command.js'
import type { Connection } from '../connection/socket/connection.js'
import type { RedisError } from '../errors/errors.js'
import { confirmedByReply } from './pubsub-errors.js'
import type { Kind, Topic } from './topic.js'

/** The state of one topic on one subscriber connection. */
export interface TopicState {
  readonly topic: Topic
  phase: 'unsubscribed' | 'subscribing' | 'subscribed' | 'unsubscribing'
  wanted: boolean
  /** Of a shard channel: when the last message or the confirmation arrived, on the clock of `performance.now()`. */
  lastMessageAt: number | undefined
  /** The command that is in flight for the topic. */
  command: SubscribeCommand | undefined
  /** A command with several topics was rejected: each is sent in a command of its own, to find the refused ones. */
  sendAlone: boolean
}

/** The most names in one command: a server that runs a longer one makes its other clients wait. */
const MAX_NAMES = 1_000
/** The most characters in one command, unless a single name is longer: the length of a string is limited. */
const MAX_LENGTH = 1_048_576

/** Returns the part of `group` from `start` on that fits into one command. */
export function chunkOf(group: readonly TopicState[], start: number): readonly TopicState[] {
  let end = start
  for (let length = 0; end < group.length && end < start + MAX_NAMES; end++) {
    length += group[end]?.topic.name.length ?? 0
    if (length > MAX_LENGTH && end > start) break
  }
  return group.slice(start, end)
}

/** A SUBSCRIBE or UNSUBSCRIBE: done when each of its names is confirmed, whatever else arrives in between. */
export class SubscribeCommand extends Command {
  readonly connection: Connection
  readonly topics: readonly TopicState[]
  /** Names that are not confirmed yet. */
  left: number
  /** A command sent after this one, which must be confirmed before this one is done. */
  fence: SubscribeCommand | undefined
  /** The command that this one fences. */
  fenced: SubscribeCommand | undefined
  readonly #onError: (command: SubscribeCommand, error: RedisError) => void

  constructor(
    kind: Kind,
    subscribing: boolean,
    topics: readonly TopicState[],
    connection: Connection,
    onError: (command: SubscribeCommand, error: RedisError) => void,
  ) {
    super(
      subscribing ? kind.subscribe : kind.unsubscribe,
      topics.map(({ topic }) => topic.name),
    )
    this.connection = connection
    this.topics = topics
    this.left = topics.length
    this.#onError = onError
    this.state = State.pinned | State.batched
    this.resolve = onReply
  }

  fail(error: RedisError): void {
    this.#onError(this, error)
  }
}

/** Confirmations are pushes, so the only reply to the command is an error. */
function onReply(value: unknown, command: Command): void {
  if ((command.state & State.failed) === 0) throw confirmedByReply(command)
  ;(command as SubscribeCommand).fail(value as RedisError)
}
