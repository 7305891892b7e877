/**
 * Encodes commands as arrays of length-prefixed bulk strings.
 *
 * Short text is joined into one string on the assumption that it is ASCII, so that the length of a string is its length in
 * bytes. `take` checks the assumption once for a whole chunk, because a call of `Buffer.byteLength` per argument costs more
 * than the rest of the encoding. If it was wrong, the chunk is encoded again with the true lengths.
 */
import type Denque from 'denque'
import type { Argument } from '../../commands/core/argument.js'
import { type Command, State } from '../../commands/core/command.js'
import type { Spec } from '../../commands/core/spec.js'
import { isEncodable } from '../../commands/core/value-types.js'

/** A string or bytes of at least this size is a part of its own: joining would only copy it. */
export const BIG: number = 16 * 1024

/** Joined text of this length becomes a part, so that no number of arguments makes a string longer than V8 allows. */
const LONG = 256 * 1024

/** Text or bytes, written unchanged. Bytes are the caller's own memory. */
export type WritePart = string | Uint8Array

const LENGTHS = Array.from({ length: 1024 }, (_, length) => `$${length}\r\n`)

export class Writer {
  #parts: WritePart[] = []
  #text = ''
  #commands = 0
  #size = 0
  /** The last chunk was not ASCII: the next one gets true lengths from the start. */
  #exact = false
  #ascii = true

  /** The approximate count of bytes that wait for `take`. */
  get size(): number {
    return this.#size
  }

  /** The count of commands that wait for `take`. */
  get commands(): number {
    return this.#commands
  }

  /** Whether all text of the last chunk taken was ASCII. */
  get ascii(): boolean {
    return this.#ascii
  }

  /** Encodes `command`; adds nothing of it if that throws. */
  add(command: Command): void {
    const parts = this.#parts.length
    const text = this.#text
    try {
      this.#encode(command)
    } catch (error) {
      this.#parts.length = parts
      this.#text = text
      throw error
    }
    this.#commands++
    this.#size += command.size
  }

  /** Encodes all of `commands`; adds none of them if that throws. */
  addAll(commands: readonly Command[]): void {
    const parts = this.#parts.length
    const text = this.#text
    let size = 0
    try {
      for (const command of commands) {
        this.#encode(command)
        size += command.size
      }
    } catch (error) {
      this.#parts.length = parts
      this.#text = text
      throw error
    }
    this.#commands += commands.length
    this.#size += size
  }

  /**
   * Empties the writer and returns the parts of the chunk, in order. The commands of the chunk are the last ones of `queue`.
   * Commands with text that UTF-8 cannot represent are removed from `queue` and passed to `reject`.
   */
  take(queue: Denque<Command>, reject: (command: Command) => void): readonly WritePart[] {
    if (this.#text !== '') this.#parts.push(this.#text)
    this.#ascii = isAscii(this.#parts)
    const rejected = this.#ascii ? 0 : this.#rejectUnwritable(queue, reject)
    if (rejected > 0 || (!this.#ascii && !this.#exact)) {
      this.#exact = true
      this.#parts = []
      this.#text = ''
      for (let i = queue.length - this.#commands; i < queue.length; i++) this.#encode(queue.peekAt(i) as Command)
      if (this.#text !== '') this.#parts.push(this.#text)
    }
    this.#exact = !this.#ascii
    const parts = this.#parts
    this.#commands = 0
    this.#parts = []
    this.#text = ''
    this.#size = 0
    return parts
  }

  /** Removes unwritable commands from `queue`, and transactions with such a command whole. Returns how many it removed. */
  #rejectUnwritable(queue: Denque<Command>, reject: (command: Command) => void): number {
    const begin = queue.length - this.#commands
    const faulty = new Set<unknown>()
    for (let i = begin; i < queue.length; i++) {
      const command = queue.peekAt(i) as Command
      if (!command.args.every(isEncodable)) faulty.add(callOf(command))
    }
    if (faulty.size === 0) return 0
    const chunk = queue.splice(begin, this.#commands) ?? []
    const kept = chunk.filter(command => !faulty.has(callOf(command)))
    for (const command of kept) queue.push(command)
    this.#commands = kept.length
    for (const each of faulty) reject(each as Command)
    return chunk.length - kept.length
  }

  /** Builds the text of one command first: appending each piece to the text of the chunk would make twice as many strings. */
  #encode(command: Command): void {
    const { args, spec } = command
    const count = args.length
    let text = spec.frames[count] ?? frame(spec, count)
    for (let i = 0; i < count; i++) {
      const argument = args[i] as Argument
      if (typeof argument === 'string') {
        const { length } = argument
        const bytes = this.#exact ? Buffer.byteLength(argument) : length
        const header = LENGTHS[bytes] ?? `$${bytes}\r\n`
        if (length >= BIG) {
          this.#cut(text + header, argument)
          text = '\r\n'
        } else text += `${header}${argument}\r\n`
      } else if (typeof argument === 'object') {
        const bytes = argument.byteLength
        this.#cut(text + (LENGTHS[bytes] ?? `$${bytes}\r\n`), argument)
        text = '\r\n'
      } else {
        const digits = numberText(argument)
        text += `$${digits.length}\r\n${digits}\r\n`
      }
      if (text.length > LONG) {
        this.#cut(text)
        text = ''
      }
    }
    this.#text += text
  }

  /** Ends the part of joined text with `text`; `big`, if given, becomes the next part. */
  #cut(text: string, big?: WritePart): void {
    this.#parts.push(this.#text + text)
    if (big !== undefined) this.#parts.push(big)
    this.#text = ''
  }
}

/** The call that is rejected if `command` cannot be written: the command, or the transaction that it is a part of. */
function callOf(command: Command): unknown {
  return (command.state & State.multiPart) === 0 ? command : command.owner
}

/** The text before the arguments of a command: the count of its words, and its name. */
function frame(spec: Spec, count: number): string {
  const text = `*${spec.words + count}\r\n${spec.head}`
  if (count < 64) spec.frames[count] = text
  return text
}

function isAscii(parts: readonly WritePart[]): boolean {
  return parts.every(part => typeof part !== 'string' || Buffer.byteLength(part) === part.length)
}

/** Whole numbers of any size in decimal digits; fractions in the shortest form that parses to the same number. */
export function numberText(value: number | bigint): string {
  return typeof value === 'number' && (value >= 1e21 || value <= -1e21) ? BigInt(value).toString() : String(value)
}
