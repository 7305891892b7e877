import { expect, it } from 'vitest'
import { findKeys } from '../../src/commands/core/key-specs.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { type Recorded, Recorder } from './recorder.js'

const r = new Recorder()

it('SORT sends its options, with the patterns of GET at the end', () => {
  expectEncodings([
    [r.sort('k'), 'SORT k'],
    [r.sort('k', { limit: { offset: 0, count: 5 }, desc: true, alpha: true }), 'SORT k LIMIT 0 5 DESC ALPHA'],
    [r.sort('k', { asc: true, desc: false }), 'SORT k ASC'],
    [r.sort('k', { by: 'w_*', get: '#' }), 'SORT k BY w_* GET #'],
    [r.sort('k', { get: ['o_*', '#'], store: 'to' }), 'SORT k STORE to GET o_* GET #', 'k to'],
    [r.sort('k', { by: 'nosort', store: 'to' }), 'SORT k STORE to BY nosort', 'k to'],
    [r.sortRo('k', { by: 'w_*', get: ['o_*'] }), 'SORT_RO k BY w_* GET o_*'],
  ])
})

it('SORT reports all its patterns, so that a prefix is added to them', () => {
  const names = ({ command }: Recorded): unknown[] => {
    const found: number[] = []
    for (const spec of command.spec.names) findKeys(spec, command.args, found)
    return found.map(index => command.args[index])
  }
  expect(names(r.sort('k'))).toEqual([])
  expect(names(r.sort('k', { by: 'w_*', get: ['o_*', 'p_*->f'], store: 'to' }))).toEqual(['w_*', 'o_*', 'p_*->f'])
  expect(names(r.sortRo('k', { by: 'w_*', get: 'o_*' }))).toEqual(['w_*', 'o_*'])
})

it('SORT rejects invalid options', () => {
  expectRefusals(/asc and desc exclude/, [loosely(r, 'sort', 'k', { asc: true, desc: true })])
  expectRefusals(/At least one pattern/, [r.sort('k', { get: [] }), r.sortRo('k', { get: [] })])
  expectRefusals(/is undefined/, [loosely(r, 'sort', 'k', { limit: { offset: 1 } })])
})

it('SORT becomes elements, or the length of the stored list', () => {
  expect(r.sort('k').decode(['a', 'b'])).toEqual(['a', 'b'])
  expect(r.sort('k', { get: 'o_*' }).decode([Buffer.from('a'), null], { bytes: true })).toEqual([
    Buffer.from('a'),
    null,
  ])
  expect(r.sort('k', { store: 'to' }).decode(2)).toBe(2)
  expect(r.sort('k', { store: 'to' }).decode(2, { bigints: true })).toBe(2n)
  expect(r.sortRo('k').decode(['a'])).toEqual(['a'])
})
