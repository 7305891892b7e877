import { count, type Dice, float, key, keys, type Make, maybe, small, word, words } from './vocabulary.js'

const h = (dice: Dice) => key(dice, 'h')
const e = (dice: Dice) => key(dice, 'e')
const pairs = (dice: Dice) => words(dice).flatMap(each => [each, word(dice)])
const whole = (dice: Dice) => dice.pick(['0', '0', '0', '0', 'x'])
const match = (dice: Dice) => [...maybe(dice, 0.3, 'MATCH', dice.pick(['*', 'f*', '?', 'x*'])), 'COUNT', '1000']

export const HASHES: readonly Make[] = [
  d => [d.pick(['HSET', 'HMSET', 'HSET']), h(d), ...pairs(d)],
  d => ['HSETNX', h(d), word(d), word(d)],
  d => ['HGET', h(d), word(d)],
  d => ['HMGET', h(d), ...words(d)],
  d => ['HDEL', h(d), ...words(d)],
  d => ['HLEN', h(d)],
  d => ['HSTRLEN', h(d), word(d)],
  d => ['HEXISTS', h(d), word(d)],
  d => [d.pick(['HKEYS', 'HVALS', 'HGETALL']), h(d)],
  d => ['HINCRBY', h(d), word(d), d.pick([small(d), '9223372036854775807', 'x'])],
  d => ['HINCRBYFLOAT', h(d), word(d), d.pick([float(d), 'inf', 'x'])],
  d => ['HRANDFIELD', '{t}none', ...maybe(d, 0.5, small(d)), ...maybe(d, 0.3, 'WITHVALUES')],
  d => ['HSCAN', h(d), d.pick(['0', '0', 'x', '', '1.5'].slice(0, d.chance(0.9) ? 2 : 5)), ...match(d)],
]

export const SETS: readonly Make[] = [
  d => ['SADD', e(d), ...words(d)],
  d => ['SADD', e(d), ...words(d)],
  d => ['SREM', e(d), ...words(d)],
  d => [d.pick(['SISMEMBER', 'SMISMEMBER']), e(d), word(d)],
  d => ['SMISMEMBER', e(d), ...words(d)],
  d => [d.pick(['SMEMBERS', 'SCARD']), e(d)],
  d => ['SMOVE', e(d), e(d), word(d)],
  d => ['SPOP', e(d), d.pick(['1000', '1000', '0', '-1', 'x'])],
  () => ['SPOP', '{t}none'],
  d => ['SRANDMEMBER', '{t}none', ...maybe(d, 0.5, small(d)), ...maybe(d, 0.2, word(d))],
  d => [d.pick(['SINTER', 'SUNION', 'SDIFF']), ...keys(d, 'e')],
  d => [d.pick(['SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE']), e(d), ...keys(d, 'e')],
  d => {
    const those = keys(d, 'e')
    return [
      'SINTERCARD',
      d.pick([String(those.length), String(those.length), '0', '9', 'x']),
      ...those,
      ...maybe(d, 0.4, 'LIMIT', d.pick([count(d), '-1'])),
    ]
  },
  d => ['SSCAN', e(d), whole(d), ...maybe(d, 0.3, 'MATCH', '*'), 'COUNT', '1000'],
]
