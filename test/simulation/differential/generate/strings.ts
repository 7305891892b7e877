import { type Dice, farSeconds, float, key, keys, type Make, maybe, small, word } from './vocabulary.js'

const expiry = (dice: Dice): string[] =>
  dice.pick([
    ['EX', farSeconds(dice)],
    ['PX', `${farSeconds(dice)}000`],
    ['EXAT', '99999999999'],
    ['PXAT', '99999999999999'],
    ['KEEPTTL'],
    ['EX', '0'],
    ['PX', '-1'],
    ['EX', '9223372036854775807'],
    ['EX', 'abc'],
    [],
    [],
  ])
const s = (dice: Dice) => key(dice, 's')
const pairs = (dice: Dice) => keys(dice, 's').flatMap(each => [each, word(dice)])

export const STRINGS: readonly Make[] = [
  d => ['GET', s(d)],
  d => [
    'SET',
    s(d),
    word(d),
    ...maybe(d, 0.3, d.pick(['NX', 'XX', 'nx', 'foo'])),
    ...maybe(d, 0.3, 'GET'),
    ...expiry(d),
  ],
  d => ['SETNX', s(d), word(d)],
  d => ['SETEX', s(d), d.pick([farSeconds(d), '0', 'x']), word(d)],
  d => ['PSETEX', s(d), d.pick([`${farSeconds(d)}000`, '-5']), word(d)],
  d => ['GETSET', s(d), word(d)],
  d => ['GETDEL', s(d)],
  d => ['GETEX', s(d), ...d.pick([expiry(d), ['PERSIST'], ['EXAT', '1'], ['PXAT', '1']])],
  d => ['APPEND', s(d), word(d)],
  d => ['STRLEN', s(d)],
  d => ['SETRANGE', s(d), small(d), word(d)],
  d => [d.pick(['GETRANGE', 'SUBSTR']), s(d), small(d), small(d)],
  d => ['MGET', ...keys(d, 's')],
  d => ['MSET', ...pairs(d)],
  d => ['MSETNX', ...pairs(d)],
  d => [d.pick(['INCR', 'DECR']), s(d)],
  d => [d.pick(['INCRBY', 'DECRBY']), s(d), d.pick([small(d), '9223372036854775807', '-9223372036854775808'])],
  d => ['INCRBYFLOAT', s(d), d.pick([float(d), 'inf', 'nan', 'x'])],
  d => ['LCS', s(d), s(d), ...maybe(d, 0.3, 'LEN'), ...maybe(d, 0.3, 'IDX'), ...maybe(d, 0.3, 'WITHMATCHLEN')],
  d => ['SET', s(d), d.pick(['1', '22', '0.5', '-7', '3.0', '9223372036854775806', ' 1', '01'])],
]
