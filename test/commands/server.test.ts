import { describe, expect, it } from 'vitest'
import { MapReply } from '../../src/commands/core/reply.js'
import { InvalidResponse } from '../../src/errors/errors.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

describe('arguments of server commands', () => {
  it('commands about the state of the server send their arguments', () => {
    expectEncodings([
      [r.dbsize(), 'DBSIZE', ''],
      [r.flushall(), 'FLUSHALL', ''],
      [r.flushall('async'), 'FLUSHALL ASYNC', ''],
      [r.flushdb(), 'FLUSHDB', ''],
      [r.flushdb('sync'), 'FLUSHDB SYNC', ''],
      [r.info(), 'INFO', ''],
      [r.info('memory'), 'INFO memory', ''],
      [r.info(['memory', 'cpu'], { raw: true }), 'INFO memory cpu', ''],
      [r.lastsave(), 'LASTSAVE', ''],
      [r.lolwut(), 'LOLWUT', ''],
      [r.lolwut(6), 'LOLWUT VERSION 6', ''],
      [r.swapdb(0, 1), 'SWAPDB 0 1', ''],
      [r.time(), 'TIME', ''],
    ])
  })

  it('commands that save or delete data send their arguments', () => {
    expectEncodings([
      [r.bgrewriteaof(), 'BGREWRITEAOF', ''],
      [r.bgsave(), 'BGSAVE', ''],
      [r.bgsave({ schedule: true }), 'BGSAVE SCHEDULE', ''],
      [r.bgsave({ cancel: true }), 'BGSAVE CANCEL', ''],
      [r.save(), 'SAVE', ''],
      [r.shutdown(), 'SHUTDOWN', ''],
      [r.shutdown({ save: true, now: true, force: true }), 'SHUTDOWN SAVE NOW FORCE', ''],
      [r.shutdown({ save: false }), 'SHUTDOWN NOSAVE', ''],
      [r.shutdown({ abort: true }), 'SHUTDOWN ABORT', ''],
    ])
  })

  it('CONFIG commands send their arguments', () => {
    expectEncodings([
      [r.configGet('maxmemory*', 'save'), 'CONFIG GET maxmemory* save', ''],
      [r.configHelp(), 'CONFIG HELP', ''],
      [r.configResetstat(), 'CONFIG RESETSTAT', ''],
      [r.configRewrite(), 'CONFIG REWRITE', ''],
      [r.configSet({ maxmemory: 0, save: '' }), 'CONFIG SET maxmemory 0 save ', ''],
    ])
  })

  it('replication commands send their arguments', () => {
    expectEncodings([
      [r.role(), 'ROLE', ''],
      [r.replicaof({ host: 'h', port: 1 }), 'REPLICAOF h 1', ''],
      [r.replicaof('no one'), 'REPLICAOF NO ONE', ''],
      [r.slaveof({ host: 'h', port: 1 }), 'SLAVEOF h 1', ''],
      [r.slaveof('no one'), 'SLAVEOF NO ONE', ''],
      [r.failover(), 'FAILOVER', ''],
      [r.failover({ to: { host: 'h', port: 1, force: true }, timeout: 500 }), 'FAILOVER TO h 1 FORCE TIMEOUT 500', ''],
      [r.failover({ abort: true }), 'FAILOVER ABORT', ''],
    ])
  })

  it('server commands reject options that conflict', () => {
    expectRefusals(/parameter/, [loosely(r, 'configSet', {})])
    expectRefusals(/exclude each other/, [loosely(r, 'bgsave', { schedule: true, cancel: true })])
    expectRefusals('abort cannot be combined with now and save', [
      loosely(r, 'shutdown', { abort: true, save: false, now: true, force: false }),
    ])
    expectRefusals('abort cannot be combined with timeout', [loosely(r, 'failover', { abort: true, timeout: 1 })])
    expectRefusals('force needs the option timeout', [r.failover({ to: { host: 'h', port: 1, force: true } })])
  })
})

