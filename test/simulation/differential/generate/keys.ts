import { type Dice, farSeconds, type KeyKind, key, type Make, maybe } from './vocabulary.js'

const any = (dice: Dice) => key(dice, dice.pick<KeyKind>(['s', 'l', 'h', 'e', 'z', 'x']))
const some = (dice: Dice) => Array.from({ length: 1 + dice.below(3) }, () => any(dice))
const flags = (dice: Dice) => [
  ...maybe(dice, 0.3, dice.pick(['NX', 'XX', 'GT', 'LT', 'gt', 'FOO'])),
  ...maybe(dice, 0.1, dice.pick(['NX', 'XX', 'GT', 'LT'])),
]
/** Two keys in the same slot, most often of the same type. */
const twin = (dice: Dice): string[] => {
  const kind = dice.pick<KeyKind>(['s', 'l', 'h', 'e', 'z', 'x'])
  return [key(dice, kind), key(dice, kind)]
}

export const KEYS: readonly Make[] = [
  d => [d.pick(['DEL', 'UNLINK']), ...some(d)],
  d => [d.pick(['EXISTS', 'TOUCH']), ...some(d)],
  d => ['TYPE', any(d)],
  d => ['KEYS', d.pick(['*', '{t}s*', '{t}?1', '{t}[sl]*', '{t}[^s]1', '*\\*', '{t}[a-l]?', 'nothing'])],
  d => ['DBSIZE', ...maybe(d, 0.05, 'x')],
  d => ['RENAME', ...twin(d)],
  d => ['RENAMENX', ...twin(d)],
  d => ['COPY', ...twin(d), ...maybe(d, 0.4, 'REPLACE'), ...maybe(d, 0.1, 'DB', d.pick(['0', '1', '99', 'x']))],
  d => ['MOVE', any(d), d.pick(['1', '0', '1', '99', 'x'])],
  d => [
    'EXPIRE',
    any(d),
    d.pick([farSeconds(d), farSeconds(d), farSeconds(d), '0', '-3', '9223372036854775807', 'x']),
    ...flags(d),
  ],
  d => ['PEXPIRE', any(d), `${farSeconds(d)}000`, ...flags(d)],
  d => ['EXPIREAT', any(d), d.pick(['99999999999', '88888888888', '1']), ...flags(d)],
  d => ['PEXPIREAT', any(d), d.pick(['99999999999999', '88888888888888', '-1']), ...flags(d)],
  d => [d.pick(['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME']), any(d)],
  d => ['PERSIST', any(d)],
  d =>
    d.chance(0.05) ? [d.pick(['FLUSHDB', 'FLUSHALL']), ...maybe(d, 0.3, d.pick(['ASYNC', 'SYNC', 'x']))] : ['PING'],
  d => (d.chance(0.2) ? ['SWAPDB', d.pick(['0', '1', 'x']), d.pick(['1', '0', '99', 'x'])] : ['PING', 'x']),
]
