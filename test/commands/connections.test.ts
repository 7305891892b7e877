import { describe, expect, it } from 'vitest'
import { MapReply } from '../../src/commands/core/reply.js'
import { InvalidResponse } from '../../src/errors/errors.js'
import { expectEncodings, expectRefusals, loosely } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

describe('arguments of CLIENT commands', () => {
  it('CLIENT commands for the own connection send their arguments', () => {
    expectEncodings([
      [r.ping(), 'PING', ''],
      [r.ping('hi'), 'PING hi', ''],
      [r.echo('hi'), 'ECHO hi', ''],
      [r.clientGetname(), 'CLIENT GETNAME', ''],
      [r.clientGetredir(), 'CLIENT GETREDIR', ''],
      [r.clientHelp(), 'CLIENT HELP', ''],
      [r.clientId(), 'CLIENT ID', ''],
      [r.clientImportSource(true), 'CLIENT IMPORT-SOURCE ON', ''],
      [r.clientInfo(), 'CLIENT INFO', ''],
      [r.clientNoEvict(true), 'CLIENT NO-EVICT ON', ''],
      [r.clientNoTouch(false), 'CLIENT NO-TOUCH OFF', ''],
      [r.clientSetinfo('lib-name', 'respire'), 'CLIENT SETINFO LIB-NAME respire', ''],
      [r.clientSetname('api'), 'CLIENT SETNAME api', ''],
      [r.clientTrackinginfo(), 'CLIENT TRACKINGINFO', ''],
    ])
  })

  it('CLIENT commands for other connections send their arguments', () => {
    expectEncodings([
      [r.clientList(), 'CLIENT LIST', ''],
      [r.clientList({ type: 'pubsub' }), 'CLIENT LIST TYPE pubsub', ''],
      [r.clientList({ id: [1, 2] }), 'CLIENT LIST ID 1 2', ''],
      [
        r.clientList({ id: [1, 2], user: 'u', addr: 'a:1', laddr: 'b:2', skipme: true, maxage: 9 }),
        'CLIENT LIST USER u ADDR a:1 LADDR b:2 SKIPME yes MAXAGE 9 ID 1 2',
        '',
      ],
      [r.clientList({ type: 'primary', skipme: false }), 'CLIENT LIST TYPE primary SKIPME no', ''],
      [r.clientKill({ id: 7 }), 'CLIENT KILL ID 7', ''],
      [r.clientKill({ id: [7, 8], user: 'u', skipme: true }), 'CLIENT KILL USER u ID 7 8 SKIPME yes', ''],
      [
        r.clientKill({ addr: 'a:1', laddr: 'b:2', type: 'normal', user: 'u', maxage: 9, skipme: false }),
        'CLIENT KILL ADDR a:1 LADDR b:2 TYPE normal USER u MAXAGE 9 SKIPME no',
        '',
      ],
      [r.clientKill({ user: 'u', skipme: true }), 'CLIENT KILL USER u SKIPME yes', ''],
      [r.clientPause(100), 'CLIENT PAUSE 100', ''],
      [r.clientPause(100, 'write'), 'CLIENT PAUSE 100 WRITE', ''],
      [r.clientUnpause(), 'CLIENT UNPAUSE', ''],
      [r.clientUnblock(7), 'CLIENT UNBLOCK 7', ''],
      [r.clientUnblock(7, 'error'), 'CLIENT UNBLOCK 7 ERROR', ''],
    ])
  })

  it('CLIENT KILL and CLIENT LIST reject filters that would match all connections or none', () => {
    expectRefusals(/At least one of the options id/, [
      loosely(r, 'clientKill', {}),
      loosely(r, 'clientKill', { skipme: false }),
    ])
    expectRefusals(/exclude each other/, [loosely(r, 'clientList', { type: 'normal', id: [1] })])
    expectRefusals(/At least one id/, [r.clientList({ id: [] }), r.clientKill({ id: [], user: 'u' })])
  })
})

describe('decoding of CLIENT replies', () => {
  const LINE =
    'id=21 addr=127.0.0.1:35072 laddr=127.0.0.1:17301 fd=7 name= age=0 idle=3 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 ' +
    'qbuf=26 qbuf-free=20448 argv-mem=10 tot-mem=37658 events=r cmd=client|list user=default redir=-1 resp=2 lib-name=42 lib-ver=1.0'
  const CLIENT = {
    id: 21,
    addr: '127.0.0.1:35072',
    laddr: '127.0.0.1:17301',
    fd: 7,
    name: '',
    age: 0,
    idle: 3,
    flags: 'N',
    db: 0,
    sub: 0,
    psub: 0,
    ssub: 0,
    multi: -1,
    qbuf: 26,
    qbufFree: 20_448,
    argvMem: 10,
    totMem: 37_658,
    events: 'r',
    cmd: 'client|list',
    user: 'default',
    redir: -1,
    resp: 2,
    libName: '42',
    libVer: '1.0',
  }

  it('CLIENT LIST and CLIENT INFO become objects with fields in camel case', () => {
    expect(r.clientInfo().decode(`${LINE}\n`)).toEqual(CLIENT)
    expect(r.clientList().decode(`${LINE}\n${LINE}\n`)).toEqual([CLIENT, CLIENT])
    expect(r.clientList().decode(Buffer.from(`${LINE}\n`), { bytes: true })).toEqual([CLIENT])
    expect(r.clientList().decode('')).toEqual([])
    expect(() => r.clientList().decode(null)).toThrow(InvalidResponse)
  })

  it('CLIENT LIST reads the path of a unix socket that contains spaces', () => {
    for (const path of ['/run/my sock.sock:0', '/a laddr=b fd=3 name=x/s:0', '/a addr=/x laddr=/x fd=/s:0']) {
      const line = `id=7 addr=${path} laddr=${path} fd=8 name=n age=1 db=0 user=default`
      expect(r.clientList().decode(line)).toEqual([
        { id: 7, addr: path, laddr: path, fd: 8, name: 'n', age: 1, db: 0, user: 'default' },
      ])
    }
  })

  it('CLIENT TRACKINGINFO becomes an object, with prefixes as text', () => {
    const expected = { flags: ['off'], redirect: -1, prefixes: [] }
    expect(r.clientTrackinginfo().decode(['flags', ['off'], 'redirect', -1, 'prefixes', []])).toEqual(expected)
    expect(r.clientTrackinginfo().decode(new MapReply(['flags', ['off'], 'redirect', -1, 'prefixes', []]))).toEqual(
      expected,
    )
  })

  it('PING and ECHO become text, or Buffers in a bytes view', () => {
    expect(r.ping().decode(Buffer.from('PONG'), { bytes: true })).toBe('PONG')
    expect(r.ping('x').decode(Buffer.from('x'), { bytes: true })).toEqual(Buffer.from('x'))
    expect(r.echo('x').decode('x')).toBe('x')
  })

  it('CLIENT replies become integers of the view', () => {
    expect(r.clientId().decode(21, { bigints: true })).toBe(21n)
    expect(r.clientKill({ id: 1 }).decode(1)).toBe(1)
    expect(r.clientUnblock(1).decode(0, { bigints: true })).toBe(0n)
  })
})
