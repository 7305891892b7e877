/** One attempt to open a connection, until it is ready or has failed: its time limit, its trace, and its errors. */
import type { Command } from '../../commands/core/command.js'
import type { RedisError } from '../../errors/errors.js'
import { TimeLimit } from '../call/time-limit.js'
import { type ConnectContext, connectChannel, finish, traceConnect } from '../diagnostics.js'
import type { Settings } from '../options/options.js'
import { failedToConnect, notReady, type SocketError } from './connection-errors.js'
import { isConnecting, type Socket } from './dial.js'

export class ConnectAttempt {
  readonly #settings: Settings
  readonly #limit: TimeLimit | undefined
  #trace: ConnectContext | undefined

  /** `number`: how many attempts in a row there were with this one. `timedOut` is called after `connectTimeout`. */
  constructor(settings: Settings, number: number, timedOut: () => void) {
    this.#settings = settings
    this.#trace = traceConnect(settings.endpoint, number)
    if (settings.connectTimeout > 0) this.#limit = new TimeLimit(settings.connectTimeout, timedOut)
  }

  /** The connection is ready, or has failed with `error`. A second call does nothing. */
  end(error: RedisError | undefined): void {
    this.#limit?.cancel()
    const trace = this.#trace
    this.#trace = undefined
    if (trace !== undefined) finish(connectChannel, trace, undefined, error)
  }

  /** The error after `connectTimeout`; `step` of the handshake has no reply. */
  timeoutError(node: string, socket: Socket | undefined, step: Command | undefined): RedisError {
    this.#noteFailure(step, true)
    const credentials = step === undefined && typeof this.#settings.credentials === 'function'
    const stage = isConnecting(socket) ? 'dial' : credentials ? 'credentials' : 'handshake'
    return notReady(node, stage, this.#settings)
  }

  /** The error if the socket failed with `error` or ended; `step` of the handshake has no reply. */
  socketError(node: string, error: SocketError, step: Command | undefined): RedisError {
    this.#noteFailure(step, false)
    return failedToConnect(node, error, this.#settings.tls === undefined, step?.spec.name)
  }

  /** The server, or a proxy in front of it, may not know the step at which the attempt failed. */
  #noteFailure(step: Command | undefined, silent: boolean): void {
    if (step !== undefined) this.#settings.handshakeMemory.noteFailure(step, silent)
  }
}
