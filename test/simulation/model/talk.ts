/** A client for tests of the model: sends commands and returns the replies as text. */
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

  /** Sends a command. Returns all replies since the last call. */
  say(words: string): string {
    this.connection.receive(encodeRequest(words.split(' '), []))
    return this.replies()
  }

  replies(): string {
    const all: Frame[] = []
    while (this.#frames.count > 0) all.push(this.#frames.take()!)
    return all.map(shown).join(' ')
  }
}
