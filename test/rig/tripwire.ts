import net from 'node:net'

/** A proxy that resets a connection as soon as the client has sent these bytes, like a proxy that does not allow a command. */
export class Tripwire {
  /** The number of connections that were reset. */
  tripped = 0
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()

  private constructor(target: { readonly port: number }, bytes: string) {
    this.#server = net.createServer({ noDelay: true }, client => {
      const upstream = net.connect(target.port, '127.0.0.1')
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          this.#sockets.delete(socket)
          client.destroy()
          upstream.destroy()
        })
      }
      upstream.pipe(client)
      let seen = ''
      client.on('data', data => {
        const text = seen + data.toString('latin1')
        const at = text.indexOf(bytes)
        if (at < 0) {
          upstream.write(data)
          seen = text.slice(-bytes.length)
          return
        }
        // The bytes before them pass: the server runs those commands, and their replies are lost.
        this.tripped++
        upstream.end(data.subarray(0, Math.max(0, at - seen.length)))
        client.resetAndDestroy()
      })
    })
  }

  static async start(target: { readonly port: number }, bytes: string): Promise<Tripwire> {
    const tripwire = new Tripwire(target, bytes)
    await new Promise<void>(resolve => tripwire.#server.listen(0, '127.0.0.1', resolve))
    return tripwire
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
