import { type Dice, key, keys, type Make, maybe, word } from './vocabulary.js'

const x = (dice: Dice) => key(dice, 'x')
const id = (dice: Dice) => `${1 + dice.below(6)}-${dice.below(5)}`
const odd = (dice: Dice) => dice.pick(['x', '1-x', '', '-', '99999999999999999999', '(1'])
const idOr = (dice: Dice, ...others: readonly string[]) => {
  const chance = dice.below(20)
  return chance === 0 ? odd(dice) : chance < 5 && others.length > 0 ? dice.pick(others) : id(dice)
}
/** An id, most often a high one, so that XADD accepts most of them. */
const rising = (dice: Dice) =>
  dice.pick(
    [`${dice.below(1_000_000)}-*`, `${dice.below(2_000_000)}-1`, `${dice.below(12)}-*`, '18446744073709551615-*'].slice(
      0,
      dice.chance(0.97) ? 3 : 4,
    ),
  )
const fields = (dice: Dice) => Array.from({ length: 1 + dice.below(2) }, () => [word(dice), word(dice)]).flat()
const trim = (dice: Dice) => [
  ...dice
    .pick([
      ['MAXLEN', dice.pick(['', '=', '~'])],
      ['MINID', dice.pick(['', '=', '~'])],
    ])
    .filter(Boolean),
]
const trimming = (dice: Dice): string[] => {
  const words = trim(dice)
  return [
    ...words,
    words[0] === 'MAXLEN' ? String(dice.below(8) - (dice.chance(0.05) ? 3 : 0)) : idOr(dice),
    ...maybe(dice, 0.1, 'LIMIT', '10'),
  ]
}
const g = (dice: Dice) => dice.pick(['g1', 'g2', 'g1', 'g1', dice.chance(0.1) ? 'none' : 'g1'])
const c = (dice: Dice) => dice.pick(['c1', 'c2', 'c3'])
const bound = (dice: Dice) =>
  dice.pick(['-', '+', id(dice), `(${id(dice)}`, '3', '(4', dice.chance(0.1) ? odd(dice) : '0'])
const count = (dice: Dice) => maybe(dice, 0.4, 'COUNT', dice.pick(['1', '2', '10', '0', dice.chance(0.2) ? '-1' : '5']))

export const STREAMS: readonly Make[] = [
  d => ['XADD', x(d), ...maybe(d, 0.1, 'NOMKSTREAM'), rising(d), ...fields(d)],
  d => ['XADD', x(d), ...maybe(d, 0.2, ...trimming(d)), idOr(d), ...fields(d)],
  d => ['XADD', x(d), ...trimming(d), rising(d), ...fields(d)],
  d => ['XLEN', x(d)],
  d => [d.pick(['XRANGE', 'XREVRANGE']), x(d), bound(d), bound(d), ...count(d)],
  d => ['XDEL', x(d), idOr(d), ...maybe(d, 0.4, id(d))],
  d => ['XTRIM', x(d), ...trimming(d)],
  d => [
    'XSETID',
    x(d),
    idOr(d),
    ...maybe(d, 0.3, 'ENTRIESADDED', d.pick(['5', '100', '-1'])),
    ...maybe(d, 0.3, 'MAXDELETEDID', id(d)),
  ],
  d => {
    const those = keys(d, 'x', 2)
    return ['XREAD', ...count(d), 'STREAMS', ...those, ...those.map(() => idOr(d, '0', '$', '0-0'))]
  },
  d => [
    'XREADGROUP',
    'GROUP',
    g(d),
    c(d),
    ...count(d),
    ...maybe(d, 0.2, 'NOACK'),
    'STREAMS',
    x(d),
    idOr(d, '>', '>', '0'),
  ],
  d => ['XREADGROUP', 'GROUP', g(d), c(d), ...count(d), 'STREAMS', x(d), '>'],
  d => [
    'XGROUP',
    'CREATE',
    x(d),
    g(d),
    idOr(d, '0', '$'),
    ...maybe(d, 0.6, 'MKSTREAM'),
    ...maybe(d, 0.2, 'ENTRIESREAD', d.pick(['0', '3', '-1', '-2'])),
  ],
  d => ['XGROUP', 'SETID', x(d), g(d), idOr(d, '0', '$'), ...maybe(d, 0.2, 'ENTRIESREAD', '2')],
  d => (d.chance(0.3) ? ['XGROUP', 'DESTROY', x(d), g(d)] : ['XLEN', x(d)]),
  d => ['XGROUP', d.pick(['CREATECONSUMER', 'DELCONSUMER']), x(d), g(d), c(d)],
  d => ['XACK', x(d), g(d), idOr(d), ...maybe(d, 0.5, id(d))],
  d => ['XPENDING', x(d), g(d)],
  d => [
    'XPENDING',
    x(d),
    g(d),
    ...maybe(d, 0.2, 'IDLE', d.pick(['0', '100000000'])),
    bound(d),
    bound(d),
    d.pick(['10', '1', '0', '-1']),
    ...maybe(d, 0.3, c(d)),
  ],
  d => [
    'XCLAIM',
    x(d),
    g(d),
    c(d),
    d.pick(['0', '0', '100000000', 'x']),
    id(d),
    ...maybe(d, 0.5, id(d)),
    ...maybe(d, 0.2, 'JUSTID'),
    ...maybe(d, 0.3, 'FORCE'),
    ...maybe(d, 0.2, 'RETRYCOUNT', '7'),
    ...maybe(d, 0.1, 'IDLE', '0'),
    ...maybe(d, 0.1, 'LASTID', id(d)),
    ...maybe(d, 0.05, 'FOO'),
  ],
  d => [
    'XAUTOCLAIM',
    x(d),
    g(d),
    c(d),
    d.pick(['0', '0', '100000000', 'x']),
    bound(d),
    ...count(d),
    ...maybe(d, 0.2, 'JUSTID'),
  ],
  d => ['XINFO', d.pick(['STREAM', 'GROUPS']), x(d)],
  d => ['XINFO', 'CONSUMERS', x(d), g(d)],
]

export const BLOCKING_STREAMS: readonly Make[] = [
  d => {
    const those = [...new Set(keys(d, 'x', 2))]
    return [
      'XREAD',
      ...count(d),
      'BLOCK',
      d.pick(['0', '0', '0', '-1', 'x']),
      'STREAMS',
      ...those,
      ...those.map(() => idOr(d, '$', '$')),
    ]
  },
  d => ['XREADGROUP', 'GROUP', g(d), c(d), ...count(d), 'BLOCK', '0', 'STREAMS', x(d), idOr(d, '>', '>')],
]
