import { expect, it } from 'vitest'
import { MapReply, SetReply } from '../../src/commands/core/reply.js'
import { SCRIPT_DEBUG } from '../../src/commands/scripting.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

it('EVAL, EVALSHA, FCALL and their variants send their arguments', () => {
  expectEncodings([
    [r.eval('return 1'), 'EVAL return 1 0', ''],
    [r.eval('return 1', ['a', 'b'], ['x', 5]), 'EVAL return 1 2 a b x 5', 'a b'],
    [r.eval('return 1', 'a', 'x'), 'EVAL return 1 1 a x', 'a'],
    [r.evalRo('return 1', ['a'], ['x']), 'EVAL_RO return 1 1 a x', 'a'],
    [r.evalsha('abc', ['a'], ['x']), 'EVALSHA abc 1 a x', 'a'],
    [r.evalshaRo('abc', ['a']), 'EVALSHA_RO abc 1 a', 'a'],
    [r.fcall('f', ['a'], ['x']), 'FCALL f 1 a x', 'a'],
    [r.fcallRo('f'), 'FCALL_RO f 0', ''],
  ])
  const calls = [r.eval('x'), r.evalRo('x'), r.evalsha('x'), r.evalshaRo('x'), r.fcall('x'), r.fcallRo('x')]
  expect(calls.map(({ command: { spec } }) => [spec.script, spec.readonly, spec.repeatable])).toEqual([
    [true, false, false],
    [true, true, true],
    [true, false, false],
    [true, true, true],
    [true, false, false],
    [true, true, true],
  ])
})

it('SCRIPT and FUNCTION commands send their arguments', () => {
  const dump = Buffer.from([0, 255])
  expectEncodings([
    [r.functionDelete('l'), 'FUNCTION DELETE l', ''],
    [r.functionDump(), 'FUNCTION DUMP', ''],
    [r.functionFlush(), 'FUNCTION FLUSH', ''],
    [r.functionFlush({ async: true }), 'FUNCTION FLUSH ASYNC', ''],
    [r.functionHelp(), 'FUNCTION HELP', ''],
    [r.functionKill(), 'FUNCTION KILL', ''],
    [r.functionList(), 'FUNCTION LIST', ''],
    [r.functionList({ libraryname: 'l*', withcode: true }), 'FUNCTION LIST LIBRARYNAME l* WITHCODE', ''],
    [r.functionLoad('#!lua name=l'), 'FUNCTION LOAD #!lua name=l', ''],
    [r.functionLoad('#!lua name=l', { replace: true }), 'FUNCTION LOAD REPLACE #!lua name=l', ''],
    [r.functionRestore(Buffer.from('x')), 'FUNCTION RESTORE x', ''],
    [r.functionRestore(Buffer.from('x'), { flush: true }), 'FUNCTION RESTORE x FLUSH', ''],
    [r.functionRestore(Buffer.from('x'), { append: true }), 'FUNCTION RESTORE x APPEND', ''],
    [r.functionRestore(Buffer.from('x'), { replace: true }), 'FUNCTION RESTORE x REPLACE', ''],
    [r.functionStats(), 'FUNCTION STATS', ''],
    [r.scriptExists('a', 'b'), 'SCRIPT EXISTS a b', ''],
    [r.scriptExists(['a', 'b']), 'SCRIPT EXISTS a b', ''],
    [r.scriptFlush(), 'SCRIPT FLUSH', ''],
    [r.scriptFlush({ sync: true }), 'SCRIPT FLUSH SYNC', ''],
    [r.scriptHelp(), 'SCRIPT HELP', ''],
    [r.scriptKill(), 'SCRIPT KILL', ''],
    [r.scriptLoad('return 1'), 'SCRIPT LOAD return 1', ''],
    [r.scriptShow('abc'), 'SCRIPT SHOW abc', ''],
  ])
  expect(r.functionRestore(dump).command.args[0]).toBe(dump)
})

it('script commands reject arguments that conflict or are missing', () => {
  expectRefusals(/exclude each other/, [
    loosely(r, 'scriptFlush', { async: true, sync: true }),
    loosely(r, 'functionFlush', { async: true, sync: true }),
    loosely(r, 'functionRestore', Buffer.from('x'), { flush: true, append: true }),
  ])
  expectRefusals(/At least one SHA-1 is needed/, [r.scriptExists()])
})