describe('INFO replies', () => {
  const TEXT = [
    '# Server',
    'redis_version:7.0.15',
    'redis_git_sha1:12345678',
    'run_id:1513088b6020fd75e1d2e20086b4400136a8befc',
    'uptime_in_seconds:408',
    'executable:/opt/a=b/redis-server',
    'config_file:',
    '',
    '# Memory',
    'used_memory_human:791.01K',
    'mem_fragmentation_ratio:10.58',
    'used_memory_peak_perc:87.01%',
    '',
    '# Stats',
    'total_net_input_bytes:9223372036854775807',
    'instantaneous_input_kbps:0.00',
    '',
    '# Replication',
    'second_repl_offset:-1',
    'slave0:ip=127.0.0.1,port=6380,state=online,offset=14,lag=0',
    '',
    '# Modules',
    'module:name=search,ver=80002,usedby=[]',
    'module:name=ReJSON,ver=80001,usedby=[search|x]',
    '',
    '# Commandstats',
    'cmdstat_config|get:calls=2,usec=66,usec_per_call=33.00,rejected_calls=0,failed_calls=0',
    '',
    '# Keyspace',
    'db0:keys=1,expires=0,avg_ttl=0',
    '',
  ].join('\r\n')

  const PARSED = {
    server: {
      redis_version: '7.0.15',
      redis_git_sha1: '12345678',
      run_id: '1513088b6020fd75e1d2e20086b4400136a8befc',
      uptime_in_seconds: 408,
      executable: '/opt/a=b/redis-server',
      config_file: '',
    },
    memory: { used_memory_human: '791.01K', mem_fragmentation_ratio: 10.58, used_memory_peak_perc: '87.01%' },
    // No number could hold this value exactly, so it stays text.
    stats: { total_net_input_bytes: '9223372036854775807', instantaneous_input_kbps: 0 },
    replication: {
      second_repl_offset: -1,
      slave0: { ip: '127.0.0.1', port: 6380, state: 'online', offset: 14, lag: 0 },
    },
    modules: {
      search: { name: 'search', ver: 80_002, usedby: '[]' },
      ReJSON: { name: 'ReJSON', ver: 80_001, usedby: '[search|x]' },
    },
    commandstats: {
      'cmdstat_config|get': { calls: 2, usec: 66, usec_per_call: 33, rejected_calls: 0, failed_calls: 0 },
    },
    keyspace: { db0: { keys: 1, expires: 0, avg_ttl: 0 } },
  }

  it('INFO becomes sections of fields', () => {
    expect(r.info().decode(TEXT)).toEqual(PARSED)
    expect(r.info().decode(Buffer.from(TEXT), { bytes: true })).toEqual(PARSED)
  })

  it('INFO with raw returns the text', () => {
    expect(r.info([], { raw: true }).decode(TEXT)).toBe(TEXT)
    expect(r.info([], { raw: true }).decode(Buffer.from(TEXT), { bytes: true })).toEqual(Buffer.from(TEXT))
  })

  it('INFO accepts an unusual reply', () => {
    expect(() => r.info().decode(null)).toThrow(InvalidResponse)
    expect(r.info().decode('# \r\nno colon\r\n:x\r\n__proto__:1')).toEqual({ '': { ['__proto__']: 1 } })
  })
})

describe('decoding of server replies', () => {
  it('ROLE becomes an object with the fields of the role', () => {
    expect(r.role().decode(['master', 14, [['127.0.0.1', '6380', '14']]])).toEqual({
      role: 'master',
      offset: 14,
      replicas: [{ host: '127.0.0.1', port: 6380, offset: 14 }],
    })
    expect(r.role().decode(['slave', '127.0.0.1', 6379, 'connected', 14])).toEqual({
      role: 'slave',
      host: '127.0.0.1',
      port: 6379,
      state: 'connected',
      offset: 14,
    })
    expect(r.role().decode(['sentinel', ['a', 'b']])).toEqual({ role: 'sentinel', names: ['a', 'b'] })
    for (const odd of [['other', 1], null, 'master']) expect(() => r.role().decode(odd)).toThrow(InvalidResponse)
  })

  it('TIME becomes seconds and microseconds', () => {
    expect(r.time().decode(['1795515175', '909763'])).toEqual({ seconds: 1_795_515_175, microseconds: 909_763 })
    expect(r.time().decode([Buffer.from('1'), Buffer.from('2')], { bytes: true })).toEqual({
      seconds: 1,
      microseconds: 2,
    })
  })

  it('CONFIG GET becomes an object, the same under both protocols', () => {
    expect(r.configGet('a').decode(['a', '1'])).toEqual({ a: '1' })
    expect(r.configGet('a').decode(new MapReply(['a', '1']))).toEqual({ a: '1' })
    expect(r.configGet('a').decode([Buffer.from('a'), Buffer.from('1')], { bytes: true })).toEqual({
      a: Buffer.from('1'),
    })
  })

  it('DBSIZE and LASTSAVE become integers of the view', () => {
    expect(r.dbsize().decode(3, { bigints: true })).toBe(3n)
    expect(r.lastsave().decode(3)).toBe(3)
  })
})
