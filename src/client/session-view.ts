import { SELECT, UNWATCH, WATCH } from '../commands/client-internal.js'
import type { Key } from '../commands/core/argument.js'
import { addCallOptions, type CallOptions } from '../commands/core/call-options.js'
import { Command } from '../commands/core/command.js'
import type { Bigints, Bytes, Plain, ReplyTypes } from '../commands/core/context.js'
import { pushSeveral } from '../commands/core/option-tokens.js'
import type { ReplyFormat } from '../commands/core/reply-format.js'
import type { DataError } from '../errors/errors.js'
import type { SessionEngine, ViewOf } from './engine.js'
import type { Session } from './session.js'
import { Transaction } from './transaction.js'
import { View } from './view.js'

export class SessionView<F extends ReplyTypes = Plain> extends View<F> implements Session<F> {
  readonly #engine: SessionEngine
  readonly #shape: ReplyFormat
  readonly #callOptions: CallOptions | undefined

  constructor(engine: SessionEngine, { shape, callOptions }: ViewOf) {
    super(engine, shape, callOptions)
    this.#engine = engine
    this.#shape = shape
    this.#callOptions = callOptions
  }

  override get bytes(): SessionView<Bytes<F>> {
    return new SessionView<Bytes<F>>(this.#engine, {
      shape: { ...this.#shape, bytes: true },
      callOptions: this.#callOptions,
    })
  }

  override get bigints(): SessionView<Bigints<F>> {
    return new SessionView<Bigints<F>>(this.#engine, {
      shape: { ...this.#shape, bigints: true },
      callOptions: this.#callOptions,
    })
  }

  override with(options: CallOptions): SessionView<F> {
    return new SessionView<F>(this.#engine, {
      shape: this.#shape,
      callOptions: addCallOptions(this.#callOptions, options),
    })
  }

  override multi(): Transaction<[], F>
  override multi<R>(): Transaction<R[], F>
  override multi(): Transaction<[], F> {
    const engine = this.#engine
    return new Transaction<[], F>(engine, this.#shape, this.#callOptions, () => engine.watch)
  }

  watch(...keys: readonly Key[] | readonly [readonly Key[]]): Promise<'OK'> {
    const args: (Key | DataError)[] = []
    pushSeveral(args, keys)
    return this.run(new Command(WATCH, args))
  }

  unwatch(): Promise<'OK'> {
    return this.run(new Command(UNWATCH, []))
  }

  select(db: number): Promise<'OK'> {
    return this.run(new Command(SELECT, [db]))
  }
}
