import { Command, State } from '../commands/core/command.js'
import type { Connection } from '../connection/socket/connection.js'
import { InvalidResponse, type RedisError } from '../errors/errors.js'
import type { Kind, Topic } from './topic.js'

/** A topic on this connection. */
export interface CarriedTopic {
  readonly topic: Topic
  state: 'out' | 'joining' | 'in' | 'leaving'
  wanted: boolean
  /** Of a shard: when the last message came, or the confirmation, on the clock of `performance.now()`. */
  heardAt: number | undefined
  line: SubscribeCommand | undefined
  /** Was refused together with others: it goes alone, to learn whom the refusal means. */
  alone: boolean
}

/** Names in one line, at most: a server that is asked for more at once keeps its other clients waiting. */
export const LINE = 1_000
/** Their length together, unless one alone is longer: a text has a longest length. */
export const LINE_LENGTH = 1_048_576

/** SUBSCRIBE or UNSUBSCRIBE on its way: done when each of its names was confirmed, whatever comes between. */
export class SubscribeCommand extends Command {
  readonly connection: Connection
  readonly carried: readonly CarriedTopic[]
  left: number
  /** A line behind it that must be confirmed first. */
  fence: SubscribeCommand | undefined
  /** The line that it fences. */
  fenced: SubscribeCommand | undefined
  readonly #failed: (line: SubscribeCommand, error: RedisError) => void

  constructor(
    kind: Kind,
    joining: boolean,
    carried: readonly CarriedTopic[],
    connection: Connection,
    failed: (line: SubscribeCommand, error: RedisError) => void,
  ) {
    super(
      joining ? kind.join : kind.leave,
      carried.map(({ topic }) => topic.name),
    )
    this.connection = connection
    this.carried = carried
    this.left = carried.length
    this.#failed = failed
    this.state = State.pinned | State.batched
    this.resolve = heard
  }

  fail(error: RedisError): void {
    this.#failed(this, error)
  }
}

function heard(value: unknown, line: Command): void {
  if ((line.state & State.failed) === 0) throw new InvalidResponse(`The server sent a reply to ${line.spec.name}.`)
  ;(line as SubscribeCommand).fail(value as RedisError)
}
