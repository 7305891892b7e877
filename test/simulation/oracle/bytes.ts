import type { Simulation } from '../simulation.js'
import type { Given, Kept } from '../users/buffers.js'

/** The servers received the bytes of the time of the call, and the bytes that a call returned never change. */
export function* bytes({ notes }: Simulation): Iterable<string> {
  for (const { part, texts, who } of (notes.given ?? []) as Given[]) {
    for (const { args } of part.executions) {
      const odd = args.find(arg => arg.startsWith('@') && !texts.includes(arg))
      if (odd !== undefined) yield `${who} was sent with other bytes than it was called with.`
    }
  }
  for (const { bytes, copy, who } of (notes.kept ?? []) as Kept[]) {
    if (!bytes.equals(copy)) yield `The bytes that ${who} returned have changed since.`
  }
}
