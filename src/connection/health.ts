import { Command } from '../commands/command.js'
import { PING } from '../commands/handshaking.js'
import { ConnectionError, type RedisError } from '../errors/errors.js'
import { outside } from './outside.js'

/** What a health check asks of the connection that it watches. */
export interface Patient {
  readonly node: string
  readonly state: string
  readonly inflight: number
  /** When the last byte came, on the clock of `performance.now()`. */
  readonly lastRead: number
  /** The server blocks on what is in flight. */
  readonly silenceExpected: boolean
  ask(command: Command): Promise<unknown>
  destroy(error: RedisError): void
}

/** After one interval of silence an idle connection is asked for a sign of life; after two it is taken for dead. */
export class Health {
  readonly #interval: number
  readonly #patient: Patient
  #timer: NodeJS.Timeout | undefined

  constructor(interval: number, patient: Patient) {
    this.#interval = interval
    this.#patient = patient
  }

  /** 0, and more than a timer can wait, is off. */
  start(): void {
    if (this.#interval > 0 && this.#interval <= 0x3fffffff) this.#checkAfter(this.#interval)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #checkAfter(ms: number): void {
    this.#timer = outside(() => setTimeout(() => this.#check(), Math.ceil(ms)).unref())
  }

  #check(): void {
    const { inflight, lastRead, silenceExpected } = this.#patient
    const interval = this.#interval
    const silence = performance.now() - lastRead
    if (silenceExpected) this.#checkAfter(interval)
    else if (silence < interval) this.#checkAfter(interval - silence)
    else if (silence < 2 * interval) {
      if (inflight === 0) this.#patient.ask(new Command(PING, [])).catch(() => {})
      this.#checkAfter(2 * interval - silence)
    } else setImmediate(() => this.#judge())
  }

  /** Behind the poll phase: a loop that stood still has read by now what the kernel had. */
  #judge(): void {
    const { lastRead, node, state } = this.#patient
    if (state === 'closed') return
    const silence = performance.now() - lastRead
    if (silence < 2 * this.#interval) {
      this.#checkAfter(this.#interval)
      return
    }
    const message = `${node} was silent for ${Math.round(silence)} ms (healthCheckInterval ${this.#interval}): taken for dead.`
    this.#patient.destroy(new ConnectionError(message, { node }))
  }
}
