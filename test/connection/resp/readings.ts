import type { Reply } from '../../../src/commands/core/reply.js'
import type { ReaderLimits } from '../../../src/connection/resp/protocol.js'
import { Reader } from '../../../src/connection/resp/reader.js'
import type { ReplySink } from '../../../src/connection/resp/reply-sink.js'
import { InvalidResponse, type RedisError } from '../../../src/errors/errors.js'

export type Event = { reply: Reply } | { error: RedisError } | { push: string; items: Reply[] }

/** Records the events of a reader. `bytes` returns whether the reply with this number is wanted as Buffers. */
export class Listener implements ReplySink {
  readonly events: Event[] = []
  readonly bytes: (reply: number) => boolean
  /** How often the reader called `wantsBytes`. */
  asked = 0

  constructor(bytes: (reply: number) => boolean = () => false) {
    this.bytes = bytes
  }

  wantsBytes(): boolean {
    return this.bytes(this.asked++)
  }

  onReply(reply: Reply): void {
    this.events.push({ reply })
  }

  onError(error: RedisError): void {
    this.events.push({ error })
  }

  onPush(push: string, items: Reply[]): void {
    this.events.push({ push, items })
  }
}

export interface Reading {
  readonly events: Event[]
  readonly asked: number
  readonly failure: InvalidResponse | undefined
}

export interface ReadOptions {
  readonly bytes?: (reply: number) => boolean
  readonly pushBytes?: boolean
  readonly limits?: Partial<ReaderLimits>
}

/**
 * Reads the chunks with a new reader. Errors other than InvalidResponse are thrown; after an InvalidResponse the reader must
 * throw the same one for every chunk. At the end the read buffer is overwritten, which reveals values that point into it.
 */
export function read(chunks: readonly Uint8Array[], options: ReadOptions = {}): Reading {
  const listener = new Listener(options.bytes)
  const reader = new Reader(listener, options.limits)
  reader.pushBytes = options.pushBytes ?? false
  let failure: InvalidResponse | undefined
  for (const chunk of chunks) {
    try {
      reader.write(chunk)
      if (failure !== undefined) throw new Error('The reader accepted a chunk after an InvalidResponse.')
    } catch (error) {
      if (!(error instanceof InvalidResponse) || (failure !== undefined && error !== failure)) throw error
      failure = error
    }
  }
  if (failure === undefined) {
    const space = reader.space()
    const used = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    space.fill(0xee, 0, Math.min(used, space.length))
  }
  return { events: listener.events, asked: listener.asked, failure }
}

/** `wire` cut into chunks of `size` bytes. */
export function pieces(wire: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < wire.length; at += size) chunks.push(wire.subarray(at, at + size))
  return chunks
}

/** The ways to cut a short wire that might confuse a reader: whole, byte by byte, and in two at every position. */
export function* cuts(wire: Buffer): Generator<Buffer[]> {
  yield [wire]
  yield pieces(wire, 1)
  for (let at = 1; at < wire.length; at++) yield [wire.subarray(0, at), wire.subarray(at)]
}

/** A text or bytes as a bulk string. */
export function bulk(content: string | Buffer, type = '$'): Buffer {
  const bytes = Buffer.from(content as string)
  return Buffer.concat([Buffer.from(`${type}${bytes.length}\r\n`), bytes, Buffer.from('\r\n')])
}
