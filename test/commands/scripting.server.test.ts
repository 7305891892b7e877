import { beforeEach, expect, it, vi } from 'vitest'
import { int } from '../../src/commands/core/decoders.js'
import { Script } from '../../src/commands/script.js'
import { NoScriptError, ResponseError } from '../../src/errors/errors.js'
import { needs, overBothProtocols } from './protocols.js'

overBothProtocols((client, server) => {
  const lua = "return {redis.call('INCRBY', KEYS[1], ARGV[1]), 'x', false}"
  const library = `#!lua name=l
redis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
redis.register_function{function_name='one', callback=function() return 1 end, flags={'no-writes'}, description='gives 1'}`

  beforeEach(async () => {
    await server().command('SCRIPT', 'FLUSH')
    if (server().atLeast(7)) await server().command('FUNCTION', 'FLUSH')
  })

  it('EVAL and EVALSHA run scripts', async context => {
    await needs(context, server(), 'EVAL_RO')
    const redis = client()
    await expect(redis.evalsha('e0e1f9fabfc9d4800c877a703b823ac0578ff8db')).rejects.toThrow(NoScriptError)
    expect(
      await Promise.all([
        redis.eval(lua, ['k'], [2]),
        redis.eval(lua, 'k', '3'),
        redis.bytes.eval(lua, 'k', 1),
        redis.eval('return {}'),
        redis.evalRo("return redis.call('GET', KEYS[1])", ['k']),
        redis.scriptLoad('return 1'),
        redis.evalsha('e0e1f9fabfc9d4800c877a703b823ac0578ff8db'),
        redis.evalshaRo('e0e1f9fabfc9d4800c877a703b823ac0578ff8db'),
        redis.scriptExists('e0e1f9fabfc9d4800c877a703b823ac0578ff8db', 'none'),
        redis.scriptFlush({ sync: true }),
        redis.bigints.scriptExists(['e0e1f9fabfc9d4800c877a703b823ac0578ff8db']),
        redis.scriptFlush({ async: true }),
        redis.scriptFlush(),
      ]),
    ).toStrictEqual([
      [2, 'x', null],
      [5, 'x', null],
      [6, Buffer.from('x'), null],
      [],
      '6',
      'e0e1f9fabfc9d4800c877a703b823ac0578ff8db',
      1,
      1,
      [1, 0],
      'OK',
      [0n],
      'OK',
      'OK',
    ])
    await expect(redis.evalRo("return redis.call('SET', KEYS[1], 1)", ['k'])).rejects.toThrow(ResponseError)
    await expect(redis.scriptKill()).rejects.toMatchObject({ code: 'NOTBUSY' })
    await expect(redis.call('SCRIPT', 'DEBUG', 'YES')).rejects.toThrow(/--ldb/)
    expect(await redis.scriptHelp()).toContainEqual(expect.stringMatching(/^EXISTS/))
  })

  it('SCRIPT SHOW returns the text of a script', async context => {
    if (server().flavour !== 'valkey' || !server().atLeast(8)) {
      context.skip(`${server().flavour} ${server().version.join('.')} has no SCRIPT SHOW`)
    }
    const redis = client()
    const sha1 = await redis.scriptLoad('return 1')
    expect(await redis.scriptShow(sha1)).toBe('return 1')
    expect(await redis.bytes.scriptShow(sha1)).toStrictEqual(Buffer.from('return 1'))
    await expect(redis.scriptShow('none')).rejects.toThrow(NoScriptError)
  })

  it('FUNCTION commands manage libraries, and FCALL runs their functions', async context => {
    await needs(context, server(), 'FUNCTION')
    const redis = client()
    const functions = [
      { name: 'add', description: null, flags: [] },
      { name: 'one', description: 'gives 1', flags: ['no-writes'] },
    ]
    expect(await redis.functionLoad(library)).toBe('l')
    await expect(redis.functionLoad(library)).rejects.toThrow(ResponseError)
    expect(await redis.functionLoad(library, { replace: true })).toBe('l')
    const [found, ...others] = await redis.functionList()
    expect(others).toEqual([])
    expect({ ...found, functions: found?.functions.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }).toEqual({
      libraryName: 'l',
      engine: 'LUA',
      functions,
    })
    const dump = await redis.functionDump()
    expect(dump).toBeInstanceOf(Buffer)
    expect(
      await Promise.all([
        redis.fcall('add', ['k'], [2]),
        redis.fcall('add', 'k', 3),
        redis.fcallRo('one'),
        redis.functionList({ libraryname: 'x*' }),
        redis.bytes.functionList({ withcode: true }).then(([only]) => [only?.libraryName, only?.libraryCode]),
        redis.functionStats(),
        redis.bigints.functionStats(),
        redis.functionDelete('l'),
        redis.functionRestore(dump),
        redis.functionRestore(dump, { replace: true }),
        redis.functionFlush({ async: true }),
        redis.functionRestore(dump, { append: true }),
        redis.functionRestore(dump, { flush: true }),
        redis.functionFlush({ sync: true }),
        redis.functionList(),
      ]),
    ).toEqual([
      2,
      5,
      1,
      [],
      ['l', library],
      { runningScript: null, engines: { LUA: { librariesCount: 1, functionsCount: 2 } } },
      { runningScript: null, engines: { LUA: { librariesCount: 1n, functionsCount: 2n } } },
      'OK',
      'OK',
      'OK',
      'OK',
      'OK',
      'OK',
      'OK',
      [],
    ])
    await expect(redis.functionKill()).rejects.toMatchObject({ code: 'NOTBUSY' })
    expect(await redis.functionHelp()).toContainEqual(expect.stringMatching(/^DELETE/))
  })

  it('FUNCTION STATS and FUNCTION KILL find and stop a running function', async context => {
    await needs(context, server(), 'FUNCTION')
    const redis = client()
    const other = redis.duplicate()
    try {
      await other.functionLoad(
        "#!lua name=loops\nredis.register_function{function_name='loop', callback=function() while true do end end, flags={'no-writes'}}",
      )
      await server().command('CONFIG', 'SET', 'busy-reply-threshold', '1')
      const looping = redis.fcallRo('loop')
      looping.catch(() => undefined)
      const stats = await vi.waitFor(async () => {
        const found = await other.functionStats()
        expect(found.runningScript).not.toBeNull()
        return found
      })
      expect(stats.runningScript).toEqual({
        name: 'loop',
        command: ['FCALL_RO', 'loop', '0'],
        durationMs: expect.any(Number),
      })
      expect(await other.functionKill()).toBe('OK')
      await expect(looping).rejects.toThrow(/killed/i)

      const script = redis.eval('while true do end')
      script.catch(() => undefined)
      await vi.waitFor(async () => expect(await other.scriptKill()).toBe('OK'))
      await expect(script).rejects.toThrow(/killed/i)
    } finally {
      await other.close()
    }
  })

  it('a Script runs even after the server has deleted it from its cache', async () => {
    const redis = client()
    const script = new Script<number | bigint>({
      keys: 1,
      lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
      decode: int,
    })
    expect(await script.run(redis, ['k'], [2])).toBe(2)
    expect(await redis.scriptExists(script.sha1)).toEqual([1])
    expect(await script.run(redis, 'k', 3)).toBe(5)
    expect(await script.run(redis.bigints, 'k', 1)).toBe(6n)
    await redis.scriptFlush()
    expect(await script.run(redis.prefixed('p:'), 'k', 4)).toBe(4)
    expect(await redis.mget('k', 'p:k')).toEqual(['6', '4'])
    await expect(script.run(redis)).rejects.toThrow(/needs 1 keys/)
    await redis.scriptFlush()
    const piped = await script.run(redis.pipeline().set('k', 1), 'k', 1).get('k').exec()
    expect(piped).toEqual(['OK', 2, '2'])
    await redis.scriptFlush()
    expect(await script.run(redis.multi(), 'k', 1).exec()).toEqual([3])
    expect(await redis.session(session => script.run(session, 'k', 1))).toBe(4)
  })

  it('a read-only Script runs with EVALSHA_RO', async context => {
    await needs(context, server(), 'EVALSHA_RO')
    const redis = client()
    await redis.set('k', 'v')
    const get = new Script({ lua: "return redis.call('GET', KEYS[1])", readonly: true, decode: String })
    expect([await get.run(redis, 'k'), await get.run(redis, 'k')]).toEqual(['v', 'v'])
    const set = new Script({ lua: "return redis.call('SET', KEYS[1], 1)", readonly: true })
    await expect(set.run(redis, 'k')).rejects.toThrow(ResponseError)
  })
})
