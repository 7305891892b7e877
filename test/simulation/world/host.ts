/** A machine that runs a model server. The process can be killed and restarted, and the machine can stop answering. */
import type { ModelServer } from '../model/server.js'
import type { Loop } from './loop.js'
import type { Listener, Network } from './network.js'
import type { ClientEnd, ServerEnd, Wire } from './wire.js'

/** The time of the servers' clock at which every run begins, ms since the epoch. The client has another clock. */
export const EPOCH: number = 2 ** 40

export class Host implements Listener {
  address: string
  readonly server: ModelServer
  readonly #loop: Loop
  readonly #network: Network
  isUp = false
  /** Bytes that a client may leave unread before the server closes its connection. */
  outputLimit: number = Number.POSITIVE_INFINITY
  #wakesAt = Number.POSITIVE_INFINITY
  /** The wire of each connection of the model. */
  readonly wires: Map<number, Wire> = new Map()

  constructor(address: string, loop: Loop, network: Network, server: ModelServer) {
    this.address = address
    this.server = server
    this.#loop = loop
    this.#network = network
    this.start()
  }

  start(): void {
    this.isUp = true
    this.#wakesAt = Number.POSITIVE_INFINITY
    this.#network.listen(this.address, this)
    for (const wire of this.#network.wires) if (wire.server === this.address) wire.forget()
  }

  /** Kills the process, which resets all connections; with `quietly` the whole machine, so that clients receive nothing. */
  kill(quietly: boolean): void {
    if (!this.isUp) return
    this.isUp = false
    this.#network.listen(this.address, undefined)
    for (const wire of [...this.#network.wires]) if (wire.server === this.address) wire.abandon(quietly)
  }

  /** Ends the process and starts it at another address. */
  move(address: string): void {
    this.kill(false)
    this.server.kill(() => true)
    this.address = address
    this.start()
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

  /** Must be called after the world changed the server: sends the server's output and schedules its next step. */
  touched(): void {
    this.server.flush()
    this.#after()
  }

  /** Schedules the next `wake()` of the server, at most once a millisecond. */
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
