import { expect, it } from 'vitest'
import { overBothProtocols } from '../../commands/protocols.js'

overBothProtocols(client => {
  it('lists are read as deep as the server nests them', async () => {
    const redis = client()
    for (const depth of [127, 128, 1_000, 7_900]) {
      let reply: unknown = await redis.eval(`local a={} for i=1,${depth} do a={a} end return a`)
      let found = 0
      for (; Array.isArray(reply) && reply.length > 0; found++) reply = reply[0]
      expect(found).toBe(depth)
    }
  })

  it('a status of three million bytes and an error of 70,000 bytes are read', async () => {
    const redis = client()
    expect(await redis.eval("return {ok=string.rep('x',3000000)}")).toHaveLength(3_000_000)
    await expect(redis.eval("return {err=string.rep('x',70000)}")).rejects.toMatchObject({ name: 'ResponseError' })
    expect(await redis.ping()).toBe('PONG')
  })

  it('a reply beyond a limit closes the connection with an error that says that the command may have run', async () => {
    const strict = client().duplicate({ limits: { maxDepth: 2 } })
    await expect(strict.eval('return {{{1}}}')).rejects.toMatchObject({
      name: 'InvalidResponse',
      outcome: 'unknown',
      message: expect.stringContaining('at most 2 aggregates'),
    })
    await strict.close()
  })
})
