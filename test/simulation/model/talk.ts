/** A client of a model server for its tests: what it sends, and the replies as text. */
import { type Frame, Frames, shown } from '../differential/frames.js'
import { encodeRequest } from '../differential/sides.js'
import type { ModelServer } from './server.js'

export class Talk {
  readonly connection: ReturnType<ModelServer['connect']>
  readonly #frames = new Frames()
  closed = false

  constructor(server: ModelServer) {
    this.connection = server.connect()
    this.connection.onReply = bytes => this.#frames.add(bytes)
    this.connection.onEnd = () => {
      this.closed = true
    }
  }

  /** Sends a command in words, and gives the replies that have come since the last one. */
  say(words: string): string {
    this.connection.receive(encodeRequest(words.split(' '), []))
    return this.heard()
  }

  heard(): string {
    const all: Frame[] = []
    while (this.#frames.count > 0) all.push(this.#frames.take()!)
    return all.map(shown).join(' ')
  }
}
