import { describe, expect, test } from 'vitest'
import { ClusterError, RedisError } from '../../src/errors/errors.js'
import { until } from '../rig/conditions.js'
import { type FakeRedis, resp } from '../rig/fake-redis.js'
import { slotOf } from '../servers/servers.mjs'
import { evenly, isShards, shardsReply, useFakes } from './scripted-nodes.js'

const { cluster, connect, trap } = useFakes()

const SLOT = slotOf('k')
const isGet = (argv: readonly string[]) => argv[0] === 'GET'

describe('redirects without an end', () => {
  test('a command that is redirected in circles rejects after 16 redirects, with few refreshes', async () => {
    const nodes = await cluster(2, (index, argv, all) =>
      isGet(argv) ? resp.error(`MOVED ${SLOT} 127.0.0.1:${all[1 - index]!.port}`) : undefined,
    )
    const client = connect(nodes)
    const began = performance.now()
    const error = await client.get('k').catch(cause => cause)
    expect(error).toBeInstanceOf(ClusterError)
    expect(error).toMatchObject({ command: 'GET', outcome: 'not sent', cause: { name: 'MovedError', slot: SLOT } })
    const gets = nodes.flatMap(node => node.received('GET'))
    expect(gets).toHaveLength(17)
    await new Promise(resolve => setTimeout(resolve, 500))
    const looks = nodes.flatMap(node => node.received('CLUSTER')).length
    expect(looks).toBeLessThanOrEqual(Math.ceil((performance.now() - began) / 100) + 1)
  })

  test('a command that a node redirects to itself by ASK rejects after 16 redirects', async () => {
    const nodes = await cluster(1, (index, argv, all) =>
      isGet(argv) ? resp.error(`ASK ${SLOT} 127.0.0.1:${all[index]!.port}`) : undefined,
    )
    const error = await connect(nodes)
      .get('k')
      .catch(cause => cause)
    expect(error).toBeInstanceOf(ClusterError)
    // ASKING comes right before the command each time.
    const names = nodes[0]!.commands.map(({ argv }) => argv[0]).filter(name => name === 'GET' || name === 'ASKING')
    expect(names).toEqual(['GET', ...Array.from({ length: 16 }, () => ['ASKING', 'GET']).flat()])
  })

  test('ten callers that are always redirected in circles cause at most ten refreshes a second, one node at a time', async () => {
    let asking = 0
    let most = 0
    const nodes = await cluster(3, (index, argv, all) => {
      if (isGet(argv)) return resp.error(`MOVED ${SLOT} 127.0.0.1:${all[(index + 1) % 3]!.port}`)
      if (!isShards(argv)) return undefined
      asking++
      most = Math.max(most, asking)
      return (async function* () {
        await new Promise(resolve => setTimeout(resolve, 20))
        asking--
        yield shardsReply(evenly(all))
      })()
    })
    const client = connect(nodes)
    await client.connect()
    const start = performance.now()
    const end = start + 1_000
    const began = nodes.flatMap(node => node.received('CLUSTER')).length
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        while (performance.now() < end) await client.get('k').catch(() => {})
      }),
    )
    const looks = nodes.flatMap(node => node.received('CLUSTER')).length - began
    expect(looks).toBeGreaterThan(2)
    expect(looks).toBeLessThanOrEqual((performance.now() - start) / 100 + 2)
    expect(most).toBe(1)
  })
})

let failing = false

function fails(): undefined {
  if (failing) throw new Error('mine')
}

