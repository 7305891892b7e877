import { ADD } from '../../model/twins/samples.js'
import { type Dice, type Make, maybe, small, word } from './vocabulary.js'

/** The tags of all keys: their slots belong to different nodes, and move. */
export const TAGS = ['a', 'b', 'c', 'd', 'e'] as const

const tag = (dice: Dice) => dice.pick(TAGS)
const s = (dice: Dice, of = tag(dice)) => `{${of}}s${dice.below(3)}`
const l = (dice: Dice, of = tag(dice)) => `{${of}}l${dice.below(2)}`
/** Several keys, most often with the same tag. */
const some = (dice: Dice) => {
  const of = tag(dice)
  return Array.from({ length: 1 + dice.below(3) }, () => s(dice, dice.chance(0.9) ? of : tag(dice)))
}
const channel = (dice: Dice) => `{${tag(dice)}}c`
const slot = (dice: Dice) => dice.pick(['15495', '3300', '7365', '11298', '15363', '-1', '16384', 'x'])

export const CLUSTERED: readonly Make[] = [
  d => ['SET', s(d), word(d)],
  d => ['SET', s(d), word(d)],
  d => ['GET', s(d)],
  d => ['GET', s(d)],
  d => ['DEL', ...some(d)],
  d => ['MGET', ...some(d)],
  d => ['MSET', ...some(d).flatMap(key => [key, word(d)])],
  d => ['INCRBY', s(d), small(d)],
  d => ['RENAME', ...some(d).slice(0, 1), s(d)],
  d => ['EVAL', ADD, '1', s(d), small(d)],
  d => ['EVAL', ADD, '2', s(d), s(d), small(d)],
  d => ['RPUSH', l(d), word(d)],
  d => ['LPOP', l(d)],
  d => ['BLPOP', l(d), ...maybe(d, 0.3, l(d)), '0'],
  d => ['SORT', l(d), 'ALPHA', ...d.pick([[], ['BY', '{a}w*'], ['GET', '{b}s*'], ['GET', '#'], ['BY', 'nosort']])],
  () => ['ASKING'],
  () => ['ASKING'],
  () => ['READONLY'],
  () => ['READONLY'],
  () => ['READWRITE'],
  () => ['MULTI'],
  () => ['EXEC'],
  () => ['EXEC'],
  () => ['DISCARD'],
  d => ['WATCH', s(d)],
  d => ['SPUBLISH', channel(d), word(d)],
  d => ['SELECT', d.pick(['0', '1'])],
  d => ['FOO', s(d)],
  () => ['PING'],
]

export const CLUSTER_COMMANDS: readonly Make[] = [
  d => ['CLUSTER', 'KEYSLOT', d.pick(['a', '{b}c', '{}x', 'a{', '{c}{d}', ''])],
  d => ['CLUSTER', 'COUNTKEYSINSLOT', slot(d)],
  d => ['CLUSTER', 'GETKEYSINSLOT', slot(d), d.pick(['0', '100', '-1', 'x'])],
  d => ['CLUSTER', d.pick(['SLOTS', 'SHARDS', 'NODES', 'INFO', 'MYID', 'FOO'])],
  d => ['PUBSUB', 'SHARDNUMSUB', channel(d)],
]

export const SHARD_SUBSCRIBING: readonly Make[] = [
  d => ['SSUBSCRIBE', channel(d)],
  d => ['SSUBSCRIBE', channel(d)],
  d => ['SSUBSCRIBE', channel(d), channel(d)],
  d => ['SUNSUBSCRIBE', ...maybe(d, 0.6, channel(d))],
  () => ['PING'],
]
