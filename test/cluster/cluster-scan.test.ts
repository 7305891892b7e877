import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { resp } from '../rig/fake-redis.js'
import { useFakes } from './scripted-nodes.js'

const { cluster, connect } = useFakes()

test('a scan of a cluster rejects when one SCAN exceeds the deadline of the call', async () => {
  const nodes = await cluster(1, async (_, argv, all) => {
    if (argv[1] === 'NODES') return resp.bulk(`a 127.0.0.1:${all[0]!.port}@1 myself,master - 0 0 1 connected 0-16383\n`)
    if (argv[0] !== 'SCAN') return undefined
    // The first SCAN of each round is quick, so that the scan seems to make progress.
    if (argv[1] === '0') return resp.array([resp.bulk('7'), resp.array([resp.bulk('k')])])
    await sleep(200)
    return resp.array([resp.bulk('0'), resp.array([])])
  })
  const client = connect(nodes)
  await client.connect()
  const scanning = (async () => {
    for await (const _ of client.with({ timeout: 50 }).scan()) {
      // Only the end matters.
    }
  })()
  await expect(scanning).rejects.toMatchObject({ name: 'TimeoutError' })
})