describe('redirects of a hostile node', () => {
  const malformed = [
    `MOVED ${SLOT}`,
    `MOVED ${SLOT} `,
    `MOVED ${SLOT} 127.0.0.1`,
    `MOVED ${SLOT} 127.0.0.1:`,
    `MOVED ${SLOT} 127.0.0.1:0`,
    `MOVED ${SLOT} 127.0.0.1:65536`,
    `MOVED ${SLOT} 127.0.0.1:-1`,
    `MOVED ${SLOT} 127.0.0.1:1e3`,
    `MOVED ${SLOT} 127.0.0.1:80x`,
    `MOVED ${SLOT} 127.0.0.1:0x50`,
    `MOVED ${SLOT} 127.0.0.1: 80`,
    `MOVED ${SLOT}  127.0.0.1:80`,
    `MOVED 16384 127.0.0.1:PORT`,
    `MOVED -1 127.0.0.1:PORT`,
    `MOVED 1e3 127.0.0.1:PORT`,
    `MOVED 00${SLOT} 127.0.0.1:PORT`,
    `MOVED ${SLOT}.5 127.0.0.1:PORT`,
    `MOVED x 127.0.0.1:PORT`,
    `MOVED ${SLOT + 1} 127.0.0.1:PORT`,
    `MOVED ${SLOT} ${'a'.repeat(256)}:PORT`,
    `MOVED ${SLOT} user:pass@127.0.0.1:PORT`,
    `MOVED ${SLOT} 127.0.0.1/x:PORT`,
    `MOVED ${SLOT} http://127.0.0.1:PORT`,
    `MOVED ${SLOT} 127.0.0.1\t:PORT`,
    `MOVED ${SLOT} 127.0.0.1\u0000:PORT`,
    `MOVED ${SLOT} a b:PORT`,
    `MOVED ${SLOT} é:PORT`,
    `MOVED ${SLOT} $(id):PORT`,
    `moved ${SLOT} 127.0.0.1:PORT`,
    `MOVED\t${SLOT} 127.0.0.1:PORT`,
    `ASK ${SLOT}`,
    `ASK ${SLOT + 1} 127.0.0.1:PORT`,
    `ASK 99999 127.0.0.1:PORT`,
    `ASK ${SLOT} 127.0.0.1:PORT x`,
    `ERR MOVED ${SLOT} 127.0.0.1:PORT`,
    `MOVEDX ${SLOT} 127.0.0.1:PORT`,
    `MOVED ${SLOT} -x:PORT`,
    `MOVED ${SLOT} .:PORT`,
    `MOVED ${SLOT} %:PORT`,
    `MOVED ${SLOT} -:PORT`,
  ]

  test('a malformed redirect rejects the command with it, and no node is dialled', async () => {
    const { dialled, port } = await trap()
    let text = ''
    const nodes = await cluster(1, (_, argv) =>
      isGet(argv) ? resp.error(text.replace('PORT', String(port))) : undefined,
    )
    const client = connect(nodes, { commandTimeout: 150 })
    await client.connect()
    expect(malformed).toHaveLength(40)
    for (text of malformed) {
      const error = await client.get('k').catch(cause => cause)
      expect(error, text).toBeInstanceOf(RedisError)
    }
    expect(dialled()).toBe(0)
    text = 'ERR over'
    await expect(client.get('k')).rejects.toThrow('over')
  })

  test.each([
    ['allowRedirect that throws', { allowRedirect: () => fails() ?? true }],
    ['addressMap that throws', { addressMap: (): undefined => fails() }],
    ['addressMap that leads nowhere', { addressMap: (): string | undefined => (failing ? 'nowhere' : undefined) }],
  ] as const)('an %s during a redirect rejects the redirected command only', async (_, options) => {
    const nodes = await cluster(2, (index, argv, all) => {
      if (argv[0] === 'EXISTS') return resp.integer(1)
      return isGet(argv) ? resp.error(`MOVED ${SLOT} 127.0.0.1:${all[1 - index]!.port}`) : undefined
    })
    const client = connect(nodes, { commandTimeout: 0, ...options })
    await client.connect()
    failing = true
    const calls = [client.get('k'), client.exists('k')]
    const error = await calls[0]!.catch(cause => cause)
    failing = false
    expect(error).toBeInstanceOf(ClusterError)
    expect(error).toMatchObject({ command: 'GET', outcome: 'not sent', cause: { message: expect.any(String) } })
    expect(await calls[1]).toBe(1)
    expect(client.stats.reconnects).toBe(0)
  })

  test('a node that allowRedirect denies is not dialled, whether a redirect or the topology names it', async () => {
    const { dialled, port } = await trap()
    const asked: string[] = []
    const nodes = await cluster(1, (_, argv, all) => {
      if (isGet(argv)) return resp.error(`MOVED ${SLOT} 127.0.0.1:${port}`)
      if (!isShards(argv)) return undefined
      return shardsReply([
        { slots: [0, 16383], nodes: [{ port: all[0]!.port }, { port, role: 'replica' }] },
        { slots: [], nodes: [{ port, endpoint: '169.254.169.254' }] },
      ])
    })
    const client = connect(nodes, {
      readFrom: 'replica',
      password: 'secret',
      allowRedirect: address => {
        asked.push(`${address.host}:${address.port}`)
        return address.port === nodes[0]!.port
      },
    })
    await client.connect()
    const error = await client.get('k').catch(cause => cause)
    expect(error).toBeInstanceOf(ClusterError)
    expect(error.message).toContain('allowRedirect')
    expect(dialled()).toBe(0)
    expect(asked).toContain(`169.254.169.254:${port}`)
    expect(client.stats.nodes).toBe(1)
  })

  test('addressMap applies to the topology and to redirects', async () => {
    const nodes = await cluster(2, (index, argv, all) => {
      if (isShards(argv)) {
        return shardsReply([
          { slots: [0, 16383], nodes: [{ port: 7000, endpoint: '10.9.9.9' }] },
          { slots: [], nodes: [{ port: 7001, endpoint: '10.9.9.9' }] },
        ])
      }
      if (isGet(argv))
        return index === 0 ? resp.error(`MOVED ${SLOT} 10.9.9.9:7001`) : resp.bulk(`from ${all[index]!.port}`)
      return undefined
    })
    const [first, second] = nodes as [FakeRedis, FakeRedis]
    const client = connect([first], {
      addressMap: {
        '10.9.9.9:7000': `127.0.0.1:${first.port}`,
        '10.9.9.9:7001': { host: '127.0.0.1', port: second.port },
      },
    })
    expect(await client.get('k')).toBe(`from ${second.port}`)
    expect(client.topology?.shards.map(({ primary }) => primary.port)).toEqual([first.port, second.port])
    const byFunction = connect([first], {
      addressMap: ({ host, port }) =>
        host === '10.9.9.9' ? `127.0.0.1:${port === 7000 ? first.port : second.port}` : undefined,
    })
    expect(await byFunction.get('k')).toBe(`from ${second.port}`)
  })

  test('a redirect without a host means the node that replied, and one with ? waits for a refresh', async () => {
    let moved = true
    const nodes = await cluster(2, (index, argv, all) => {
      if (isShards(argv)) {
        const owner = all[moved ? 1 : 0]!.port
        return shardsReply([
          { slots: [0, 16383], nodes: [{ port: owner, endpoint: '?', ip: '127.0.0.1' }] },
          { slots: [], nodes: [{ port: all[moved ? 0 : 1]!.port, endpoint: null }] },
        ])
      }
      if (!isGet(argv)) return undefined
      const right = moved ? 1 : 0
      return index === right ? resp.bulk('here') : resp.error(`MOVED ${SLOT} ${moved ? '?' : ''}:${all[right]!.port}`)
    })
    const client = connect(nodes)
    expect(await client.get('k')).toBe('here')
    moved = false
    expect(await client.get('k')).toBe('here')
    expect(client.topology?.shards[0]?.primary.host).toBe('127.0.0.1')
    moved = true
    expect(await client.get('k')).toBe('here')
  })
})

