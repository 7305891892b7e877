import { expect, it } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import type { ClientListFilter } from '../../src/commands/connections.js'
import { ConnectionError, DataError } from '../../src/errors/errors.js'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  it('PING and ECHO return their message', async () => {
    const redis = client()
    expect(await redis.ping()).toBe('PONG')
    expect(await redis.bytes.ping()).toBe('PONG')
    expect(await redis.ping('hi')).toBe('hi')
    expect(await redis.bytes.ping('hi')).toEqual(Buffer.from('hi'))
    expect(await redis.echo('hi')).toBe('hi')
    expect(await redis.bytes.echo(Buffer.from([0xff, 0]))).toEqual(Buffer.from([0xff, 0]))
  })

  it('CLIENT returns the id, name and details of the connection', async () => {
    const redis = client()
    const id = await redis.clientId()
    expect(await redis.bigints.clientId()).toBe(BigInt(id))
    expect(await redis.clientSetname('tester')).toBe('OK')
    expect(await redis.clientGetname()).toBe('tester')
    expect(await redis.bytes.clientGetname()).toEqual(Buffer.from('tester'))
    const info = await redis.clientInfo()
    expect(info).toMatchObject({
      id,
      addr: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      laddr: `127.0.0.1:${server().port}`,
      name: 'tester',
      db: 0,
      age: expect.any(Number),
      idle: expect.any(Number),
      flags: 'N',
      sub: 0,
      multi: -1,
      qbufFree: expect.any(Number),
      totMem: expect.any(Number),
      cmd: 'client|info',
      user: 'default',
    })
    expect(await redis.clientList({ id: [id] })).toMatchObject([{ id, name: 'tester', cmd: 'client|list' }])
    expect((await redis.clientList({ type: 'normal' })).map(each => each.id)).toContain(id)
    expect(await redis.clientList({ type: 'pubsub' })).toEqual([])
    expect((await redis.clientList()).map(each => each.id)).toContain(id)
    expect(await redis.clientSetname('')).toBe('OK')
    expect(await redis.clientGetname()).toBeNull()
    expect(await redis.clientGetredir()).toBe(-1)
    expect(await redis.clientTrackinginfo()).toEqual({ flags: ['off'], redirect: -1, prefixes: [] })
    expect((await redis.clientHelp())[0]).toMatch(/^CLIENT <subcommand>/)
  })

  it('CLIENT LIST and CLIENT KILL accept the filters of Valkey', async context => {
    if (server().flavour !== 'valkey' || !server().atLeast(8, 1)) {
      context.skip(`${server().flavour} ${server().version.join('.')} filters by type or id only`)
    }
    const redis = client()
    const { id, addr, laddr } = await redis.clientInfo()
    const ids = async (filter: ClientListFilter) => (await redis.clientList(filter)).map(each => each.id)
    expect(await ids({ user: 'default', addr, laddr, skipme: false, id: [id, 999_999] })).toEqual([id])
    expect(await ids({ addr, skipme: true })).toEqual([])
    expect(await ids({ id: [id], maxage: 9999 })).toEqual([])
    expect(await ids({ type: 'primary' })).toEqual([])
    expect(await redis.clientKill({ id: [999_998, 999_999] })).toBe(0)
  })

  it('CLIENT NO-EVICT and NO-TOUCH set flags of the connection', async context => {
    const redis = client()
    expect(await redis.clientNoEvict(true)).toBe('OK')
    expect((await redis.clientInfo()).flags).toContain('e')
    expect(await redis.clientNoEvict(false)).toBe('OK')
    expect((await redis.clientInfo()).flags).toBe('N')
    await needs(context, server(), 'CLIENT|NO-TOUCH')
    expect(await redis.clientNoTouch(true)).toBe('OK')
    expect((await redis.clientInfo()).flags).toContain('T')
    expect(await redis.clientNoTouch(false)).toBe('OK')
  })

  it('CLIENT SETINFO sets the library name and version', async context => {
    await needs(context, server(), 'CLIENT|SETINFO')
    const redis = client()
    expect(await redis.clientSetinfo('lib-name', 'tester')).toBe('OK')
    expect(await redis.clientSetinfo('lib-ver', '1.0')).toBe('OK')
    expect(await redis.clientInfo()).toMatchObject({ libName: 'tester', libVer: '1.0' })
  })

  it('CLIENT IMPORT-SOURCE rejects unless the server is in import mode', async context => {
    await needs(context, server(), 'CLIENT|IMPORT-SOURCE')
    // Servers reject it unless they are in import mode.
    await expect(client().clientImportSource(true)).rejects.toMatchObject({ name: 'ResponseError' })
  })

  it('CLIENT KILL closes connections', async () => {
    const redis = client()
    await using other = new Redis({ host: server().host, port: server().port, reconnect: false, clientName: 'other' })
    const id = await other.clientId()
    expect(await redis.clientKill({ id: 999_999 })).toBe(0)
    expect(await redis.bigints.clientKill({ addr: '127.0.0.1:1' })).toBe(0n)
    const cut = other.blpop(['none'], 0)
    await expect.poll(async () => (await redis.clientList({ id: [id] })).length).toBe(1)
    expect(await redis.clientKill({ id, type: 'normal', user: 'default', skipme: true })).toBe(1)
    await other.destroy()
    await expect(cut).rejects.toBeInstanceOf(ConnectionError)
    await expect(redis.clientKill({})).rejects.toBeInstanceOf(DataError)
  })

  it('CLIENT PAUSE and UNBLOCK pause and unblock other clients', async () => {
    const redis = client()
    expect(await redis.clientPause(1, 'write')).toBe('OK')
    expect(await redis.clientPause(1)).toBe('OK')
    expect(await redis.clientUnpause()).toBe('OK')
    const blocked = redis.blpop(['none'], 0)
    const waiting = async () =>
      (await redis.clientList()).find(each => each.cmd === 'blpop' && each.flags.includes('b'))
    await expect.poll(waiting).toBeDefined()
    expect(await redis.clientUnblock((await waiting())?.id ?? 0)).toBe(1)
    expect(await blocked).toBeNull()
    const failing = redis.blpop(['none'], 0)
    const failed = expect(failing).rejects.toMatchObject({ code: 'UNBLOCKED' })
    await expect.poll(waiting).toBeDefined()
    expect(await redis.bigints.clientUnblock((await waiting())?.id ?? 0, 'error')).toBe(1n)
    await failed
    expect(await redis.clientUnblock(999_999, 'timeout')).toBe(0)
  })

  it('CLIENT commands that would change the shared connection are rejected', async () => {
    const redis = client()
    const refused: readonly (readonly [string, ...string[]])[] = [
      ['CLIENT', 'REPLY', 'OFF'],
      ['CLIENT', 'TRACKING', 'ON'],
      ['CLIENT', 'CACHING', 'YES'],
      ['CLIENT', 'CAPA', 'redirect'],
      ['HELLO', '3'],
      ['AUTH', 'x'],
      ['SELECT', '1'],
      ['READONLY'],
      ['READWRITE'],
    ]
    for (const words of refused) {
      await expect(redis.call(...words)).rejects.toMatchObject({
        name: 'DataError',
        message: expect.stringMatching(/: use .+\.$/),
      })
    }
    expect((await redis.clientInfo()).db).toBe(0)
  })
})
