import { afterEach, expect, test } from 'vitest'
import { RedisCluster } from '../../src/cluster/redis-cluster.js'
import { useCluster } from '../servers/vitest.js'
const cluster = useCluster()
const open: { destroy(): void }[] = []
afterEach(() => { for (const c of open.splice(0)) c.destroy() })
test('smoke', async () => {
  const c = new RedisCluster(cluster().seeds); open.push(c)
  c.on('redirect', r => console.log(r)); c.on('error', e => console.log('err', String(e)))
  expect(c.status).toBe('idle')
  await c.set('a', 'A'); await c.set('b', 'B')
  expect(await c.mget('a', 'b', 'x', 'a')).toEqual(['A', 'B', null, 'A'])

})
