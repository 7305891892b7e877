import { afterEach, expect, test } from 'vitest'
import { RedisCluster, type RedisClusterOptions, Script } from '../../src/index.js'
import { type FakeRedis, resp } from '../rig/fake-redis.js'
import { slotOf } from '../servers/servers.mjs'
import { fakeCluster } from './scripted-nodes.js'

const OWN = resp.error('NOSCRIPT No matching script. Please use EVAL.')
const READONLY = resp.error("READONLY You can't write against a read only replica.")
const ADD = new Script<number>({ keys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" })

const open: RedisCluster[] = []
const fakes: FakeRedis[] = []

afterEach(async () => {
  for (const client of open.splice(0)) client.destroy()
  for (const fake of fakes.splice(0)) await fake.stop()
})

async function cluster(count: number, answers: Parameters<typeof fakeCluster>[1]): Promise<FakeRedis[]> {
  const nodes = await fakeCluster(count, answers)
  fakes.push(...nodes)
  return nodes
}

function connect(nodes: readonly FakeRedis[], options: RedisClusterOptions = {}): RedisCluster {
  const client = new RedisCluster(
    nodes.map(({ url }) => url),
    { commandTimeout: 3_000, ...options },
  )
  client.on('error', () => {})
  open.push(client)
  return client
}

/** A key whose slot belongs to the node of this index, of so many nodes. */
function keyAt(index: number, count: number, n = 0): string {
  for (let i = n * 1_000; ; i++) if (Math.trunc(slotOf(`k${i}`) / (16384 / count)) === index) return `k${i}`
}

function runs({ commands }: FakeRedis): string[] {
  return commands.map(({ argv }) => argv[0] as string).filter(name => name.startsWith('EVAL'))
}

test('a pipeline sends the text of a script once to each node', async () => {
  const nodes = await cluster(3, (_, argv) => (argv[0]?.startsWith('EVAL') ? resp.integer(Number(argv[4])) : undefined))
  const pipeline = connect(nodes).pipeline()
  for (let i = 0; i < 9; i++) ADD.run(pipeline, keyAt(i % 3, 3), i)
  expect(await pipeline.exec()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  for (const node of nodes) expect(runs(node)).toEqual(['EVAL', 'EVALSHA', 'EVALSHA'])
})

test.each(['MOVED', 'ASK'])(
  'runs of a script in a pipeline have its text on their node, whether %s redirects them or not',
  async kind => {
    const [moved, other, stays] = [keyAt(0, 2), keyAt(0, 2), keyAt(0, 2, 1)]
    const known = [new Set<string>(), new Set<string>()]
    const nodes = await cluster(2, (index, argv, all) => {
      const [name, text, , key, n] = argv as [string, string, string, string, string]
      if (name === 'ASKING') return resp.ok
      if (name === 'INCR') return resp.integer(1)
      if (!name.startsWith('EVAL')) return undefined
      if (index === 0 && key === moved) return resp.error(`${kind} ${slotOf(key)} 127.0.0.1:${all[1]?.port}`)
      if (name === 'EVAL') known[index]?.add(text)
      return known[index]?.has(ADD.lua) ? resp.integer(Number(n)) : OWN
    })
    const pipeline = connect(nodes).pipeline()
    for (const [i, key] of [moved, other, moved, stays, stays].entries()) ADD.run(pipeline, key, i)
    // A command of another key does not prevent that a run is sent again.
    expect(await pipeline.incr(keyAt(1, 2)).exec()).toEqual([0, 1, 2, 3, 4, 1])
    expect(runs(nodes[0] as FakeRedis)).toContain('EVAL')
  },
)

test('READONLY from a script without flags rejects, because the script has run and returned it', async () => {
  let published = 0
  const nodes = await cluster(1, (_, argv) => {
    if (!argv[0]?.startsWith('EVAL')) return undefined
    published++
    return READONLY
  })
  const client = connect(nodes)
  const script = new Script({ lua: "redis.call('PUBLISH', 'c', 'm') return redis.pcall('SET', 'k', 'v')" })
  await expect(script.run(client)).rejects.toMatchObject({ name: 'ReadOnlyError' })
  await expect(client.eval(script.lua, 'k')).rejects.toMatchObject({ name: 'ReadOnlyError' })
  expect(published).toBe(2)
})

test('READONLY for a script with flags or a function is the error of the server, and it is sent again', async () => {
  let refused = 0
  const nodes = await cluster(1, (_, argv) => {
    if (!argv[0]?.startsWith('EVAL') && argv[0] !== 'FCALL') return undefined
    return refused++ % 2 === 0 ? READONLY : resp.integer(1)
  })
  const client = connect(nodes)
  expect(await new Script({ keys: 1, lua: "#!lua\nreturn redis.call('INCR', KEYS[1])" }).run(client, 'k')).toBe(1)
  expect(await client.eval(Buffer.from('#!lua\nreturn 1'), 'k')).toBe(1)
  expect(await client.fcall('f', 'k')).toBe(1)
})

test('close() waits for a script that must be sent again with its text', async () => {
  const nodes = await cluster(1, (_, argv) =>
    argv[0] === 'EVALSHA' ? OWN : argv[0] === 'EVAL' ? resp.integer(7) : undefined,
  )
  const client = connect(nodes)
  await client.connect()
  const run = ADD.run(client, 'k', 1)
  const pipeline = ADD.run(ADD.run(client.pipeline(), 'k', 1), 'k', 2).exec()
  await client.close()
  expect(await run).toBe(7)
  expect(await pipeline).toEqual([7, 7])
})

test('a command of a pipeline that the full queue rejects is not overtaken on its node, and other nodes are not affected', async () => {
  const nodes = await cluster(2, (_, argv) => (argv[0] === 'SET' ? resp.ok : undefined))
  const client = connect(nodes, { queue: { maxBytes: 8_192 } })
  await client.connect()
  const [here, there] = [keyAt(0, 2), keyAt(1, 2)]
  const results = await client
    .pipeline()
    .set(here, 'x'.repeat(9_000))
    .set(there, 'other node')
    .set(here, 'behind')
    .exec({ settle: true })
  expect(results).toEqual([
    expect.objectContaining({ name: 'ConnectionError', outcome: 'not sent' }),
    'OK',
    expect.objectContaining({ name: 'ConnectionError', outcome: 'not sent' }),
  ])
  const session = client.session(lease =>
    lease.pipeline().set(here, 'x'.repeat(9_000)).set(here, 'behind').exec({ settle: true }),
  )
  expect(await session).toEqual(Array(2).fill(expect.objectContaining({ outcome: 'not sent' })))
  expect(nodes[0]?.received('SET')).toHaveLength(0)
  expect(nodes[1]?.received('SET')).toHaveLength(1)
})
