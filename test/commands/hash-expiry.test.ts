import { expect, it } from 'vitest'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('hash field expiry commands send the number of fields before the fields', () => {
  expectEncodings([
    [r.hexpire('k', 10, 'f'), 'HEXPIRE k 10 FIELDS 1 f'],
    [r.hexpire('k', 10, ['f', 'g'], { nx: true }), 'HEXPIRE k 10 NX FIELDS 2 f g'],
    [r.hexpireat('k', 10, 'f', { xx: true }), 'HEXPIREAT k 10 XX FIELDS 1 f'],
    [r.hpexpire('k', 10, 'f', { gt: true }), 'HPEXPIRE k 10 GT FIELDS 1 f'],
    [r.hpexpireat('k', 10, 'f', { lt: true }), 'HPEXPIREAT k 10 LT FIELDS 1 f'],
    [r.hexpiretime('k', ['f', 'g']), 'HEXPIRETIME k FIELDS 2 f g'],
    [r.hpexpiretime('k', 'f'), 'HPEXPIRETIME k FIELDS 1 f'],
    [r.httl('k', ['f', 'g']), 'HTTL k FIELDS 2 f g'],
    [r.hpttl('k', 'f'), 'HPTTL k FIELDS 1 f'],
    [r.hpersist('k', Buffer.from('f')), 'HPERSIST k FIELDS 1 f'],
    [r.hgetdel('k', ['f', 'g']), 'HGETDEL k FIELDS 2 f g'],
    [r.hgetex('k', 'f'), 'HGETEX k FIELDS 1 f'],
    [r.hgetex('k', 'f', { ex: 5 }), 'HGETEX k EX 5 FIELDS 1 f'],
    [r.hgetex('k', ['f', 'g'], { persist: true }), 'HGETEX k PERSIST FIELDS 2 f g'],
    [r.hsetex('k', { f: 1, g: 'x' }), 'HSETEX k FIELDS 2 f 1 g x'],
    [r.hsetex('k', new Map([['f', 1]]), { fnx: true, pxat: 9 }), 'HSETEX k FNX PXAT 9 FIELDS 1 f 1'],
    [r.hsetex('k', { f: 1 }, { fxx: true, keepttl: true }), 'HSETEX k FXX KEEPTTL FIELDS 1 f 1'],
  ])
})

it('hash field expiry commands reject options that exclude each other', () => {
  for (const method of ['hexpire', 'hexpireat', 'hpexpire', 'hpexpireat']) {
    expectRefusals(/xx and lt exclude/, [loosely(r, method, 'k', 1, 'f', { xx: true, lt: true })])
  }
  expectRefusals(/ex and persist exclude/, [loosely(r, 'hgetex', 'k', 'f', { ex: 1, persist: true })])
  expectRefusals(/fnx and fxx exclude/, [loosely(r, 'hsetex', 'k', { f: 1 }, { fnx: true, fxx: true })])
})

it('hash field expiry commands reject an empty list of fields', () => {
  expectRefusals(/At least one field is needed/, [
    r.hexpire('k', 1, []),
    r.httl('k', []),
    r.hgetdel('k', []),
    r.hgetex('k', []),
    r.hsetex('k', {}),
  ])
})

it('hash field expiry replies have one item for each field', () => {
  for (const call of [r.hexpire('k', 1, 'f'), r.httl('k', 'f'), r.hpersist('k', 'f'), r.hpexpiretime('k', 'f')]) {
    expect(call.decode([1, -2])).toEqual([1, -2])
    expect(call.decode([1, -2], { bigints: true })).toEqual([1n, -2n])
  }
  for (const call of [r.hgetdel('k', 'f'), r.hgetex('k', 'f')]) {
    expect(call.decode(['v', null])).toEqual(['v', null])
    expect(call.decode([Buffer.from('v'), null], { bytes: true })).toEqual([Buffer.from('v'), null])
  }
  expect(r.hsetex('k', { f: 1 }).decode(1, { bigints: true })).toBe(1n)
})
