/** The model's own encoder and parser of RESP. It shares no code with the client, so that errors in the client's code show. */
import { Bool, Double, Failure, MapReply, Nothing, NullArray, type Reply, SetReply, Status, Verbatim } from './reply.js'
import { fewestDigits, seventeenDigits } from './text.js'

export type Protocol = 2 | 3

/** Encodes a reply. `shortest`: doubles have the fewest digits that identify them, as servers since 7.2 write them. */
export function encode(reply: Reply, protocol: Protocol, shortest = false): string {
  if (typeof reply === 'string') return bulk(reply)
  if (typeof reply === 'number' || typeof reply === 'bigint') return `:${reply}\r\n`
  if (reply === null) return protocol === 3 ? '_\r\n' : '$-1\r\n'
  if (reply instanceof Status) return `+${reply.text}\r\n`
  if (reply instanceof Failure) return `-${reply.text.replace(/[\r\n]/g, ' ')}\r\n`
  if (reply instanceof Double) {
    const text = shortest ? fewestDigits(reply.value) : seventeenDigits(reply.value)
    return protocol === 3 ? `,${text}\r\n` : bulk(text)
  }
  if (reply instanceof Bool) return protocol === 3 ? `#${reply.value ? 't' : 'f'}\r\n` : `:${reply.value ? 1 : 0}\r\n`
  if (reply instanceof MapReply) {
    const { entries } = reply
    const head = protocol === 3 ? `%${entries.length}\r\n` : `*${entries.length * 2}\r\n`
    return (
      head + entries.map(([key, value]) => encode(key, protocol, shortest) + encode(value, protocol, shortest)).join('')
    )
  }
  if (reply instanceof SetReply) return list(protocol === 3 ? '~' : '*', reply.items, protocol, shortest)
  if (reply instanceof Verbatim) {
    return protocol === 3 ? `=${reply.text.length + 4}\r\ntxt:${reply.text}\r\n` : bulk(reply.text)
  }
  if (reply instanceof NullArray) return protocol === 3 ? '_\r\n' : '*-1\r\n'
  if (reply instanceof Nothing) return ''
  return list('*', reply, protocol, shortest)
}

/** Encodes a push message; under RESP2 it is an array. */
export function encodePush(items: readonly Reply[], protocol: Protocol): string {
  return list(protocol === 3 ? '>' : '*', items, protocol, false)
}

function list(sign: string, items: readonly Reply[], protocol: Protocol, shortest: boolean): string {
  return `${sign}${items.length}\r\n${items.map(item => encode(item, protocol, shortest)).join('')}`
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`
}

const MAX_INLINE = 64 * 1024
const MAX_BULK = 512 * 1024 * 1024

/** Parses requests from bytes that arrive in pieces of any size. */
export class Requests {
  #text = ''
  #at = 0
  /** The number of missing arguments, and the length of the next one; -1 before its length is read. */
  #missing = 0
  #length = -1
  #args: string[] = []

  add(text: string): void {
    this.#text = this.#text.slice(this.#at) + text
    this.#at = 0
  }

  /** Returns the next complete request, or undefined if it is incomplete. Throws a Failure if the bytes are malformed. */
  next(authenticated: boolean): readonly string[] | undefined {
    for (;;) {
      if (this.#missing === 0) {
        if (this.#at >= this.#text.length) return undefined
        if (this.#text[this.#at] !== '*') {
          const words = this.#inline()
          if (words === undefined || words.length > 0) return words
          continue
        }
        const line = this.#line('mbulk count')
        if (line === undefined) return undefined
        const count = /^(?:0|-?[1-9]\d*)$/.test(line.slice(1)) ? Number(line.slice(1)) : Number.NaN
        if (!(count <= 2 ** 31 - 1)) throw protocolError('invalid multibulk length')
        if (count > 10 && !authenticated) throw protocolError('unauthenticated multibulk length')
        if (count <= 0) continue
        this.#missing = count
        this.#args = []
      }
      if (!this.#argument(authenticated)) return undefined
      if (this.#missing === 0) return this.#args
    }
  }

  /** Reads one argument. Returns false if it is incomplete. */
  #argument(authenticated: boolean): boolean {
    if (this.#length < 0) {
      const line = this.#line('bulk count')
      if (line === undefined) return false
      if (line[0] !== '$') throw protocolError(`expected '$', got '${line[0] ?? '\r'}'`)
      const length = /^(?:0|[1-9]\d*)$/.test(line.slice(1)) ? Number(line.slice(1)) : Number.NaN
      if (!(length <= MAX_BULK)) throw protocolError('invalid bulk length')
      if (length > 16_384 && !authenticated) throw protocolError('unauthenticated bulk length')
      this.#length = length
    }
    if (this.#text.length < this.#at + this.#length + 2) return false
    this.#args.push(this.#text.slice(this.#at, this.#at + this.#length))
    this.#at += this.#length + 2
    this.#length = -1
    this.#missing--
    return true
  }

  /** Reads a line up to CR. The next byte is skipped unchecked, as the server does with LF. */
  #line(name: string): string | undefined {
    const end = this.#text.indexOf('\r', this.#at)
    if (end < 0 || end + 1 >= this.#text.length) {
      if (end < 0 && this.#text.length - this.#at > MAX_INLINE) throw protocolError(`too big ${name} string`)
      return undefined
    }
    const line = this.#text.slice(this.#at, end)
    this.#at = end + 2
    return line
  }

  #inline(): readonly string[] | undefined {
    const end = this.#text.indexOf('\n', this.#at)
    if (end < 0) {
      if (this.#text.length - this.#at > MAX_INLINE) throw protocolError('too big inline request')
      return undefined
    }
    const line = this.#text.slice(this.#at, this.#text[end - 1] === '\r' ? end - 1 : end)
    this.#at = end + 1
    return line.split(/[ \t]+/).filter(word => word !== '')
  }
}

function protocolError(text: string): Failure {
  return new Failure(`ERR Protocol error: ${text}`)
}
