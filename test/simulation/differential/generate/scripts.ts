import { ACQUIRE, EXTEND, LEAVE, OWNER, RELEASE } from '../../../../src/lock/scripts.js'
import { sha1 } from '../../model/scripts.js'
import { ADD, COMPARE_AND_SET, ECHO, SWAP, WRITE_AND_FAIL, WRITE_AND_RETURN_ERROR } from '../../model/twins/samples.js'
import { type Dice, key, type Make, small, word, words } from './vocabulary.js'

/** Runs a script by EVAL with its text, or by EVALSHA. */
function run(dice: Dice, lua: string, keys: readonly string[], args: readonly string[]): string[] {
  const [name, script] = dice.chance(0.7) ? ['EVAL', lua] : ['EVALSHA', sha1(lua)]
  return [name, script, String(keys.length), ...keys, ...args]
}

const lock = (dice: Dice) => `{t}lock${dice.below(2)}`
const token = (dice: Dice) => dice.pick(['one', 'two', 'three'])
const id = (dice: Dice) => dice.pick(['room:1', 'room:2', 'other:1', 'odd'])
const both = (name: string) => [name, `${name}:waiting`]

/** Each time is longer than all before. Otherwise a millisecond could decide whether the script prolongs a key. */
let longest = 100_000_000
const later = () => {
  longest += 10_000
  return String(longest)
}

export const SCRIPTS: readonly Make[] = [
  d =>
    run(
      d,
      ACQUIRE.lua,
      [...both(lock(d)), '{t}fencing'],
      [token(d), d.pick(['90000000', '']), d.pick([id(d), '']), d.pick(['', '1700000000000000']), later()],
    ),
  d => run(d, ACQUIRE.lua, [...both(lock(d)), '{t}lockodd'], [token(d), '90000000', '', '', '']),
  () => ['RPUSH', '{t}lockodd', 'x'],
  d => run(d, RELEASE.lua, both(lock(d)), [token(d)]),
  d => run(d, LEAVE.lua, both(lock(d)), [id(d)]),
  d => run(d, EXTEND.lua, [lock(d)], [token(d), '95000000', d.pick(['add', 'replace', 'reset', 'keep'])]),
  d => run(d, OWNER.lua, [lock(d)], [token(d)]),
  d => run(d, ADD, [key(d, 's')], [d.pick([small(d), 'x'])]),
  d => run(d, ECHO, [], words(d)),
  d => run(d, SWAP, [key(d, 's'), key(d, 's')], []),
  d => run(d, COMPARE_AND_SET, [key(d, 's')], [word(d), word(d)]),
  d => run(d, WRITE_AND_FAIL, [key(d, 's')], [word(d)]),
  d => run(d, WRITE_AND_RETURN_ERROR, [key(d, 's')], [word(d), d.pick(['NOSCRIPT of my own', 'MINE it failed'])]),
  d => ['EVAL', ECHO, d.pick(['1', '-1', 'x'])],
  d => (d.chance(0.2) ? ['SCRIPT', 'FLUSH', d.pick(['SYNC', 'x'])] : ['SCRIPT', 'EXISTS', sha1(ADD), 'x']),
  () => ['SCRIPT', 'LOAD', SWAP],
  () => ['SCRIPT', 'KILL'],
]
