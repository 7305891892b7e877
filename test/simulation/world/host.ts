/** A machine with a Redis process of the model: it may be killed, restarted, and fall silent. */
import { type ModelOptions, ModelServer } from '../model/server.js'
import type { Loop } from './loop.js'
import type { Listener, Network } from './network.js'
import type { ClientEnd, ServerEnd, Wire } from './wire.js'

/** When every world begins for its servers, ms since the epoch: the client's clock is another one. */
export const EPOCH: number = 2 ** 40

export class Host implements Listener {
  readonly address: string
  readonly server: ModelServer
  readonly #loop: Loop
  readonly #network: Network
  isUp = false
  /** Bytes that a client may leave unread before the server closes its connection. */
  outputLimit: number = Number.POSITIVE_INFINITY
  #wakesAt = Number.POSITIVE_INFINITY
  /** The wire of each connection of the model. */
  readonly wires: Map<number, Wire> = new Map()

  constructor(address: string, loop: Loop, network: Network, options: Omit<ModelOptions, 'now' | 'address'>) {
    this.address = address
    this.#loop = loop
    this.#network = network
    const [host, port] = address.split(':') as [string, string]
    this.server = new ModelServer({
      ...options,
      now: () => EPOCH + loop.elapsed,
      address: { host, port: Number(port) },
    })
    this.start()
  }

  start(): void {
    this.isUp = true
    this.#wakesAt = Number.POSITIVE_INFINITY
    this.#network.listen(this.address, this)
    for (const wire of this.#network.wires) if (wire.server === this.address) wire.forget()
  }

  /** The process, or the machine with it, is no more; clients of the machine hear nothing. */
  kill(quietly: boolean): void {
    if (!this.isUp) return
    this.isUp = false
    this.#network.listen(this.address, undefined)
    for (const wire of [...this.#network.wires]) if (wire.server === this.address) wire.abandon(quietly)
  }

  restart(keepsData: boolean): void {
    this.kill(false)
    this.server.restart(keepsData)
    this.start()
  }

  accept(client: ClientEnd): ServerEnd {
    const connection = this.server.connect(client.address)
    const wire = client as Wire
    this.wires.set(connection.id, wire)
    connection.onReply = bytes => {
      client.reply(bytes)
      if (client.backlog > this.outputLimit) connection.kill()
    }
    connection.onEnd = () => client.finish()
    this.#after()
    return {
      receive: bytes => {
        if (!this.isUp) return
        connection.receive(bytes)
        this.#after()
      },
      closed: () => {
        if (this.wires.get(connection.id) === wire) this.wires.delete(connection.id)
        connection.close()
        this.#after()
      },
    }
  }

  /** Whatever was done to the server from outside: its output goes out, and its next own step is awaited. */
  touched(): void {
    this.server.flush()
    this.#after()
  }

  /** Whatever is due wakes the server, once a millisecond at most. */
  #after(least = 0): void {
    const at = Math.max(this.server.wakeAt - EPOCH + this.#loop.start, this.#loop.now + least)
    if (!this.isUp || at >= this.#wakesAt || at === Number.POSITIVE_INFINITY) return
    this.#wakesAt = at
    this.#loop.later(at - this.#loop.now, () => {
      if (this.#wakesAt !== at) return
      this.#wakesAt = Number.POSITIVE_INFINITY
      if (this.isUp) this.server.wake()
      this.#after(1)
    })
  }
}
