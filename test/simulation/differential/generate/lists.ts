import { count, type Dice, key, keys, type Make, maybe, small, word, words } from './vocabulary.js'

const l = (dice: Dice) => key(dice, 'l')
const end = (dice: Dice) => dice.pick(['LEFT', 'RIGHT', 'left', 'right', 'LEFT', 'RIGHT', 'UP'])
const pops = (dice: Dice) => {
  const those = keys(dice, 'l')
  return [
    dice.pick([String(those.length), String(those.length), String(those.length), '0', '9', 'x']),
    ...those,
    end(dice),
    ...maybe(dice, 0.4, 'COUNT', count(dice)),
  ]
}
/** Timeouts that block for ever, and invalid ones. The check itself tests the end of a timeout, because it must wait for it. */
const timeout = (dice: Dice) => dice.pick(['0', '0', '0', '0', '-1', 'x', '1e30'])

export const LISTS: readonly Make[] = [
  d => [d.pick(['LPUSH', 'RPUSH', 'LPUSH', 'RPUSH', 'LPUSHX', 'RPUSHX']), l(d), ...words(d)],
  d => [d.pick(['LPOP', 'RPOP']), l(d), ...maybe(d, 0.3, d.pick([count(d), '-1', 'x']))],
  d => ['LLEN', l(d)],
  d => ['LRANGE', l(d), small(d), small(d)],
  d => ['LINDEX', l(d), d.pick([small(d), small(d), 'x'])],
  d => ['LSET', l(d), small(d), word(d)],
  d => ['LINSERT', l(d), d.pick(['BEFORE', 'AFTER', 'before', 'IN']), word(d), word(d)],
  d => ['LREM', l(d), small(d), word(d)],
  d => ['LTRIM', l(d), small(d), small(d)],
  d => [
    'LPOS',
    l(d),
    word(d),
    ...maybe(d, 0.4, 'RANK', small(d)),
    ...maybe(d, 0.4, 'COUNT', small(d)),
    ...maybe(d, 0.3, 'MAXLEN', small(d)),
  ],
  d => ['RPOPLPUSH', l(d), l(d)],
  d => ['LMOVE', l(d), l(d), end(d), end(d)],
  d => ['LMPOP', ...pops(d)],
  d => ['LPUSH', l(d), word(d)],
]

export const BLOCKING: readonly Make[] = [
  d => [d.pick(['BLPOP', 'BRPOP']), ...keys(d, 'l'), timeout(d)],
  d => ['BLMOVE', l(d), l(d), end(d), end(d), timeout(d)],
  d => ['BRPOPLPUSH', l(d), l(d), timeout(d)],
  d => ['BLMPOP', timeout(d), ...pops(d)],
]
