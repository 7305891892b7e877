import { expect, it } from 'vitest'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('EXPIRE and its variants send times and conditions', () => {
  expectEncodings([
    [r.expire('k', 10), 'EXPIRE k 10'],
    [r.expire('k', 10, { nx: true }), 'EXPIRE k 10 NX'],
    [r.expire('k', 10, { xx: true }), 'EXPIRE k 10 XX'],
    [r.expire('k', 10, { gt: true }), 'EXPIRE k 10 GT'],
    [r.expire('k', 10, { lt: true }), 'EXPIRE k 10 LT'],
    [r.expire('k', 10, { xx: true, lt: true }), 'EXPIRE k 10 XX LT'],
    [r.expire('k', 10, { nx: false, xx: true, gt: true, lt: false }), 'EXPIRE k 10 XX GT'],
    [r.expireat('k', 10, { gt: true }), 'EXPIREAT k 10 GT'],
    [r.pexpire('k', 10, { nx: true }), 'PEXPIRE k 10 NX'],
    [r.pexpireat('k', 10, { lt: true }), 'PEXPIREAT k 10 LT'],
    [r.expiretime('k'), 'EXPIRETIME k'],
    [r.pexpiretime('k'), 'PEXPIRETIME k'],
    [r.ttl('k'), 'TTL k'],
    [r.pttl('k'), 'PTTL k'],
    [r.persist('k'), 'PERSIST k'],
  ])
})

it('EXPIRE rejects conditions that exclude each other', () => {
  for (const method of ['expire', 'expireat', 'pexpire', 'pexpireat']) {
    expectRefusals(/nx and xx exclude/, [loosely(r, method, 'k', 1, { nx: true, xx: true })])
    expectRefusals(/nx and gt exclude/, [loosely(r, method, 'k', 1, { nx: true, gt: true })])
    expectRefusals(/gt and lt exclude/, [loosely(r, method, 'k', 1, { gt: true, lt: true })])
  }
})

it('EXPIRE rejects NaN as a time', () => {
  expectRefusals(/^Argument 2 of EXPIRE is the number NaN/, [r.expire('k', Number.NaN)])
})

it('expiry replies become integers', () => {
  for (const call of [r.expire('k', 1), r.pexpireat('k', 1), r.ttl('k'), r.pexpiretime('k'), r.persist('k')]) {
    expect(call.decode(-2)).toBe(-2)
    expect(call.decode(1, { bigints: true })).toBe(1n)
  }
})
