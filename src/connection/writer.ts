/**
 * Commands as bytes: arrays of length-prefixed bulk strings, nothing else.
 *
 * Short text is joined into one string, under the guess that all of it is ASCII, so that the length of a string is its
 * length in bytes. `take` checks the guess once for the whole (a call of `Buffer.byteLength` per argument costs more than
 * the rest of the encoding); where it was wrong the chunk is made again with true lengths.
 */
import type { Argument, Command } from '../commands/command.js'

/** A string or bytes of this size goes out as a part of its own: joining it would only copy it. */
const BIG = 16 * 1024

/** Text or bytes, to be written as they are. */
export type Part = string | Uint8Array

export class Writer {
  #commands: Command[] = []
  #parts: Part[] = []
  #text = ''
  #size = 0
  /** The last chunk was not ASCII: true lengths from the start. */
  #exact = false
  #ascii = true

  /** About how many bytes wait to be taken. */
  get size(): number {
    return this.#size
  }

  get empty(): boolean {
    return this.#commands.length === 0
  }

  /** Whether all text of the chunk taken last was ASCII. */
  get ascii(): boolean {
    return this.#ascii
  }

  add(command: Command): void {
    this.#commands.push(command)
    this.#size += command.size
    this.#encode(command)
  }

  /** The parts of the chunk, in order; the writer is empty then. */
  take(): readonly Part[] {
    if (this.#text !== '') this.#parts.push(this.#text)
    this.#ascii = isAscii(this.#parts)
    if (!this.#ascii && !this.#exact) {
      this.#exact = true
      this.#parts = []
      this.#text = ''
      for (const command of this.#commands) this.#encode(command)
      if (this.#text !== '') this.#parts.push(this.#text)
    }
    this.#exact = !this.#ascii
    const parts = this.#parts
    this.#commands = []
    this.#parts = []
    this.#text = ''
    this.#size = 0
    return parts
  }

  #encode(command: Command): void {
    const { args, spec } = command
    let text = `${this.#text}*${spec.words + args.length}\r\n${spec.head}`
    for (let i = 0; i < args.length; i++) {
      const argument = args[i] as Argument
      if (typeof argument === 'string') {
        if (argument.length >= BIG) {
          this.#parts.push(`${text}$${Buffer.byteLength(argument)}\r\n`, Buffer.from(argument))
          text = '\r\n'
        } else text += `$${this.#exact ? Buffer.byteLength(argument) : argument.length}\r\n${argument}\r\n`
      } else if (argument instanceof Uint8Array) {
        this.#parts.push(`${text}$${argument.byteLength}\r\n`, argument)
        text = '\r\n'
      } else {
        const digits = numberText(argument)
        text += `$${digits.length}\r\n${digits}\r\n`
      }
    }
    this.#text = text
  }
}

function isAscii(parts: readonly Part[]): boolean {
  return parts.every(part => typeof part !== 'string' || Buffer.byteLength(part) === part.length)
}

/** Whole numbers in decimal, however big; fractions in the shortest form that reads back the same. */
export function numberText(value: number | bigint): string {
  return typeof value === 'number' && (value >= 1e21 || value <= -1e21) ? BigInt(value).toString() : String(value)
}
