import { describe, expect, it } from 'vitest'
import { MapReply, type Reply } from '../../src/commands/core/reply.js'
import { expectEncodings } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('ACL commands send their arguments', () => {
  expectEncodings([
    [r.aclCat(), 'ACL CAT', ''],
    [r.aclCat('string'), 'ACL CAT string', ''],
    [r.aclDeluser('a', 'b'), 'ACL DELUSER a b', ''],
    [r.aclDryrun('a', 'get', 'k'), 'ACL DRYRUN a get k', ''],
    [r.aclGenpass(), 'ACL GENPASS', ''],
    [r.aclGenpass(32), 'ACL GENPASS 32', ''],
    [r.aclGetuser('a'), 'ACL GETUSER a', ''],
    [r.aclHelp(), 'ACL HELP', ''],
    [r.aclList(), 'ACL LIST', ''],
    [r.aclLoad(), 'ACL LOAD', ''],
    [r.aclLog(), 'ACL LOG', ''],
    [r.aclLog(3), 'ACL LOG 3', ''],
    [r.aclLogReset(), 'ACL LOG RESET', ''],
    [r.aclSave(), 'ACL SAVE', ''],
    [r.aclSetuser('a', 'on', '>pw', '~k:*'), 'ACL SETUSER a on >pw ~k:*', ''],
    [r.aclUsers(), 'ACL USERS', ''],
    [r.aclWhoami(), 'ACL WHOAMI', ''],
  ])
})

describe('decoding of ACL replies', () => {
  it('ACL GETUSER becomes a user with the same fields under both protocols', () => {
    const user = {
      flags: ['on'],
      passwords: ['30c9'],
      commands: '-@all +@read',
      keys: '~a* %R~b*',
      channels: '&c*',
      selectors: [{ commands: '-@all +get', keys: '~x', channels: '' }],
    }
    const selector: Reply[] = ['commands', '-@all +get', 'keys', '~x', 'channels', '']
    const flat = (one: Reply): Reply[] => [
      ...['flags', ['on'], 'passwords', ['30c9'], 'commands', '-@all +@read'],
      ...['keys', '~a* %R~b*', 'channels', '&c*', 'selectors', [one]],
    ]
    expect(r.aclGetuser('a').decode(flat(selector))).toEqual(user)
    expect(r.aclGetuser('a').decode(new MapReply(flat(new MapReply(selector))))).toEqual(user)
    expect(r.aclGetuser('a').decode(null)).toBeNull()
  })

  it('ACL LOG becomes a list of entries with fields in camel case', () => {
    const entry = (age: Reply): Reply[] => [
      ...['count', 1, 'reason', 'auth', 'context', 'toplevel', 'object', 'auth', 'username', 'a'],
      ...['age-seconds', age, 'client-info', 'id=1', 'entry-id', 0],
      ...['timestamp-created', 1_795_515_175_514, 'timestamp-last-updated', 1_795_515_175_514],
    ]
    const expected = [
      {
        count: 1,
        reason: 'auth',
        context: 'toplevel',
        object: 'auth',
        username: 'a',
        ageSeconds: 0.514,
        clientInfo: 'id=1',
        entryId: 0,
        timestampCreated: 1_795_515_175_514,
        timestampLastUpdated: 1_795_515_175_514,
      },
    ]
    expect(r.aclLog().decode([entry('0.514')])).toEqual(expected)
    expect(r.aclLog().decode([new MapReply(entry(0.514))])).toEqual(expected)
    expect(r.aclLogReset().decode('OK')).toBe('OK')
  })

  it('ACL names are text of the view, categories are strings in every view', () => {
    expect(r.aclUsers().decode([Buffer.from('a')], { bytes: true })).toEqual([Buffer.from('a')])
    expect(r.aclWhoami().decode(Buffer.from('a'), { bytes: true })).toEqual(Buffer.from('a'))
    expect(r.aclCat().decode([Buffer.from('string')], { bytes: true })).toEqual(['string'])
    expect(r.aclDeluser('a').decode(1, { bigints: true })).toBe(1n)
  })
})