it('SCRIPT DEBUG is reserved, because it takes over the connection', () => {
  expect(SCRIPT_DEBUG.reserved).toEqual({ session: false, instead: 'redis-cli with --ldb' })
})

it('EVAL and FCALL return the reply as it came', () => {
  for (const call of [r.eval('x'), r.evalRo('x'), r.evalsha('x'), r.evalshaRo('x'), r.fcall('x'), r.fcallRo('x')]) {
    expect(call.decode([1, 'x', null])).toStrictEqual([1, 'x', null])
    expect(call.decode(new MapReply(['a', new SetReply(['b'])]))).toStrictEqual(new Map([['a', new Set(['b'])]]))
    expect(call.decode(null)).toBeNull()
  }
})

it('FUNCTION LIST becomes the same objects under both protocols', () => {
  const f = ['name', 'f', 'description', null, 'flags', ['no-writes']]
  const library = ['library_name', 'l', 'engine', 'LUA', 'functions']
  const expected = [
    {
      libraryName: 'l',
      engine: 'LUA',
      functions: [{ name: 'f', description: null, flags: ['no-writes'] }],
      libraryCode: '#!lua',
    },
  ]
  const list = r.functionList()
  expect(list.decode([[...library, [f], 'library_code', '#!lua']])).toEqual(expected)
  const f3 = new MapReply(['name', 'f', 'description', null, 'flags', new SetReply(['no-writes'])])
  expect(list.decode([new MapReply([...library, [f3], 'library_code', '#!lua'])])).toEqual(expected)
})

it('FUNCTION STATS of a cluster returns the shard on which a function runs', () => {
  const engines = ['LUA', ['libraries_count', 1, 'functions_count', 2]]
  const idle = ['running_script', null, 'engines', engines]
  const busy = ['running_script', ['name', 'f', 'command', ['FCALL', 'f', '0'], 'duration_ms', 7], 'engines', engines]
  const stats = r.functionStats()
  const counts = { LUA: { librariesCount: 1, functionsCount: 2 } }
  expect(stats.decode(idle)).toEqual({ runningScript: null, engines: counts })
  const running = { name: 'f', command: ['FCALL', 'f', '0'], durationMs: 7 }
  expect(stats.decode(busy)).toEqual({ runningScript: running, engines: counts })
  const map = new MapReply(['LUA', new MapReply(['libraries_count', 1, 'functions_count', 2])])
  expect(stats.decode(new MapReply(['running_script', null, 'engines', map]), { bigints: true })).toEqual({
    runningScript: null,
    engines: { LUA: { librariesCount: 1n, functionsCount: 2n } },
  })
  const { responsePolicy: join } = stats.command.spec
  expect(join?.([idle, busy, idle])).toBe(busy)
  expect(join?.([idle, [...idle]])).toBe(idle)
  expect(join?.([new MapReply(idle), new MapReply(busy)])).toEqual(new MapReply(busy))
})

it('script replies become strings for words, and integers of the view', () => {
  const ok = Buffer.from('OK')
  for (const call of [
    r.functionDelete('l'),
    r.functionFlush(),
    r.functionKill(),
    r.functionLoad('x'),
    r.functionRestore(ok),
    r.scriptFlush(),
    r.scriptKill(),
    r.scriptLoad('x'),
  ]) {
    expect(call.decode(ok, { bytes: true })).toBe('OK')
  }
  expect([r.scriptShow('a').decode('x'), r.scriptShow('a').decode(ok, { bytes: true })]).toEqual(['x', ok])
  expect(r.functionDump().decode(ok, { bytes: true })).toBe(ok)
  expect(r.functionDump().command.spec.binary).toBe(true)
  for (const call of [r.functionHelp(), r.scriptHelp()]) expect(call.decode([ok], { bytes: true })).toEqual(['OK'])
  expect(r.scriptExists('a').decode([1, 0])).toEqual([1, 0])
  expect(r.scriptExists('a').decode([1, 0], { bigints: true })).toEqual([1n, 0n])
})
