import type { Reply } from '../../../src/commands/core/reply.js'
import type { ReaderLimits } from '../../../src/connection/resp/protocol.js'
import { Reader } from '../../../src/connection/resp/reader.js'
import type { ReplySink } from '../../../src/connection/resp/reply-sink.js'
import { InvalidResponse, type RedisError } from '../../../src/errors/errors.js'

export type Event = { reply: Reply } | { error: RedisError } | { push: string; items: Reply[] }

/** Keeps what a reader delivers. `bytes` tells of each reply, by its number, whether it is wanted as Buffers. */
export class Listener implements ReplySink {
  readonly events: Event[] = []
  readonly bytes: (reply: number) => boolean
  /** How often the reader asked. */
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
  readonly breach: InvalidResponse | undefined
}

export interface Manner {
  readonly bytes?: (reply: number) => boolean
  readonly pushBytes?: boolean
  readonly limits?: Partial<ReaderLimits>
}

/**
 * What a new reader makes of the chunks. Anything but an InvalidResponse comes through; after one, the reader has to stay
 * dead whatever comes. At last the read buffer is overwritten, so that a value that points into it is found out.
 */
export function read(chunks: readonly Uint8Array[], manner: Manner = {}): Reading {
  const listener = new Listener(manner.bytes)
  const reader = new Reader(listener, manner.limits)
  reader.pushBytes = manner.pushBytes ?? false
  let breach: InvalidResponse | undefined
  for (const chunk of chunks) {
    try {
      reader.write(chunk)
      if (breach !== undefined) throw new Error('The reader went on after a breach.')
    } catch (error) {
      if (!(error instanceof InvalidResponse) || (breach !== undefined && error !== breach)) throw error
      breach = error
    }
  }
  if (breach === undefined) {
    const space = reader.space()
    const used = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    space.fill(0xee, 0, Math.min(used, space.length))
  }
  return { events: listener.events, asked: listener.asked, breach }
}

/** The wire in pieces of `size` bytes. */
export function pieces(wire: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < wire.length; at += size) chunks.push(wire.subarray(at, at + size))
  return chunks
}

/** Every way to cut a short wire that a reader could stumble over: whole, byte by byte, and in two at every place. */
export function* cuts(wire: Buffer): Generator<Buffer[]> {
  yield [wire]
  yield pieces(wire, 1)
  for (let at = 1; at < wire.length; at++) yield [wire.subarray(0, at), wire.subarray(at)]
}

/** The bulk string of a text or of bytes. */
export function bulk(content: string | Buffer, type = '$'): Buffer {
  const bytes = Buffer.from(content as string)
  return Buffer.concat([Buffer.from(`${type}${bytes.length}\r\n`), bytes, Buffer.from('\r\n')])
}
