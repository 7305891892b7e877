import { expect, test } from 'vitest'
import { Redis } from '../../src/client/redis.js'
import { ModuleError } from '../../src/errors/errors.js'
import { startSingle } from '../servers/servers.mjs'
import { overBothProtocols } from './protocols.js'

overBothProtocols(client => {
  test('commands that would change the shared connection are rejected with an alternative', async () => {
    const redis = client()
    const refused: [string, ...string[]][] = [
      ['monitor'],
      ['CLIENT', 'reply', 'OFF'],
      ['SYNC'],
      ['PSYNC', '?', '-1'],
      ['RESET'],
      ['QUIT'],
      ['MULTI'],
      ['Select', '1'],
      ['AUTH', 'x'],
      ['HELLO', '3'],
      ['SUBSCRIBE', 'c'],
      ['psubscribe', 'c'],
      ['WATCH', 'k'],
      ['WAIT', '0', '0'],
      ['CLIENT', 'TRACKING', 'ON'],
    ]
    for (const words of refused) {
      await expect(redis.call(...words), words.join(' ')).rejects.toMatchObject({
        name: 'DataError',
        message: expect.stringContaining(': use '),
      })
      await expect(
        redis
          .pipeline()
          .call(...words)
          .exec(),
        words.join(' '),
      ).rejects.toMatchObject({ name: 'DataError' })
    }
    expect(await redis.echo('still right')).toBe('still right')
  })
})

test('MODULE LOAD and MODULE UNLOAD reject with ModuleError on a server that allows them', async () => {
  const server = await startSingle({ config: ['--enable-module-command', 'yes'] })
  const redis = new Redis({ port: server.port })
  await expect(redis.moduleLoad('/no/such/module.so')).rejects.toBeInstanceOf(ModuleError)
  await expect(redis.moduleUnload('none')).rejects.toBeInstanceOf(ModuleError)
  await redis.close()
  await server.stop()
})
