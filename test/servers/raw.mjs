/**
 * A minimal RESP2 connection, so that tests need not trust the client under test to read the data of a server. It sends one
 * command after another, buffers whole replies and has no options.
 */
import { once } from 'node:events'
import net from 'node:net'

const CRLF = '\r\n'

/** @param {readonly (string | number | Uint8Array)[]} args */
export function encode(args) {
  const parts = [Buffer.from(`*${args.length}${CRLF}`)]
  for (const arg of args) {
    const bytes = typeof arg === 'object' ? arg : Buffer.from(String(arg))
    parts.push(Buffer.from(`$${bytes.length}${CRLF}`), Buffer.from(bytes), Buffer.from(CRLF))
  }
  return Buffer.concat(parts)
}

/**
 * The value that begins at `at`, or undefined if it is not complete yet. Bulk strings stay bytes; error replies are Errors.
 * @param {Buffer} data
 * @returns {{ value: import('./servers.mjs').RawBytesReply, end: number } | undefined}
 */
export function decode(data, at = 0) {
  const stop = data.indexOf(CRLF, at)
  if (stop < 0) return undefined
  const head = data.toString('utf8', at + 1, stop)
  const end = stop + 2
  const count = Number(head)
  switch (data[at]) {
    case 0x2b: // +
      return { value: head, end }
    case 0x2d: // -
      return { value: new Error(head), end }
    case 0x3a: // :
      return { value: count, end }
    case 0x24: // $
      if (count < 0) return { value: null, end }
      return data.length < end + count + 2
        ? undefined
        : { value: data.subarray(end, end + count), end: end + count + 2 }
    case 0x2a: // *
      return count < 0 ? { value: null, end } : decodeItems(data, end, count)
    default:
      throw new Error(`not RESP2: ${JSON.stringify(data.toString('latin1', at, at + 40))}`)
  }
}

/** @param {Buffer} data @param {number} at @param {number} count */
function decodeItems(data, at, count) {
  const items = []
  let end = at
  while (items.length < count) {
    const item = decode(data, end)
    if (!item) return undefined
    items.push(item.value)
    end = item.end
  }
  return { value: items, end }
}

/** @param {any} value @returns {any} */
function text(value) {
  if (Buffer.isBuffer(value)) return value.toString()
  return Array.isArray(value) ? value.map(text) : value
}

export class Raw {
  #socket
  #received = Buffer.alloc(0)
  /** @type {{ resolve: (value: any) => void, reject: (error: Error) => void }[]} */
  #waiting = []

  /** @param {net.Socket} socket */
  constructor(socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', data => this.#take(data))
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('raw connection: closed by the server'))
    })
  }

  /** Resolves with the reply, bulk strings as UTF-8 text; an error reply rejects. @param {(string | number | Uint8Array)[]} args */
  async command(...args) {
    return text(await this.bytes(...args))
  }

  /** Resolves with the reply, bulk strings as bytes; an error reply rejects. @param {(string | number | Uint8Array)[]} args */
  bytes(...args) {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('raw connection: closed'))
      this.#waiting.push({ resolve, reject })
      this.#socket.write(encode(args))
    })
  }

  close() {
    this.#socket.destroy()
  }

  /** @param {Buffer} data */
  #take(data) {
    this.#received = Buffer.concat([this.#received, data])
    let at = 0
    for (let reply = decode(this.#received); reply; reply = decode(this.#received, at)) {
      at = reply.end
      const caller = this.#waiting.shift()
      if (reply.value instanceof Error) caller?.reject(reply.value)
      else caller?.resolve(reply.value)
    }
    this.#received = this.#received.subarray(at)
  }
}

/** Connects, and authenticates if there is a password. @param {import('./servers.mjs').RawTarget} target */
export async function connectRaw({ host = '127.0.0.1', port, username, password }) {
  const socket = net.connect({ host, port })
  await once(socket, 'connect')
  const raw = new Raw(socket)
  if (password !== undefined) await raw.command('AUTH', ...(username === undefined ? [] : [username]), password)
  return raw
}
