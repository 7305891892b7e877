import { expect, it } from 'vitest'
import { ResponseError } from '../../src/errors/errors.js'
import { overBothProtocols } from './protocols.js'

overBothProtocols(client => {
  it('COMMAND and COMMAND INFO return information about commands', async () => {
    const redis = client()
    const commands = await redis.command()
    expect(commands).toHaveLength(await redis.commandCount())
    expect(BigInt(commands.length)).toBe(await redis.bigints.commandCount())
    const [get, none, config] = await redis.commandInfo('get', 'none', 'config')
    expect(get).toEqual({
      name: 'get',
      arity: 2,
      flags: ['readonly', 'fast'],
      firstKey: 1,
      lastKey: 1,
      step: 1,
      categories: ['@read', '@string', '@fast'],
      tips: [],
      keySpecs: [
        {
          flags: ['RO', 'access'],
          beginSearch: { type: 'index', spec: { index: 1 } },
          findKeys: { type: 'range', spec: { lastkey: 0, keystep: 1, limit: 0 } },
        },
      ],
      subcommands: [],
    })
    expect(commands.find(each => each.name === 'get')).toEqual(get)
    expect(none).toBeNull()
    expect(config?.subcommands.map(each => each.name)).toEqual(expect.arrayContaining(['config|get', 'config|set']))
  })

  it('COMMAND DOCS returns the documentation of commands', async () => {
    const redis = client()
    const docs = await redis.commandDocs('get', 'config')
    expect(Object.keys(docs).sort()).toEqual(['config', 'get'])
    expect(docs.get).toMatchObject({
      summary: expect.any(String),
      since: '1.0.0',
      group: 'string',
      complexity: 'O(1)',
      arguments: [{ name: 'key', type: 'key', keySpecIndex: 0 }],
    })
    expect(docs.config).toMatchObject({
      subcommands: { 'config|set': { since: '2.0.0', history: [['7.0.0', expect.any(String)]] } },
    })
    expect(Object.keys(await redis.commandDocs()).length).toBe(await redis.commandCount())
  })

  it('COMMAND GETKEYS finds the keys of a call', async () => {
    const redis = client()
    expect(await redis.commandGetkeys('MSET', 'a', 1, 'b', 2)).toEqual(['a', 'b'])
    expect(await redis.bytes.commandGetkeys('GET', 'a')).toEqual([Buffer.from('a')])
    expect(await redis.commandGetkeysandflags('SET', 'a', 1)).toEqual([{ key: 'a', flags: ['OW', 'update'] }])
    await expect(redis.commandGetkeys('PING')).rejects.toBeInstanceOf(ResponseError)
  })

  it('COMMAND LIST returns the names of commands', async () => {
    const redis = client()
    // Subcommands are in the list too.
    expect(await redis.commandList()).toEqual(expect.arrayContaining(['get', 'config', 'config|get']))
    expect(await redis.commandList({ pattern: 'hget*' })).toEqual(expect.arrayContaining(['hget', 'hgetall']))
    expect(await redis.commandList({ aclcat: 'transaction' })).toEqual(expect.arrayContaining(['multi', 'exec']))
    expect(await redis.commandList({ module: 'none' })).toEqual([])
    expect((await redis.commandHelp())[0]).toMatch(/^COMMAND <subcommand>/)
  })
})
