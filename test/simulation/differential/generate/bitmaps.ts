import { type Dice, key, keys, type Make, maybe, small } from './vocabulary.js'

const s = (dice: Dice) => key(dice, 's')
const bit = (dice: Dice) => dice.pick(['0', '1', '0', '1', dice.chance(0.1) ? '2' : '1'])
const offset = (dice: Dice) => dice.pick(['0', '1', '7', '8', '13', '100', dice.chance(0.2) ? '-1' : '3'])
const unit = (dice: Dice) => maybe(dice, 0.5, dice.pick(['BIT', 'BYTE', 'bit', dice.chance(0.1) ? 'x' : 'BYTE']))
const range = (dice: Dice) => [small(dice), ...maybe(dice, 0.9, small(dice), ...unit(dice))]
const field = (dice: Dice) => dice.pick(['u1', 'u8', 'i8', 'u63', 'i64', 'i5', 'u4', dice.chance(0.1) ? 'u64' : 'i1'])
const place = (dice: Dice) => dice.pick(['0', '#1', '5', '#2', '17', dice.chance(0.1) ? '#x' : '0'])
const value = (dice: Dice) => dice.pick(['1', '-1', '255', '-9', '100', '9223372036854775807', '-9223372036854775808'])
const step = (dice: Dice): string[] =>
  dice.pick([
    ['GET', field(dice), place(dice)],
    ['SET', field(dice), place(dice), value(dice)],
    ['INCRBY', field(dice), place(dice), value(dice)],
    ['OVERFLOW', dice.pick(['WRAP', 'sat', 'FAIL', 'FAIL', dice.chance(0.1) ? 'x' : 'SAT'])],
  ])
const steps = (dice: Dice) => Array.from({ length: 1 + dice.below(4) }, () => step(dice)).flat()

export const BITMAPS: readonly Make[] = [
  d => ['SETBIT', s(d), offset(d), bit(d)],
  d => ['GETBIT', s(d), offset(d)],
  d => ['BITCOUNT', s(d), ...maybe(d, 0.7, ...range(d))],
  d => ['BITPOS', s(d), bit(d), ...maybe(d, 0.7, ...range(d))],
  d => ['BITOP', d.pick(['AND', 'or', 'XOR']), s(d), ...keys(d, 's')],
  d => ['BITOP', 'NOT', s(d), s(d), ...maybe(d, 0.1, s(d))],
  d => ['BITFIELD', s(d), ...steps(d)],
  d => ['BITFIELD_RO', s(d), ...d.pick([steps(d), ['GET', 'u8', '0'], ['GET', 'i5', '#1', 'GET', 'u4', '3']])],
]

const p = (dice: Dice) => `{t}p${dice.below(3)}`
const element = (dice: Dice) => `element:${dice.below(dice.chance(0.5) ? 20 : 100_000)}`
const elements = (dice: Dice) => Array.from({ length: dice.below(dice.chance(0.1) ? 200 : 5) }, () => element(dice))

export const HYPERLOGLOGS: readonly Make[] = [
  d => ['PFADD', p(d), ...elements(d)],
  d => ['PFADD', p(d), ...elements(d)],
  // The bytes of a HyperLogLog are the model's own, so no other command of strings gets such a key.
  d => ['PFCOUNT', d.chance(0.1) ? key(d, d.pick(['s', 'l'])) : p(d), ...maybe(d, 0.3, p(d), p(d))],
  d => ['PFMERGE', p(d), ...maybe(d, 0.8, p(d), p(d))],
  d => ['DEL', `{t}p${d.below(3)}`],
]
