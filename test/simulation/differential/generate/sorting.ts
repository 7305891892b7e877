import { type Dice, type KeyKind, key, type Make, maybe, small, word } from './vocabulary.js'

const any = (dice: Dice) => key(dice, dice.pick<KeyKind>(['s', 'l', 'h', 'e', 'z', 'x']))
const numbers = (dice: Dice) => `{t}n${dice.below(2)}`
const limit = (dice: Dice) => maybe(dice, 0.3, 'LIMIT', small(dice), small(dice))
const way = (dice: Dice) => maybe(dice, 0.4, dice.pick(['ASC', 'DESC', 'desc']))
const gets = (dice: Dice) =>
  maybe(dice, 0.3, ...maybe(dice, 0.5, 'GET', '#'), 'GET', dice.pick(['{t}w*', '{t}h*->foo', '{t}s*', 'x', '{t}w*->']))
const into = (dice: Dice) => maybe(dice, 0.3, 'STORE', key(dice, 'l'))

export const SORTING: readonly Make[] = [
  d => [
    'RPUSH',
    numbers(d),
    ...Array.from({ length: 1 + d.below(5) }, () => d.pick(['1', '2', '30', '-4', '5.5', '0'])),
  ],
  d => ['SET', `{t}w${d.pick(['1', '2', '30', '-4', 'a'])}`, d.pick(['7', '-1', '2.5', d.chance(0.1) ? 'x' : '3'])],
  d => ['LTRIM', numbers(d), '0', '6'],
  // Without STORE: Redis sometimes fails to convert numbers, because it takes an old value of errno for that of strtod.
  d => ['SORT', numbers(d), ...way(d), ...limit(d), ...gets(d)],
  d => ['SORT', numbers(d), 'BY', '{t}w*', ...way(d), ...limit(d), ...gets(d)],
  d => ['SORT', d.chance(0.5) ? numbers(d) : `{t}y${d.below(2)}`, 'BY', 'nosort', ...way(d), ...limit(d), ...into(d)],
  d => ['SORT', any(d), 'ALPHA', ...way(d), ...limit(d), ...gets(d), ...into(d)],
  d => ['SORT_RO', any(d), ...maybe(d, 0.7, 'ALPHA'), ...way(d), ...maybe(d, 0.05, word(d))],
]

/** `{dump}` stands for the payload of the last DUMP, which is another one on each server. */
export const DUMPS: readonly Make[] = [
  d => ['DUMP', any(d)],
  d => ['RESTORE', any(d), d.pick(['0', '0', '10000000', '-1', 'x']), '{dump}', ...maybe(d, 0.6, 'REPLACE')],
  d => [
    'RESTORE',
    any(d),
    '99999999999999',
    '{dump}',
    'REPLACE',
    'ABSTTL',
    ...maybe(d, 0.2, 'IDLETIME', d.pick(['3', '-1'])),
  ],
  d => [
    'RESTORE',
    any(d),
    '1',
    '{dump}',
    'ABSTTL',
    ...maybe(d, 0.7, 'replace'),
    ...maybe(d, 0.2, 'FREQ', d.pick(['3', '256'])),
  ],
  d => ['RESTORE', any(d), '0', word(d), ...maybe(d, 0.2, word(d))],
  d => ['OBJECT', d.pick(['FREQ', 'IDLETIME', 'foo']), key(d, 'z')],
  // The count of a number is that of all keys that hold it.
  () => ['OBJECT', 'REFCOUNT', '{t}none'],
]
