import { existsSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import type { Raw, ServerCertificate } from '../servers/servers.mjs'
import { chooseRedis, connectRaw, encode, getCertificates, slotOf, startSingle } from '../servers/servers.mjs'
import { useCluster, useServer } from '../servers/vitest.js'
import { until } from './conditions.js'
import { Ledger } from './ledger.js'
import { ChaosProxy } from './proxy.js'

/** Opens a TCP connection; resolves with false if it is refused. */
function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

/** Resolves with the result of a TLS connection: 'ok', or the code of the error. */
function handshake(options: tls.ConnectionOptions): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = tls.connect({ servername: 'localhost', ...options })
    // A server rejects a client's certificate after the handshake, in place of the reply.
    socket.write(encode(['PING']))
    socket.on('data', () => resolve('ok')).on('data', () => socket.destroy())
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    socket.on('close', () => resolve('closed'))
  })
}

describe('a single server', () => {
  test('a server can be started, paused, killed and restarted, and accepts no connection after stop', async () => {
    const server = await startSingle({ config: ['--maxclients', '77'] })
    expect(await server.command('CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '77'])
    expect(server.version).toHaveLength(3)
    expect(server.atLeast(6, 2)).toBe(true)
    expect(server.atLeast(99)).toBe(false)
    expect(await server.hasCommand('getdel')).toBe(true)
    expect(await server.hasCommand('nonesuch')).toBe(false)
    await expect(server.command('NONESUCH')).rejects.toThrow('unknown command')

    await server.pause()
    const late = server.command('PING')
    expect(await Promise.race([late, new Promise(resolve => setTimeout(resolve, 50, 'silence'))])).toBe('silence')
    await server.resume()
    expect(await late).toBe('PONG')

    await server.kill()
    expect(server.alive).toBe(false)
    await expect(server.command('PING')).rejects.toThrow()
    const { pid, port } = server
    await server.restart()
    expect(server.port).toBe(port)
    expect(server.pid).not.toBe(pid)
    await server.restart({ anotherPort: true })
    expect(server.port).not.toBe(port)
    expect(await server.command('PING')).toBe('PONG')

    await server.stop()
    expect(await accepts(server.port)).toBe(false)
  })

  test('a server with a password or with users rejects other clients', async () => {
    const locked = await startSingle({ password: 'open sesame' })
    const stranger = await connectRaw({ port: locked.port })
    await expect(stranger.command('PING')).rejects.toThrow('NOAUTH')
    stranger.close()
    expect(await locked.command('PING')).toBe('PONG')
    await locked.stop()

    const listed = await startSingle({ acl: { default: 'off', alice: 'on >secret ~app:* +get' } })
    const alice = await connectRaw({ port: listed.port, username: 'alice', password: 'secret' })
    expect(await alice.command('GET', 'app:1')).toBe(null)
    await expect(alice.command('GET', 'other')).rejects.toThrow('NOPERM')
    alice.close()
    await listed.stop()
  })

  test('a server listens on a unix socket', async ({ skip }) => {
    skip((await chooseRedis()).kind !== 'binary', 'a unix socket cannot leave a container')
    const server = await startSingle({ unixSocket: true })
    const { socketPath = '' } = server
    const socket = net.connect(socketPath)
    socket.write(encode(['PING']))
    const [reply] = await new Promise<Buffer[]>(resolve => socket.once('data', data => resolve([data])))
    expect(String(reply)).toBe('+PONG\r\n')
    socket.destroy()
    await server.stop()
    expect(existsSync(socketPath)).toBe(false)
  })

  test.each<[ServerCertificate, string]>([
    ['good', 'ok'],
    ['wrongName', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['otherAuthority', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('a server with a %s certificate gives the TLS client %s', async (certificate, outcome) => {
    const server = await startSingle({ tls: { certificate } })
    expect(await handshake({ host: 'localhost', port: server.tls?.port, ca: getCertificates().ca })).toBe(outcome)
    await server.stop()
  })

  test('a certificate without a name fails when an address is dialled', async () => {
    const server = await startSingle({ tls: { certificate: 'noName' } })
    const options = { host: '127.0.0.1', servername: '', port: server.tls?.port, ca: getCertificates().ca }
    expect(await handshake(options)).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    await server.stop()
  })

  test('a server can require client certificates of its authority', async () => {
    const server = await startSingle({ tls: { clients: 'yes' } })
    const { ca, client, strangeClient } = getCertificates()
    const target = { host: 'localhost', port: server.tls?.port, ca }
    expect(await handshake({ ...target, ...client })).toBe('ok')
    expect(await handshake({ ...target, ...strangeClient })).not.toBe('ok')
    expect(await handshake(target)).not.toBe('ok')
    await server.stop()
  })
})

describe('the chaos proxy', () => {
  const server = useServer()
  const opened: { stop(): Promise<void> }[] = []
  const raws: Raw[] = []

  afterEach(async () => {
    for (const raw of raws.splice(0)) raw.close()
    for (const proxy of opened.splice(0)) await proxy.stop()
  })

  async function proxied(): Promise<ChaosProxy> {
    const proxy = await ChaosProxy.start(server())
    opened.push(proxy)
    return proxy
  }

  async function through(proxy: ChaosProxy): Promise<Raw> {
    const raw = await connectRaw(proxy)
    raws.push(raw)
    return raw
  }

  /** Writes these bytes at once; resolves with all bytes received until the connection ends. */
  function exchange(proxy: ChaosProxy, bytes: Buffer): Promise<string> {
    return new Promise(resolve => {
      const socket = net.connect(proxy.port, '127.0.0.1')
      let received = ''
      socket.on('data', data => {
        received += data
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(received))
      socket.write(bytes)
    })
  }

  test('the proxy ends connections by RST or by FIN, as asked', async () => {
    const proxy = await proxied()
    const ending = async (how: 'rst' | 'fin'): Promise<string> => {
      const socket = net.connect(proxy.port, '127.0.0.1')
      const ended = new Promise<string>(resolve => {
        socket.on('end', () => resolve('fin')).on('error', () => resolve('rst'))
      })
      await until(async () => (await proxy.stats()).open === 1)
      socket.resume()
      expect(await proxy.kill(how)).toBe(1)
      return await ended
    }
    expect(await ending('rst')).toBe('rst')
    expect(await ending('fin')).toBe('fin')
  })

  test('after a cut at byte k of the commands the server has read exactly k bytes', async () => {
    const proxy = await proxied()
    const increment = encode(['INCR', 'up'])
    const script = Buffer.concat([increment, increment, increment])
    for (let k = 0; k <= script.length; k++) {
      await server().command('SET', 'up', 0)
      await proxy.cutNext({ direction: 'up', after: k, ending: k % 2 === 0 ? 'rst' : 'fin' })
      const before = await proxy.stats()
      await exchange(proxy, script)
      const whole = Math.floor(k / increment.length)
      await until(async () => Number(await server().command('GET', 'up')) === whole, {
        what: `${whole} INCR of ${k} bytes`,
      })
      expect((await proxy.stats()).up - before.up).toBe(k)
      // The server has closed the connection, so nothing can run later.
      await until(async () => (await proxy.connections()).length === 0)
      expect(Number(await server().command('GET', 'up'))).toBe(whole)
    }
  })

  test('after a cut at byte k of the replies the client has read exactly k bytes, and the server ran all commands', async () => {
    const proxy = await proxied()
    const script = Buffer.concat([encode(['INCR', 'down']), encode(['ECHO', 'abc']), encode(['PING'])])
    const replies = ':1\r\n$3\r\nabc\r\n+PONG\r\n'
    for (let k = 0; k <= replies.length; k++) {
      await server().command('DEL', 'down')
      await proxy.cutNext({ direction: 'down', after: k, ending: k % 2 === 0 ? 'rst' : 'fin' })
      expect(await exchange(proxy, script)).toBe(replies.slice(0, k))
      expect(await server().command('GET', 'down')).toBe('1')
    }
  })

  test('after a half-close the client reads the end, and its bytes still arrive', async () => {
    const proxy = await proxied()
    const socket = net.connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.write(encode(['SET', 'half', 0]))
    const ended = new Promise(resolve => socket.on('end', resolve))
    await new Promise(resolve => socket.once('data', resolve))
    expect(await proxy.kill('half')).toBe(1)
    await ended
    socket.write(encode(['INCR', 'half']))
    await until(async () => (await server().command('GET', 'half')) === '1')
    socket.destroy()
  })

  test('small pieces, delay and throttle of the proxy change the timing and not the bytes', async () => {
    const proxy = await proxied()
    await proxy.set({ chunk: 3, jitter: 2, up: { throttle: 200_000 } })
    const raw = await through(proxy)
    const value = 'x'.repeat(2_000)
    const replies = await Promise.all([raw.command('ECHO', value), raw.command('ECHO', 'b'), raw.command('PING')])
    expect(replies).toEqual([value, 'b', 'PONG'])
    await proxy.calm()
    await proxy.set({ down: { delay: 60 } })
    const start = performance.now()
    await raw.command('PING')
    expect(performance.now() - start).toBeGreaterThan(55)
  })

  test('the proxy keeps bytes back with hold and drops them with swallow', async () => {
    const proxy = await proxied()
    const raw = await through(proxy)
    await proxy.set({ down: { mode: 'hold' } })
    const held = raw.command('INCR', 'held')
    await until(async () => (await server().command('GET', 'held')) === '1')
    await proxy.calm()
    expect(await held).toBe(1)

    await proxy.set({ up: { mode: 'swallow' } })
    const lost = raw.command('INCR', 'lost')
    const rejected = expect(lost).rejects.toThrow('closed')
    await until(async () => (await proxy.stats()).swallowed > 0)
    await proxy.calm()
    const after = expect(raw.command('INCR', 'lost')).rejects.toThrow('closed')
    const other = await through(proxy)
    expect(await other.command('PING')).toBe('PONG')
    expect(await server().command('GET', 'lost')).toBe(null)
    expect(await proxy.kill()).toBe(2)
    await Promise.all([rejected, after])
  })

  test('the proxy refuses connections, accepts them again, and can change its target', async () => {
    const proxy = await proxied()
    const raw = await through(proxy)
    // The proxy has accepted this connection by now; one in the kernel's backlog would be closed with the listener.
    expect(await raw.command('PING')).toBe('PONG')
    await proxy.refuse()
    expect(await accepts(proxy.port)).toBe(false)
    expect(await raw.command('PING')).toBe('PONG')
    await proxy.accept()
    expect(await accepts(proxy.port)).toBe(true)
    const other = await startSingle()
    opened.push(other)
    await other.command('SET', 'where', 'other')
    await proxy.pointTo(other)
    expect(await (await through(proxy)).command('GET', 'where')).toBe('other')
  })

  test('random cuts depend on the seed alone, and the ledger counts their effects', async () => {
    const cutsOf = async (seed: number): Promise<number[]> => {
      const proxy = await ChaosProxy.start(server(), seed)
      opened.push(proxy)
      await proxy.cutAtRandom({ after: [0, 400], directions: ['up'] })
      const ledger = new Ledger()
      const key = `seed:${seed}`
      await server().command('DEL', key)
      for (let round = 0; round < 5; round++) {
        const raw = await through(proxy)
        await ledger.book(key, Promise.all(Array.from({ length: 20 }, () => raw.command('INCR', key))))
      }
      const { acked, unknown } = await ledger.settle(server())
      expect([acked, unknown]).toEqual([0, 5])
      const { up } = await proxy.stats()
      return [up, Number(await server().command('GET', key))]
    }
    const first = await cutsOf(5)
    expect(first).toEqual(await cutsOf(5))
    expect(first).not.toEqual(await cutsOf(6))
  })
})

describe('the ledger', () => {
  const server = useServer()
  const failure = (outcome: string): Promise<never> =>
    Promise.reject(Object.assign(new Error('the connection was lost'), { outcome }))

  test('the ledger accepts unknown increments as run or not run, and nothing else', async () => {
    const ledger = new Ledger()
    expect(await ledger.book('key', server().command('INCR', 'key'))).toBe(1)
    expect(await ledger.book('key', failure('not sent'))).toBe(undefined)
    await ledger.book('key', failure('unknown'))
    ledger.bookReply(['a', 1], ['a', 1])
    const balanced = '3 increments (1 acknowledged, 1 unknown, 1 not sent) · 0 wrong replies'
    expect(await ledger.expectBalanced(server())).toContain(balanced)
    await server().command('INCR', 'key')
    expect(await ledger.expectBalanced(server())).toContain(balanced)

    await server().command('INCR', 'key')
    await expect(ledger.expectBalanced(server())).rejects.toThrow('0 lost writes · 1 double executions')
    await server().command('DEL', 'key')
    await expect(ledger.expectBalanced(server())).rejects.toThrow('1 lost writes · 0 double executions')
    await server().command('SET', 'key', 1)
    ledger.bookReply('a', 'b')
    await expect(ledger.expectBalanced(server())).rejects.toThrow('1 wrong replies')
  })
})

describe('a cluster', () => {
  const cluster = useCluster()

  test('a cluster serves every slot, and slotOf agrees with the server', async () => {
    const [first] = cluster().nodes
    for (const key of ['a', 'foo{bar}baz', 'foo{}{bar}', '{', 'ключ', '{user}:1', '']) {
      expect(slotOf(key)).toBe(await first?.command('CLUSTER', 'KEYSLOT', key))
    }
    expect(await cluster().primaries()).toEqual(cluster().nodes.slice(0, 3))
    expect(slotOf(cluster().key(12_345))).toBe(12_345)
  })

  test('the ledger reads each key at the primary of its slot', async () => {
    const ledger = new Ledger()
    for (const slot of [1, 6_000, 16_000]) {
      const key = cluster().key(slot, 'ledger')
      const primary = await cluster().primaryOf(slot)
      await ledger.book(key, primary.command('INCR', key))
    }
    expect(await ledger.expectBalanced(cluster())).toContain('3 acknowledged')
  })

  test('a slot can be moved back and forth repeatedly', async () => {
    const slot = 42
    const from = await cluster().primaryOf(slot)
    const to = (await cluster().primaries()).find(node => node !== from)
    if (!to) throw new Error('one primary only')
    for (let index = 0; index < 250; index++) await from.command('SET', cluster().key(slot, index), index)
    for (let round = 0; round < 4; round++) {
      await cluster().moveSlot(slot, to)
      expect(await to.command('GET', cluster().key(slot, 249))).toBe('249')
      await expect(from.command('GET', cluster().key(slot, 249))).rejects.toThrow(`MOVED ${slot} 127.0.0.1:${to.port}`)
      await cluster().moveSlot(slot, from)
    }
    expect(await cluster().primaryOf(slot)).toBe(from)
  })

  test('a slot move can be stopped half-way', async () => {
    const slot = 7_000
    const [here, there] = [cluster().key(slot, 'here'), cluster().key(slot, 'there')]
    const from = await cluster().primaryOf(slot)
    const to = (await cluster().primaries()).find(node => node !== from)
    if (!to) throw new Error('one primary only')
    await from.command('MSET', here, 1, there, 2)
    const move = await cluster().beginMove(slot, to)
    await move.migrate(there)
    expect(await from.command('GET', here)).toBe('1')
    await expect(from.command('GET', there)).rejects.toThrow(`ASK ${slot} 127.0.0.1:${to.port}`)
    await expect(from.command('MGET', here, there)).rejects.toThrow('TRYAGAIN')
    await move.finish()
    expect(await to.command('MGET', here, there)).toEqual(['1', '2'])
    await cluster().moveSlot(slot, from)
  })

  test('a cluster can fail over, lose a primary, and be healed', async () => {
    const primary = await cluster().primaryOf(0)
    const [replica] = await cluster().replicasOf(primary)
    if (!replica) throw new Error('no replica')
    await cluster().failover(replica)
    expect(await cluster().primaryOf(0)).toBe(replica)
    await cluster().waitReady()
    expect(await cluster().killPrimary(replica)).toBe(primary)
    await expect(cluster().killPrimary(primary)).rejects.toThrow('no living replica')
    await cluster().heal()
    expect(await cluster().replicasOf(primary)).toEqual([replica])
    expect(cluster().living).toHaveLength(6)
  })

  test('a cluster can be restarted on other ports', async () => {
    const before = cluster().seeds
    await cluster().restart({ anotherPort: true })
    expect(cluster().seeds.filter(seed => before.includes(seed))).toEqual([])
    const [first] = cluster().nodes
    expect(await first?.command('CLUSTER', 'INFO')).toContain('cluster_slots_assigned:16384')
  })
})
