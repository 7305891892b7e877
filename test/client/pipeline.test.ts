import { beforeEach, describe, expect, test } from 'vitest'
import { Command } from '../../src/commands/core/command.js'
import { read, specOf } from '../../src/commands/core/spec.js'
import { DataError, type Redis } from '../../src/index.js'
import { useScriptedServers } from '../connection/scripted-clients.js'
import { type FakeRedis, resp } from '../rig/fake-redis.js'

let fake: FakeRedis
const scripted = useScriptedServers()

beforeEach(async () => {
  fake = await scripted.server()
})

function client(): Redis {
  return scripted.client(fake.port)
}

describe('a Command that is run twice', () => {
  const SPEC = read('TEST.GET', reply => reply)

  test('a pipeline or transaction with the same Command twice rejects with DataError, and sends nothing', async () => {
    const redis = client()
    for (const batch of [redis.pipeline(), redis.multi()]) {
      const command = new Command(SPEC, ['k'])
      batch.get('other')
      batch.run(command)
      batch.run(command)
      const error = await batch.exec({ settle: true }).catch(error => error)
      expect(error).toBeInstanceOf(DataError)
      expect(error).toMatchObject({ command: 'TEST.GET', index: 2, message: expect.stringContaining('was run before') })
    }
    expect(fake.received('TEST.GET')).toHaveLength(0)
    expect(fake.received('GET')).toHaveLength(0)
  })

  test('a Command that was run before rejects with DataError in a pipeline and in a transaction', async () => {
    const redis = client()
    fake.script = ([name]) => (name === 'TEST.GET' ? resp.ok : undefined)
    const command = new Command(SPEC, ['k'])
    await redis.run(command)
    for (const batch of [redis.pipeline(), redis.multi()]) {
      batch.run(command)
      await expect(batch.exec()).rejects.toBeInstanceOf(DataError)
    }
    expect(fake.received('TEST.GET')).toHaveLength(1)
  })
})

describe('memory of settled pipelines', () => {
  test('the commands of a settled pipeline keep no replies, errors or arguments', async () => {
    const redis = client()
    fake.script = ([name, key]) => (name !== 'SET' ? undefined : key === 'bad' ? resp.error('ERR bad') : resp.ok)
    const commands = ['good', 'bad'].map(key => new Command(specOf(['SET']), [key, 'v']))
    const pipeline = redis.pipeline()
    for (const command of commands) pipeline.run(command)
    await pipeline.exec({ settle: true })
    for (const { args, result } of commands) expect({ args, result }).toEqual({ args: [], result: undefined })
  })
})
