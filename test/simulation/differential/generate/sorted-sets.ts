import { count, type Dice, float, key, keys, type Make, maybe, small, word, words } from './vocabulary.js'

const z = (dice: Dice) => key(dice, 'z')
/** A set whose members all have the same score: ranges by member are defined for such sets only. */
const y = (dice: Dice) => `{t}y${dice.below(2)}`
const score = (dice: Dice) =>
  dice.pick([float(dice), float(dice), float(dice), 'inf', '-inf', 'nan', 'x'].slice(0, dice.chance(0.9) ? 3 : 7))
const scored = (dice: Dice) => words(dice).flatMap(each => [score(dice), each])
const limit = (dice: Dice) => maybe(dice, 0.3, 'LIMIT', small(dice), small(dice))
const lex = (dice: Dice) => dice.pick(['-', '+', '[a', '(b', '[foo', '(c', '[', dice.chance(0.1) ? 'x' : '-'])
const min = (dice: Dice) => dice.pick(['-inf', '+inf', '0', '(1', '2', '(-3', '0.1', dice.chance(0.1) ? 'x' : '0'])
const scores = (dice: Dice) => maybe(dice, 0.4, 'WITHSCORES')
const side = (dice: Dice) => dice.pick(['MIN', 'MAX', 'min', 'MAX', dice.chance(0.2) ? 'UP' : 'MIN'])
const timeout = (dice: Dice) => dice.pick(['0', '0', '0', '-1', 'x'])
const sources = (dice: Dice) => {
  const those = Array.from({ length: 1 + dice.below(3) }, () => key(dice, dice.chance(0.2) ? 'e' : 'z'))
  return [String(dice.chance(0.92) ? those.length : dice.below(6) - 1), ...those]
}
const joining = (dice: Dice) => [
  ...maybe(dice, 0.2, 'WEIGHTS', '2', '0.5'),
  ...maybe(dice, 0.1, 'WEIGHTS', '3'),
  ...maybe(dice, 0.3, 'AGGREGATE', dice.pick(['MIN', 'max', 'SUM', 'x'])),
]
const pops = (dice: Dice) => {
  const those = keys(dice, 'z')
  return [
    dice.pick([String(those.length), String(those.length), '0', '9']),
    ...those,
    side(dice),
    ...maybe(dice, 0.4, 'COUNT', count(dice)),
  ]
}

export const SORTED_SETS: readonly Make[] = [
  d => ['ZADD', z(d), ...scored(d)],
  d => ['ZADD', z(d), ...scored(d)],
  d => [
    'ZADD',
    z(d),
    ...maybe(d, 0.3, d.pick(['NX', 'XX'])),
    ...maybe(d, 0.3, d.pick(['GT', 'LT', 'NX'])),
    ...maybe(d, 0.3, 'CH'),
    ...maybe(d, 0.2, 'INCR'),
    ...scored(d),
  ],
  d => ['ZADD', z(d), d.pick(['INCR', 'XX', 'LT', 'GT']), 'INCR', score(d), word(d)],
  d => ['ZINCRBY', z(d), score(d), word(d)],
  d => ['ZADD', y(d), ...words(d).flatMap(each => ['0', each])],
  d => ['ZREM', z(d), ...words(d)],
  d => ['ZCARD', z(d)],
  d => ['ZSCORE', z(d), word(d)],
  d => ['ZMSCORE', z(d), ...words(d)],
  d => [d.pick(['ZRANK', 'ZREVRANK']), z(d), word(d)],
  d => ['ZRANDMEMBER', '{t}none', ...maybe(d, 0.5, small(d)), ...maybe(d, 0.3, 'WITHSCORES')],
  d => ['ZSCAN', z(d), d.pick(['0', '0', '0', 'x']), ...maybe(d, 0.3, 'MATCH', 'f*'), 'COUNT', '1000'],
  d => [
    'ZRANGE',
    z(d),
    small(d),
    small(d),
    ...maybe(d, 0.3, 'REV'),
    ...scores(d),
    ...maybe(d, 0.05, 'LIMIT', '0', '2'),
  ],
  d => ['ZRANGE', z(d), min(d), min(d), 'BYSCORE', ...maybe(d, 0.3, 'REV'), ...limit(d), ...scores(d)],
  d => ['ZRANGE', y(d), lex(d), lex(d), 'BYLEX', ...maybe(d, 0.3, 'REV'), ...limit(d), ...maybe(d, 0.05, 'WITHSCORES')],
  d => ['ZRANGESTORE', z(d), z(d), small(d), small(d), ...maybe(d, 0.3, 'REV')],
  d => ['ZRANGESTORE', z(d), z(d), min(d), min(d), 'BYSCORE', ...limit(d)],
  d => ['ZREVRANGE', z(d), small(d), small(d), ...scores(d)],
  d => [d.pick(['ZRANGEBYSCORE', 'ZREVRANGEBYSCORE']), z(d), min(d), min(d), ...limit(d), ...scores(d)],
  d => [d.pick(['ZRANGEBYLEX', 'ZREVRANGEBYLEX']), y(d), lex(d), lex(d), ...limit(d)],
  d => ['ZCOUNT', z(d), min(d), min(d)],
  d => ['ZLEXCOUNT', y(d), lex(d), lex(d)],
  d => ['ZREMRANGEBYRANK', z(d), small(d), small(d)],
  d => ['ZREMRANGEBYSCORE', z(d), min(d), min(d)],
  d => ['ZREMRANGEBYLEX', y(d), lex(d), lex(d)],
  d => [d.pick(['ZUNION', 'ZINTER']), ...sources(d), ...joining(d), ...scores(d)],
  d => ['ZDIFF', ...sources(d), ...scores(d)],
  d => [d.pick(['ZUNIONSTORE', 'ZINTERSTORE']), z(d), ...sources(d), ...joining(d)],
  d => ['ZDIFFSTORE', z(d), ...sources(d)],
  d => ['ZINTERCARD', ...sources(d), ...maybe(d, 0.4, 'LIMIT', d.pick(['1', '0', '-1']))],
  d => [d.pick(['ZPOPMIN', 'ZPOPMAX']), z(d), ...maybe(d, 0.4, d.pick(['2', '0', '-1', 'x']))],
  d => ['ZMPOP', ...pops(d)],
]

export const BLOCKING_SORTED_SETS: readonly Make[] = [
  d => [d.pick(['BZPOPMIN', 'BZPOPMAX']), ...keys(d, 'z'), timeout(d)],
  d => ['BZMPOP', timeout(d), ...pops(d)],
]