describe('addressMap, allowRedirect and listeners that throw or return a promise', () => {
  const hostile = {
    get message(): string {
      throw new Error('no message')
    },
  }
  const thrown: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['undefined', undefined],
    ['a text', 'text'],
    ['a symbol', Symbol('s')],
    ['an object without a prototype', Object.create(null)],
    ['an object whose message throws', Object.setPrototypeOf(hostile, Error.prototype)],
    ['an Error', new Error('mine')],
  ]

  test.each(thrown)(
    'a refresh in which addressMap or allowRedirect throws %s fails, and the next one follows',
    async (_, value) => {
      const nodes = await cluster(1, (_index, argv) => (isGet(argv) ? resp.bulk('v') : undefined))
      for (const name of ['allowRedirect', 'addressMap'] as const) {
        let times = 0
        const client = connect(nodes, {
          [name]: () => {
            if (times++ < 2) throw value
            return name === 'allowRedirect' ? true : undefined
          },
        })
        expect(await client.get('k')).toBe('v')
        expect(times).toBeGreaterThan(2)
      }
    },
  )

  test.each(thrown)('a redirect for which allowRedirect throws %s rejects the command', async (_, value) => {
    let failing = false
    const nodes = await cluster(2, (index, argv, all) =>
      isGet(argv) ? resp.error(`MOVED ${SLOT} 127.0.0.1:${all[1 - index]!.port}`) : undefined,
    )
    const client = connect(nodes, {
      allowRedirect: () => {
        if (failing) throw value
        return true
      },
    })
    await client.connect()
    failing = true
    await expect(client.get('k')).rejects.toMatchObject({ name: 'ClusterError', command: 'GET', outcome: 'not sent' })
  })

  test('an allowRedirect that returns a promise lets no node through', async () => {
    const nodes = await cluster(1, () => undefined)
    for (const answer of [() => Promise.resolve(false), () => Promise.reject(new Error('mine'))]) {
      const client = connect(nodes, {
        commandTimeout: 200,
        // @ts-expect-error: it must not return a promise
        allowRedirect: answer,
      })
      await expect(client.get('k')).rejects.toMatchObject({
        name: 'RedisClusterException',
        message: expect.stringContaining('allowRedirect must return its value, not a promise'),
      })
      expect(client.topology).toBeUndefined()
    }
  })

  test('a listener of topology that throws null neither stops the refreshes nor makes the cluster unknown', async () => {
    const nodes = await cluster(1, (_, argv) => (isGet(argv) ? resp.bulk('v') : undefined))
    const client = connect(nodes, { refreshInterval: 30 })
    const errors: unknown[] = []
    client.on('error', error => errors.push(error))
    client.on('topology', () => {
      throw null
    })
    expect(await client.get('k')).toBe('v')
    await until(() => client.stats.refreshes > 3)
    expect(errors).toHaveLength(1)
  })
})
