import { expect, it } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { NoPermissionError, ResponseError } from '../../src/errors/errors.js'
import { startSingle } from '../servers/servers.mjs'
import { overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('ACL creates, describes and deletes users', async () => {
    const redis = client()
    expect(await redis.aclSetuser('bob', 'on', '>pw', '~a*', '%R~b*', '&c*', '+@read', '(+get ~x)')).toBe('OK')
    expect((await redis.aclUsers()).sort()).toEqual(['bob', 'default'])
    expect((await redis.bytes.aclUsers())[0]).toBeInstanceOf(Buffer)
    expect(await redis.aclGetuser('bob')).toEqual({
      flags: expect.arrayContaining(['on']),
      passwords: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      commands: '-@all +@read',
      keys: '~a* %R~b*',
      channels: '&c*',
      selectors: [{ commands: '-@all +get', keys: '~x', channels: '' }],
    })
    expect(await redis.aclGetuser('nobody')).toBeNull()
    expect((await redis.aclList()).find(line => line.startsWith('user bob '))).toMatch(/^user bob on .*#[0-9a-f]{64} /)
    expect(await redis.aclDryrun('bob', 'get', 'a1')).toBe('OK')
    expect(await redis.aclDryrun('bob', 'set', 'a1', 1)).toMatch(/no permissions to run the 'set' command/)
    await using bob = new Redis({ host: server().host, port: server().port, username: 'bob', password: 'pw' })
    await expect(bob.set('a1', 1)).rejects.toBeInstanceOf(NoPermissionError)
    await bob.close()
    expect(await redis.aclDeluser('bob', 'nobody')).toBe(1)
    expect(await redis.bigints.aclDeluser('bob')).toBe(0n)
    await expect(redis.aclSetuser('bob', 'nonsense')).rejects.toBeInstanceOf(ResponseError)
  })

  it('ACL LOG records denied commands and can be emptied', async () => {
    const redis = client()
    expect(await redis.aclLogReset()).toBe('OK')
    expect(await redis.aclLog()).toEqual([])
    await redis.aclSetuser('eve', 'on', 'nopass', '+client', '+hello')
    await using eve = new Redis({ host: server().host, port: server().port, username: 'eve', password: 'any' })
    await expect(eve.get('k')).rejects.toBeInstanceOf(NoPermissionError)
    const [entry] = await redis.aclLog(1)
    expect(entry).toMatchObject({
      count: 1,
      reason: 'command',
      context: 'toplevel',
      object: 'get',
      username: 'eve',
      ageSeconds: expect.any(Number),
      clientInfo: expect.stringMatching(/^id=\d+ .*user=eve/),
    })
    if (server().atLeast(7, 2)) {
      expect(entry).toMatchObject({
        entryId: expect.any(Number),
        timestampCreated: expect.any(Number),
        timestampLastUpdated: expect.any(Number),
      })
    }
    await redis.aclDeluser('eve')
  })

  it('ACL returns categories, generated passwords and the current user', async () => {
    const redis = client()
    expect(await redis.aclCat()).toEqual(expect.arrayContaining(['keyspace', 'read', 'scripting']))
    expect(await redis.aclCat('string')).toEqual(expect.arrayContaining(['get', 'set']))
    expect(await redis.aclGenpass()).toMatch(/^[0-9a-f]{64}$/)
    expect(await redis.aclGenpass(32)).toMatch(/^[0-9a-f]{8}$/)
    expect(await redis.aclWhoami()).toBe('default')
    expect(await redis.bytes.aclWhoami()).toEqual(Buffer.from('default'))
    expect((await redis.aclHelp())[0]).toMatch(/^ACL <subcommand>/)
    await expect(redis.aclSave()).rejects.toMatchObject({ message: expect.stringMatching(/ACL file/) })
    await expect(redis.aclLoad()).rejects.toMatchObject({ message: expect.stringMatching(/ACL file/) })
  })
})

it('ACL SAVE and ACL LOAD write and read the ACL file', async () => {
  // ACL LOAD closes the connections of all users except the default user (Redis 7.0), or of the users that it changes.
  const server = await startSingle({ password: 'secret', acl: {} })
  try {
    await using redis = new Redis({ host: server.host, port: server.port, password: 'secret' })
    await redis.aclSetuser('carol')
    expect(await redis.aclSave()).toBe('OK')
    await redis.aclDeluser('carol')
    expect(await redis.aclLoad()).toBe('OK')
    expect(await redis.aclUsers()).toContain('carol')
  } finally {
    await server.stop()
  }
})
