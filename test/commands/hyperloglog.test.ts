import { expect, it } from 'vitest'
import { expectEncodings, expectRefusals } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('HyperLogLog commands send their arguments', () => {
  expectEncodings([
    [r.pfadd('k'), 'PFADD k'],
    [r.pfadd('k', []), 'PFADD k'],
    [r.pfadd('k', 'a', 1), 'PFADD k a 1'],
    [r.pfadd('k', ['a', 1]), 'PFADD k a 1'],
    [r.pfcount('a', 'b'), 'PFCOUNT a b', 'a b'],
    [r.pfmerge('to'), 'PFMERGE to', 'to'],
    [r.pfmerge('to', ['a', 'b']), 'PFMERGE to a b', 'to a b'],
    [r.pfdebug('encoding', 'k'), 'PFDEBUG encoding k', 'k'],
    [r.pfselftest(), 'PFSELFTEST', ''],
  ])
})

it('PFCOUNT rejects an empty list of keys', () => {
  expectRefusals(/At least one key is needed/, [r.pfcount(), r.pfcount([])])
})

it('PFCOUNT counts as read-only although the server flags its keys as written', () => {
  expect(r.pfcount('k').command.spec).toMatchObject({ readonly: true, keys: [{ access: 'write' }] })
})

it('HyperLogLog replies become integers and words', () => {
  expect(r.pfadd('k', 'a').decode(1)).toBe(1)
  expect(r.pfcount('k').decode(1, { bigints: true })).toBe(1n)
  expect(r.pfmerge('k').decode(Buffer.from('OK'), { bytes: true })).toBe('OK')
  expect(r.pfselftest().decode('OK')).toBe('OK')
})

it('PFDEBUG becomes registers, text or an integer, depending on the subcommand', () => {
  expect(r.pfdebug('encoding', 'k').decode(Buffer.from('sparse'), { bytes: true })).toBe('sparse')
  expect(r.pfdebug('getreg', 'k').decode([0, 2], { bigints: true })).toEqual([0n, 2n])
})
