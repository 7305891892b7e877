import { createServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { Redis } from '../../../src/client/redis.js'
import type { RedisOptions } from '../../../src/connection/options/options.js'
import { FakeRedis, resp } from '../../rig/fake-redis.js'
import { getCertificates, startSingle } from '../../servers/servers.mjs'
import { useServer } from '../../servers/vitest.js'

const plain = useServer()
const guarded = useServer({ password: 'right', acl: { reader: 'on >secret ~* +@read +hello +auth -select' } })
const secure = useServer({ tls: true })

/** The errors of connect() and of a call, and the time until both rejected. */
async function failureOf(options: RedisOptions): Promise<{ connect: Error; call: Error; ms: number }> {
  const redis = new Redis({ connectTimeout: 500, commandTimeout: 500, ...options })
  redis.on('error', () => {})
  const start = performance.now()
  const [connect, call] = await Promise.allSettled([redis.connect(), redis.get('k')])
  const ms = performance.now() - start
  redis.destroy()
  if (connect.status !== 'rejected' || call.status !== 'rejected')
    throw new Error('connect() and the call should both have rejected.')
  return { connect: connect.reason, call: call.reason, ms }
}

describe('connecting with wrong options', () => {
  test('a wrong password rejects with AuthenticationError', async () => {
    const { connect, call, ms } = await failureOf({
      port: guarded().port,
      password: 'wrong',
      connectTimeout: 10_000,
      commandTimeout: 10_000,
    })
    expect(connect).toMatchObject({
      name: 'AuthenticationError',
      code: 'WRONGPASS',
      message: expect.stringMatching(
        /rejected the user name or the password \(WRONGPASS .*check username and password/,
      ),
    })
    expect(call).toMatchObject({ name: 'AuthenticationError', outcome: 'not sent', command: 'GET' })
    expect(ms).toBeLessThan(5_000)
    const again = await failureOf({ port: guarded().port, password: 'wrong', protocol: 2 })
    expect(again.connect).toMatchObject({ name: 'AuthenticationError' })
  })

  test('a missing password rejects with AuthenticationError', async () => {
    const { connect } = await failureOf({ port: guarded().port })
    expect(connect).toMatchObject({ name: 'AuthenticationError', message: expect.stringContaining('set password') })
    const { connect: resp2 } = await failureOf({ port: guarded().port, protocol: 2 })
    expect(resp2).toMatchObject({ name: 'AuthenticationError' })
  })

  test.each([2, 3] as const)(
    'a client with a password connects to a server without one (protocol %i)',
    async protocol => {
      for (const options of [{ password: 'needless' }, { username: 'default', password: 'needless' }]) {
        const redis = new Redis({ port: plain().port, protocol, commandTimeout: 500, ...options })
        redis.on('error', () => {})
        expect(await redis.ping()).toBe('PONG')
        redis.destroy()
      }
    },
  )

  test('a user without the right to SELECT rejects with AuthorizationError', async () => {
    const { connect, call } = await failureOf({ port: guarded().port, username: 'reader', password: 'secret', db: 1 })
    expect(connect).toMatchObject({ name: 'AuthorizationError', code: 'NOPERM' })
    expect(call).toMatchObject({ name: 'AuthorizationError', outcome: 'not sent' })
  })

  test('a database number out of range rejects with ResponseError', async () => {
    const { connect } = await failureOf({ port: plain().port, db: 999 })
    expect(connect).toMatchObject({
      name: 'ResponseError',
      code: 'ERR',
      command: 'SELECT',
      message: expect.stringMatching(/option db .*DB index is out of range/),
    })
  })

  test('a port on which nothing listens rejects with ECONNREFUSED', async () => {
    const { connect, call } = await failureOf({ port: 1 })
    expect(connect).toMatchObject({ name: 'ConnectionError', code: 'ECONNREFUSED', node: '127.0.0.1:1' })
    expect(call).toMatchObject({
      name: 'TimeoutError',
      phase: 'connecting',
      outcome: 'not sent',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('an unknown host name rejects with ConnectionError', async () => {
    const { connect } = await failureOf({ host: 'no-such-host.invalid' })
    expect(connect).toMatchObject({ name: 'ConnectionError', message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) })
  })

  test('the path of a missing unix socket rejects with ENOENT', async () => {
    const { connect } = await failureOf({ path: '/nowhere/redis.sock' })
    expect(connect).toMatchObject({ name: 'ConnectionError', code: 'ENOENT' })
  })

  test('a web server at the port rejects with InvalidResponse', async () => {
    const http: HttpServer = createServer((_, response) => response.end())
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
    const { connect } = await failureOf({ port: (http.address() as AddressInfo).port })
    expect(connect).toMatchObject({
      name: 'InvalidResponse',
      message: expect.stringContaining('Is there a Redis at this port'),
    })
    http.closeAllConnections()
    await new Promise(resolve => http.close(resolve))
  })

  test('a server that closes the socket during the handshake rejects with ConnectionError', async () => {
    const tcp = createTcp(socket => socket.destroy())
    await new Promise<void>(resolve => tcp.listen(0, '127.0.0.1', resolve))
    const { connect } = await failureOf({ port: (tcp.address() as AddressInfo).port })
    expect(connect).toMatchObject({ name: 'ConnectionError', message: expect.stringContaining('the server closed it') })
    await new Promise(resolve => tcp.close(resolve))
  })

  test('a server that accepts a socket and sends nothing rejects with TimeoutError', async () => {
    const tcp = createTcp(() => {})
    await new Promise<void>(resolve => tcp.listen(0, '127.0.0.1', resolve))
    const { connect, ms } = await failureOf({ port: (tcp.address() as AddressInfo).port, connectTimeout: 100 })
    expect(connect).toMatchObject({
      name: 'TimeoutError',
      phase: 'connecting',
      message: expect.stringContaining('connectTimeout'),
    })
    expect(ms).toBeLessThan(5_000)
    const { call } = await failureOf({
      port: (tcp.address() as AddressInfo).port,
      connectTimeout: 100,
      reconnect: false,
    })
    expect(call).toMatchObject({ name: 'TimeoutError', phase: 'connecting', elapsed: 100, outcome: 'not sent' })
    tcp.close()
  })

  test('a credentials function that never settles rejects with TimeoutError', async () => {
    const { connect } = await failureOf({
      port: plain().port,
      credentials: () => new Promise(() => {}),
      connectTimeout: 100,
    })
    expect(connect).toMatchObject({
      name: 'TimeoutError',
      message: 'The credentials function returned nothing within 100 ms (connectTimeout).',
    })
  })

  test('TLS to a port without TLS rejects with a TimeoutError that mentions TLS', async () => {
    const { connect, call } = await failureOf({ port: plain().port, tls: true, connectTimeout: 300 })
    expect(connect).toMatchObject({ name: 'TimeoutError', message: expect.stringMatching(/Does it use TLS/) })
    expect(call).toMatchObject({ name: 'TimeoutError', message: expect.stringMatching(/TLS/) })
    const { call: first } = await failureOf({
      port: plain().port,
      tls: true,
      connectTimeout: 1_500,
      commandTimeout: 1_000,
    })
    expect(first).toMatchObject({ name: 'TimeoutError', message: expect.stringMatching(/has not answered yet.*TLS/) })
  })

  test('a connection without TLS to a TLS port rejects with an error that recommends rediss://', async () => {
    const { connect } = await failureOf({ port: secure().tls?.port ?? 0 })
    expect(connect).toMatchObject({ name: 'ConnectionError', message: expect.stringMatching(/requires TLS.*rediss:/) })
  })

  test('a server at its maximum number of clients rejects with ConnectionError', async () => {
    const server = await startSingle({ config: ['--maxclients', '1'] })
    const holder = new Redis({ port: server.port })
    await holder.get('k')
    const { connect, call } = await failureOf({ port: server.port })
    expect(connect).toMatchObject({
      name: 'ConnectionError',
      message: expect.stringContaining('max number of clients'),
    })
    expect(call).toMatchObject({ name: 'TimeoutError', outcome: 'not sent', cause: connect })
    holder.destroy()
    await server.stop()
  })

  test('a wrong password is not tried again until the next call, which succeeds with the right password', async () => {
    const fake = await FakeRedis.start({ password: 'new', script: argv => (argv[0] === 'GET' ? resp.nil : undefined) })
    let password = 'old'
    const redis = new Redis({ port: fake.port, credentials: () => ({ password }), commandTimeout: 2_000 })
    redis.on('error', () => {})
    await expect(redis.get('k')).rejects.toMatchObject({ name: 'AuthenticationError' })
    await new Promise(resolve => setTimeout(resolve, 300))
    expect(fake.connections).toHaveLength(1)
    password = 'new'
    await redis.get('k')
    expect(fake.connections).toHaveLength(2)
    redis.destroy()
    await fake.stop()
  })
})

describe('connecting over TLS', () => {
  const started: { stop(): Promise<void> }[] = []
  afterAll(async () => {
    for (const server of started) await server.stop()
  })

  test('a client connects to a server with a valid certificate, by name and by address', async () => {
    const { ca, port } = secure().tls ?? { ca: '', port: 0 }
    const redis = new Redis({ host: 'localhost', port, tls: { ca } })
    expect(await redis.set('over', 'tls')).toBe('OK')
    expect(await redis.get('over')).toBe('tls')
    await redis.close()
    const byAddress = new Redis({ host: '127.0.0.1', port, tls: { ca } })
    expect(await byAddress.get('over')).toBe('tls')
    await byAddress.close()
  })

  test.each(['wrongName', 'expired', 'selfSigned', 'otherAuthority'] as const)(
    'a certificate of the kind %s is rejected before AUTH is sent',
    async certificate => {
      const certificates = await getCertificates()
      const fake = await FakeRedis.start({ tls: certificates[certificate] })
      const { connect, call, ms } = await failureOf({
        host: 'localhost',
        port: fake.port,
        password: 'secret',
        tls: { ca: certificates.ca },
        connectTimeout: 20_000,
        commandTimeout: 20_000,
      })
      expect(connect).toMatchObject({ name: 'ConnectionError', message: expect.stringContaining('nothing was sent') })
      expect(call).toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
      expect(ms).toBeLessThan(10_000)
      expect(fake.commands).toEqual([])
      await fake.stop()
    },
  )

  test('rejectUnauthorized: false connects, and a later loss is not blamed on the certificate', async () => {
    const { port } = secure().tls ?? { port: 0 }
    const redis = new Redis({ host: 'localhost', port, tls: { rejectUnauthorized: false } })
    const lost = new Promise<Error>(resolve => redis.once('error', error => resolve(error as Error)))
    const id = await redis.call('CLIENT', 'ID')
    await secure().command('CLIENT', 'KILL', 'ID', String(id))
    expect((await lost).message).toContain('the server closed it')
    expect(await redis.ping()).toBe('PONG')
    await redis.close()
  })

  test('a server that requires a client certificate accepts the right one and no connection without one', async () => {
    const certificates = await getCertificates()
    const server = await startSingle({ tls: { clients: 'yes' } })
    started.push(server)
    const { ca, port } = server.tls ?? { ca: '', port: 0 }
    const redis = new Redis({ host: 'localhost', port, tls: { ca, ...certificates.client } })
    expect(await redis.set('k', 'v')).toBe('OK')
    await redis.close()
    const { connect } = await failureOf({ host: 'localhost', port, tls: { ca } })
    expect(connect.name).toBe('ConnectionError')
  })
})
