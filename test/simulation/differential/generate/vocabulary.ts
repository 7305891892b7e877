/** Random arguments for the generated commands. */

export interface Dice {
  /** Returns an integer from 0 to `below` - 1. */
  below(below: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

export function diceOf(random: () => number): Dice {
  const below = (limit: number) => Math.floor(random() * limit)
  return { below, chance: probability => random() < probability, pick: from => from[below(from.length)]! }
}

export type KeyKind = 's' | 'l' | 'h' | 'e' | 'z' | 'x'

/** Returns a key that most often holds a value of this type, and sometimes one of another type. */
export function key(dice: Dice, kind: KeyKind): string {
  const name = dice.chance(0.06) ? dice.pick(['s', 'l', 'h', 'e', 'z', 'x']) : kind
  return `{t}${name}${dice.below(4)}`
}

export function keys(dice: Dice, kind: KeyKind, most = 3): string[] {
  return Array.from({ length: 1 + dice.below(most) }, () => key(dice, kind))
}

const WORDS = ['a', 'b', 'c', 'd', '', 'foo', 'bar', '10', '-3', '3.5', '1e3', '\r\n', '\xff\x00', 'x'.repeat(70)]

export function word(dice: Dice): string {
  return dice.pick(WORDS)
}

export function words(dice: Dice, most = 4): string[] {
  return Array.from({ length: 1 + dice.below(most) }, () => word(dice))
}

export function small(dice: Dice): string {
  return String(dice.below(13) - 4)
}

export function count(dice: Dice): string {
  return String(dice.below(5))
}

export function float(dice: Dice): string {
  return dice.pick(['0.1', '1.5', '-2', '3e2', '0', '1', '2', '0.3', '-0.7', '1e-5', '12345.678', '5'])
}

/** Returns `args` with this probability, otherwise an empty list. */
export function maybe(dice: Dice, probability: number, ...args: readonly string[]): string[] {
  return dice.chance(probability) ? [...args] : []
}

/** Returns an expiry in seconds that is not reached while the check runs. */
export function farSeconds(dice: Dice): string {
  return String(10_000 + dice.below(1_000))
}

export type Make = (dice: Dice) => readonly string[]
