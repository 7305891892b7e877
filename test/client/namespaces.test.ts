/** Module commands of a client, sent over a socket to a scripted server that replies as one with the modules does. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Redis } from '../../src/index.js'
import { type FakeConnection, FakeRedis, resp } from '../rig/fake-redis.js'

const { array, bulk, integer, map, ok } = resp

/** The reply to a search under RESP2 and RESP3. */
function found({ protocol }: FakeConnection): string {
  if (protocol === 2) return array([integer(1), bulk('p:doc'), bulk('1.5'), array([bulk('title'), bulk('é')])])
  const document = map([
    [bulk('id'), bulk('p:doc')],
    [bulk('score'), ',1.5\r\n'],
    [bulk('extra_attributes'), map([[bulk('title'), bulk('é')]])],
    [bulk('values'), array([])],
  ])
  return map([
    ['+attributes\r\n', array([])],
    ['+total_results\r\n', integer(1)],
    ['+format\r\n', '+STRING\r\n'],
    ['+results\r\n', array([document])],
    ['+warning\r\n', array([])],
  ])
}

let server: FakeRedis

beforeAll(async () => {
  const replies: Record<string, (connection: FakeConnection) => string> = {
    MULTI: () => ok,
    EXEC: () => array([ok, bulk('{"a":[1,2]}')]),
    'JSON.SET': () => ok,
    'JSON.GET': () => bulk('{"a":[1,2]}'),
    'JSON.MGET': () => array([bulk('1'), resp.nilBulk]),
    'FT.SEARCH': found,
    'TS.GET': ({ protocol }) => array([integer(1000), protocol === 2 ? '+30.5\r\n' : ',30.5\r\n']),
    'BF.ADD': ({ protocol }) => (protocol === 2 ? integer(1) : '#t\r\n'),
    'BF.SCANDUMP': () => array([integer(1), '$3\r\n\xff\x00a\r\n']),
  }
  const queueing = new WeakSet<FakeConnection>()
  server = await FakeRedis.start({
    script: ([name = ''], connection) => {
      const reply = replies[name]?.(connection)
      if (reply === undefined) return undefined
      if (name === 'EXEC') queueing.delete(connection)
      const isQueued = queueing.has(connection)
      if (name === 'MULTI') queueing.add(connection)
      return isQueued ? '+QUEUED\r\n' : Buffer.from(reply, name === 'BF.SCANDUMP' ? 'latin1' : 'utf8')
    },
  })
})

afterAll(async () => {
  await server.stop()
})

describe.each([2, 3] as const)('under RESP%i', protocol => {
  let redis: Redis
  beforeAll(() => {
    redis = new Redis({ port: server.port, protocol })
  })
  afterAll(() => redis.destroy())

  test('module commands of a client decode the replies of the server', async () => {
    expect(await redis.json.set('doc', '$', { a: [1, 2] }, { nx: true })).toBe('OK')
    expect(server.commands.at(-1)?.argv).toEqual(['JSON.SET', 'doc', '$', '{"a":[1,2]}', 'NX'])
    expect(await redis.json.get<{ a: number[] }>('doc')).toEqual({ a: [1, 2] })
    expect(await redis.json.mget(['a', 'b'], '.n')).toEqual([1, null])
    expect(await redis.ts.get('k')).toEqual({ timestamp: 1000, value: 30.5 })
    expect(await redis.bf.add('k', 'a')).toBe(true)
    expect(await redis.bf.scandump('k', 0)).toEqual({ iterator: 1, data: Buffer.from([0xff, 0, 0x61]) })
    expect(await redis.ft.search('i', '*', { withscores: true })).toEqual({
      total: 1,
      documents: [{ id: 'p:doc', score: 1.5, fields: { title: 'é' } }],
      warnings: [],
    })
  })

  test('module commands of views decode the replies of the server', async () => {
    expect(await redis.bytes.ft.search('i', '*', { withscores: true })).toEqual({
      total: 1,
      documents: [{ id: Buffer.from('p:doc'), score: 1.5, fields: { title: Buffer.from('é') } }],
      warnings: [],
    })
    expect(await redis.bytes.json.get('doc')).toEqual({ a: [1, 2] })
    expect(await redis.bigints.ts.get('k')).toEqual({ timestamp: 1000n, value: 30.5 })
    const prefixed = redis.prefixed('p:')
    expect(await prefixed.ft.search('i', '*', { withscores: true, inkeys: ['doc'] })).toMatchObject({
      documents: [{ id: 'doc' }],
    })
    expect(server.commands.at(-1)?.argv).toEqual(['FT.SEARCH', 'i', '*', 'INKEYS', '1', 'p:doc', 'WITHSCORES'])
  })

  test('module commands of a pipeline return the pipeline, and decode the replies', async () => {
    const [set, document, sample, added] = await redis
      .pipeline()
      .json.set('doc', '$', 1)
      .json.get<{ a: number[] }>('doc')
      .ts.get('k')
      .bf.add('k', 'a')
      .exec()
    expect([set, document?.a, sample?.value, added]).toEqual(['OK', [1, 2], 30.5, true])
  })

  test('module commands of a transaction and a session decode the replies', async () => {
    const multi = redis.multi().json.set('doc', '$', 1).json.get('doc')
    expect(await multi.exec()).toEqual(['OK', { a: [1, 2] }])
    expect(await redis.session(session => session.json.get('doc'))).toEqual({ a: [1, 2] })
  })
})
