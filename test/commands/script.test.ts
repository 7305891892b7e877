import { expect, it } from 'vitest'
import { int } from '../../src/commands/core/decoders.js'
import { applyPrefix } from '../../src/commands/core/prefix.js'
import { MapReply } from '../../src/commands/core/reply.js'
import { Script, ScriptCommand } from '../../src/commands/script.js'
import { expectEncodings, expectRefusals } from './encoding.js'
import { type Recorded, Recorder } from './recorder.js'

const r = new Recorder()
const lua = 'return 1'
const sha1 = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db'

it('a Script has the same SHA-1 as on the server', () => {
  expect(new Script({ lua }).sha1).toBe(sha1)
  expect(new Script({ lua: 'return "é"' }).sha1).toBe('3cf71d276cb9832cebc56895d377282f6a326756')
})

it('a Script runs as EVALSHA', () => {
  const script = new Script({ lua })
  expectEncodings([
    [script.run(r), `EVALSHA ${sha1} 0`, ''],
    [script.run(r, ['a', 'b'], ['x', 5]), `EVALSHA ${sha1} 2 a b x 5`, 'a b'],
    [script.run(r, 'a', 5), `EVALSHA ${sha1} 1 a 5`, 'a'],
    [new Script({ lua, readonly: true }).run(r, ['a']), `EVALSHA_RO ${sha1} 1 a`, 'a'],
  ])
})

it('a Script becomes EVAL with the same text, keys, arguments, decoder and format', () => {
  const { command } = new Script({ lua, decode: int }).run(r, ['a'], ['x'])
  const shape = { bytes: true, bigints: true, prefix: 'p:' }
  command.shape = shape
  applyPrefix(command, 'p:')
  const text = evalOf(command)
  expect([text.spec.name, ...text.args]).toEqual(['EVAL', lua, 1, 'p:a', 'x'])
  expect(text.shape).toBe(shape)
  expect(text.decode).toBe(command.decode)
  const readonly = evalOf(new Script({ lua, readonly: true }).run(r).command)
  expect([readonly.spec.name, ...readonly.args]).toEqual(['EVAL_RO', lua, 0])
})

it('a Script rejects a wrong number of keys', () => {
  const script = new Script({ lua, keys: 1 })
  expectRefusals(/The script needs 1 keys, but 0 were given/, [script.run(r)])
  expectRefusals(/The script needs 1 keys, but 2 were given/, [script.run(r, ['a', 'b'])])
  expect(script.run(r, 'a').argv).toEqual(['EVALSHA', sha1, 1, 'a'])
})

it('a Script returns the reply as it came, or the result of its decoder or function', () => {
  const map = new MapReply(['a', 1])
  expect(new Script({ lua }).run(r).decode(map)).toStrictEqual(new Map([['a', 1]]))
  const typed = new Script<number | bigint>({ lua, decode: int })
  expect([typed.run(r).decode(7), typed.run(r).decode(7, { bigints: true })]).toEqual([7, 7n])
  const size = new Script({ lua, decode: reply => (reply as Map<string, number>).size })
  expect(size.run(r).decode(map)).toBe(1)
  expect(new Script({ lua, decode: Number }).run(r).decode('2.5')).toBe(2.5)
})

function evalOf(command: Recorded['command']) {
  if (!(command instanceof ScriptCommand)) throw new Error('the command is not a ScriptCommand')
  return command.asEval()
}
