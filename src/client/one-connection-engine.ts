import type { Command } from '../commands/core/command.js'
import type { Where } from '../connection/diagnostics.js'
import type { Settings } from '../connection/options/options.js'
import type { RedisError } from '../errors/errors.js'
import { sendInOrder } from './batch.js'
import { sessionsNested } from './client-errors.js'
import type { Engine } from './engine.js'
import { type Step, stepping } from './scan.js'

/** What the engines have in common that send all commands to one server and lease no connections. */
export abstract class OneConnectionEngine implements Engine {
  abstract readonly settings: Settings
  abstract readonly where: Where
  abstract readonly isSession: boolean
  abstract now(): number
  abstract send(command: Command): void
  abstract later(command: Command, refusal: RedisError): void

  sendAll(commands: readonly Command[]): void {
    sendInOrder(commands, command => this.send(command))
  }

  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]> {
    return stepping(cursor => step(this, cursor))
  }

  session<T>(): Promise<T> {
    return Promise.reject(sessionsNested())
  }
}
