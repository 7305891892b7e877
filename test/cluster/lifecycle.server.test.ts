import { afterEach, describe, expect, test } from 'vitest'
import { runChild } from '../rig/child.js'
import { useCluster } from '../servers/vitest.js'

const cluster = useCluster({ replicasEach: 0 })

afterEach(() => cluster().heal())

const states = {
  idle: '',
  connecting: 'client.get("k").catch(() => {})',
  ready: 'await client.get("k")',
  'in flight': 'await client.connect(); client.get("k").catch(() => {})',
  'nowhere to be found': 'client.get("k").catch(() => {}); await new Promise(resolve => setTimeout(resolve, 60))',
  subscribed: 'await client.subscribe("a", () => {}); await client.ssubscribe("b", () => {})',
  subscribing: 'client.subscribe("a", () => {}).catch(() => {}); client.ssubscribe("b", () => {}).catch(() => {})',
  scanning: 'const loop = client.scan()[Symbol.asyncIterator](); loop.next().catch(() => {})',
  lent: 'await client.session(session => session.get("k"))',
  blocking:
    'await client.get("k"); client.blpop(["k"], 0).catch(() => {}); await new Promise(resolve => setTimeout(resolve, 30))',
  'of single nodes': 'await client.connect(); for (const node of client.nodes()) await node.info()',
}

describe('the process of a cluster client', () => {
  test.each(
    Object.entries(states).flatMap(([state, code]) => ['close', 'destroy'].map(end => [state, end, code] as const)),
  )('a process has no handle left when its cluster client was %s at %s()', async (state, end, code) => {
    const seeds = state === 'nowhere to be found' ? ['redis://127.0.0.1:1'] : cluster().seeds
    const result = await runChild(
      `const { RedisCluster } = require('@respire/redis')
       const client = new RedisCluster(${JSON.stringify(seeds)}).on('error', () => {})
       ;(async () => {
         ${code}
         const start = performance.now()
         await client.${end}(${end === 'close' ? '{ timeout: 200 }' : ''})
         process.on('exit', () => console.log(Math.round(performance.now() - start)))
       })()`,
      { nodeArgs: ['--unhandled-rejections=strict'] },
    )
    expect(result).toMatchObject({ code: 0, timedOut: false, stderr: '' })
    expect(Number(result.stdout)).toBeLessThan(2_000)
  })

  test('a process ends after unref(), even if a primary is lost and clients of single nodes are connected', async () => {
    const lost = await cluster().primaryOf(0)
    const result = await runChild(
      `const { RedisCluster } = require('@respire/redis')
       const client = new RedisCluster(${JSON.stringify(cluster().seeds)}).on('error', () => {})
       ;(async () => {
         await client.connect()
         for (const node of client.nodes()) await node.info()
         client.unref()
         process.kill(${lost.pid}, 'SIGKILL')
         const end = performance.now() + 500
         while (performance.now() < end) await new Promise(resolve => setTimeout(resolve, 10))
         console.log('lost')
         client.nodes()
       })()`,
      { timeout: 20_000 },
    )
    expect(result).toMatchObject({ code: 0, timedOut: false })
    expect(result.stdout).toContain('lost')
  })
})
