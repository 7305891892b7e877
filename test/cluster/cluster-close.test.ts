import { describe, expect, test } from 'vitest'
import { until } from '../rig/conditions.js'
import { resp } from '../rig/fake-redis.js'
import { useFakes } from './scripted-nodes.js'

const { cluster, connect } = useFakes()

/** A promise, and the function that resolves it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open }
}

describe('close()', () => {
  test('close() waits for the calls in flight on the connection of a session', async () => {
    const { open, opened } = gate()
    const nodes = await cluster(1, async (_, argv) => {
      if (argv[0] !== 'GET') return undefined
      await opened
      return resp.bulk('v')
    })
    const client = connect(nodes)
    const session = client.session(each => each.get('k'))
    await nodes[0]!.untilReceived('GET')
    const closing = client.close()
    await expect(client.get('k')).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
    // If close() had ended the connection, the call would have been rejected by now.
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
    open()
    expect(await session).toBe('v')
    await closing
    expect(client.status).toBe('closed')
  })

  test('close() lets a session finish that has not yet sent a key', async () => {
    const { open, opened } = gate()
    const nodes = await cluster(1, (_, argv) => (argv[0] === 'GET' ? resp.bulk('v') : undefined))
    const client = connect(nodes)
    await client.connect()
    const session = client.session(async each => {
      await opened
      return [await each.ping(), await each.get('k'), await each.get('k')]
    })
    const closing = client.close()
    await expect(client.session(each => each.get('k'))).rejects.toMatchObject({ outcome: 'not sent' })
    open()
    expect(await session).toEqual(['PONG', 'v', 'v'])
    await closing
  })

  test('close() waits for calls that are retried after CLUSTERDOWN', async () => {
    let down = true
    const nodes = await cluster(1, (_, argv) =>
      argv[0] === 'SET' ? (down ? resp.error('CLUSTERDOWN The cluster is down') : resp.ok) : undefined,
    )
    const client = connect(nodes)
    await client.connect()
    const calls = [client.set('k', 'v'), client.session(each => each.set('k', 'v'))]
    await until(() => client.stats.queued === 2)
    const closing = client.close()
    down = false
    expect(await Promise.all(calls)).toEqual(['OK', 'OK'])
    await closing
  })

  test('close() inside a session does not wait for that session', async () => {
    const nodes = await cluster(1, (_, argv) => (argv[0] === 'GET' ? resp.bulk('v') : undefined))
    for (const key of ['k', undefined]) {
      const client = connect(nodes)
      await client.session(async each => {
        if (key !== undefined) await each.get(key)
        await client.close({ timeout: 60_000 })
      })
      expect(client.status).toBe('closed')
    }
  })

  test('close() ends a scan with a ConnectionError', async () => {
    const nodes = await cluster(1, (_, argv, all) => {
      if (argv[0] === 'SCAN') return resp.array([resp.bulk('7'), resp.array([resp.bulk('k')])])
      if (argv[1] === 'NODES') {
        return resp.bulk(`a 127.0.0.1:${all[0]!.port}@1 myself,master - 0 0 1 connected 0-16383\n`)
      }
      return undefined
    })
    const client = connect(nodes)
    const scanning = (async () => {
      for await (const _ of client.scan()) await new Promise(resolve => setImmediate(resolve))
    })()
    scanning.catch(() => {})
    await nodes[0]!.untilReceived('SCAN', 3)
    await client.close()
    await expect(scanning).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not sent' })
  })
})
