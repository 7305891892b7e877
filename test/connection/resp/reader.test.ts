import { describe, expect, test } from 'vitest'
import { MapReply, type Reply, SetReply } from '../../../src/commands/core/reply.js'
import { Reader } from '../../../src/connection/resp/reader.js'
import { InvalidResponse, type RedisError } from '../../../src/errors/errors.js'
import { errorFromReply } from '../../../src/errors/from-reply.js'
import { bulk, cuts, type Event, Listener, pieces, type ReadOptions, read } from './readings.js'

const map = (...flat: Reply[]) => new MapReply(flat)
const set = (...items: Reply[]) => new SetReply(items)
const error = (text: string) => errorFromReply(text)
const bytes = (text: string) => Buffer.from(text)

/** Expects the same events from `wire` for every way to cut it. */
function expectAll(wire: Buffer, options: ReadOptions, expected: { events: Event[]; asked?: number }) {
  for (const chunks of cuts(wire)) {
    const reading = read(chunks, options)
    expect(reading.failure).toBeUndefined()
    expect(reading.events).toStrictEqual(expected.events)
    if (expected.asked !== undefined) expect(reading.asked).toBe(expected.asked)
  }
}

describe('reading values', () => {
  const table: [wire: string, value: Reply][] = [
    ['+OK\r\n', 'OK'],
    ['+\r\n', ''],
    ['+OKAY\r\n', 'OKAY'],
    ['+O\r\n', 'O'],
    ['+grüße\r\n', 'grüße'],
    [':0\r\n', 0],
    [':1\r\n', 1],
    [':+1\r\n', 1],
    [':-1\r\n', -1],
    [':-0\r\n', 0],
    [':1234567890\r\n', 1234567890],
    [':-999999999999999\r\n', -999999999999999],
    [':9007199254740991\r\n', Number.MAX_SAFE_INTEGER],
    [':-9007199254740991\r\n', Number.MIN_SAFE_INTEGER],
    [':9007199254740992\r\n', 9007199254740992n],
    [':-9007199254740992\r\n', -9007199254740992n],
    [':9223372036854775807\r\n', 9223372036854775807n],
    [':-9223372036854775808\r\n', -9223372036854775808n],
    ['$0\r\n\r\n', ''],
    ['$5\r\nhello\r\n', 'hello'],
    ['$4\r\n\r\n\r\n\r\n', '\r\n\r\n'],
    ['$12\r\n€ and 😀\r\n', '€ and 😀'],
    ['$-1\r\n', null],
    ['*-1\r\n', null],
    ['_\r\n', null],
    ['#t\r\n', true],
    ['#f\r\n', false],
    [',10\r\n', 10],
    [',-0\r\n', -0],
    [',1.5\r\n', 1.5],
    [',+2.25\r\n', 2.25],
    [',0.1\r\n', 0.1],
    [',1e10\r\n', 1e10],
    [',1E-7\r\n', 1e-7],
    [',1.5e+300\r\n', 1.5e300],
    [',3.0000000000000004\r\n', 3.0000000000000004],
    [',123456789012345678\r\n', 123456789012345680],
    [',1e400\r\n', Number.POSITIVE_INFINITY],
    [',inf\r\n', Number.POSITIVE_INFINITY],
    [',-inf\r\n', Number.NEGATIVE_INFINITY],
    [',nan\r\n', Number.NaN],
    [',-nan\r\n', Number.NaN],
    ['(0\r\n', 0n],
    ['(+12\r\n', 12n],
    ['(-3492890328409238509324850943850943825024385\r\n', -3492890328409238509324850943850943825024385n],
    ['=15\r\ntxt:Some string\r\n', 'Some string'],
    ['=4\r\nmkd:\r\n', ''],
    ['*0\r\n', []],
    ['*3\r\n:1\r\n$1\r\na\r\n_\r\n', [1, 'a', null]],
    ['*2\r\n*1\r\n*0\r\n*-1\r\n', [[[]], null]],
    ['*2\r\n-ERR inner\r\n!5\r\nE two\r\n', [error('ERR inner'), error('E two')]],
    ['%0\r\n', map()],
    ['%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n', map('a', 1, 'b', 2)],
    ['%2\r\n+a\r\n:1\r\n+a\r\n:2\r\n', map('a', 1, 'a', 2)],
    ['%1\r\n*1\r\n:1\r\n%1\r\n#t\r\n~1\r\n:1\r\n', map([1], map(true, set(1)))],
    ['%1\r\n$9\r\n__proto__\r\n$1\r\nx\r\n', map('__proto__', 'x')],
    ['~0\r\n', set()],
    ['~3\r\n:1\r\n+x\r\n:1\r\n', set(1, 'x', 1)],
    ['|1\r\n+ttl\r\n:3600\r\n$1\r\na\r\n', 'a'],
    ['|0\r\n:1\r\n', 1],
    ['|1\r\n|1\r\n+a\r\n+b\r\n+c\r\n%1\r\n+d\r\n*1\r\n-E x\r\n|1\r\n+e\r\n$3\r\nabc\r\n:1\r\n', 1],
    ['*3\r\n:1\r\n|1\r\n+ttl\r\n*1\r\n:3600\r\n:2\r\n:3\r\n', [1, 2, 3]],
    ['%1\r\n|1\r\n+x\r\n:0\r\n+k\r\n|1\r\n+x\r\n:0\r\n+v\r\n', map('k', 'v')],
    ['*2\r\n|0\r\n:1\r\n|0\r\n*1\r\n|0\r\n:2\r\n', [1, [2]]],
  ]
  test.each(table)('%j is read exactly, twice and before another reply', (wire, value) => {
    // Twice, then another value: a value must leave no state that changes the next one.
    expectAll(
      bytes(`${wire}${wire}+end\r\n`),
      {},
      {
        events: [{ reply: value }, { reply: value }, { reply: 'end' }],
        asked: 3,
      },
    )
  })

  test.each([
    '-ERR unknown command',
    '-WRONGTYPE Operation against a key holding the wrong kind of value',
    '-',
    '-MOVED 3999 127.0.0.1:6381',
  ])('%j is read as an error', line => {
    const expected = [{ error: error(line.slice(1)) }, { reply: 1 }]
    expectAll(bytes(`${line}\r\n:1\r\n`), {}, { events: expected, asked: 2 })
    const [event] = read([bytes(`${line}\r\n`)]).events
    expect(event).toHaveProperty('error')
    expect((event as { error: RedisError }).error.constructor).toBe(error(line.slice(1)).constructor)
  })

  test('a bulk error is read as an error with its line breaks', () => {
    expectAll(bulk('SYNTAX two\r\nlines', '!'), {}, { events: [{ error: error('SYNTAX two\r\nlines') }] })
  })
})

describe('reading bulk strings as Buffers', () => {
  const all = { bytes: () => true }

  test('bulk and verbatim strings become Buffers at every depth, other types stay', () => {
    const wire =
      '*7\r\n$2\r\n\xff\xfe\r\n+text\r\n%1\r\n$1\r\nk\r\n=5\r\ntxt:v\r\n~2\r\n$1\r\na\r\n$1\r\na\r\n$0\r\n\r\n$-1\r\n-ERR x\r\n'
    const value = [
      Buffer.from([0xff, 0xfe]),
      'text',
      map(bytes('k'), bytes('v')),
      set(bytes('a'), bytes('a')),
      bytes(''),
      null,
      error('ERR x'),
    ]
    expectAll(Buffer.from(wire, 'latin1'), all, { events: [{ reply: value }] })
  })

  test('the reader asks once per reply whether Buffers are wanted, and never for pushes', () => {
    const a = '$1\r\na\r\n'
    expectAll(
      bytes(`${a}>2\r\n${a}${a}|1\r\n${a}${a}${a}>1\r\n+b\r\n-ERR\r\n${a}`),
      { bytes: reply => reply % 2 === 1 },
      {
        events: [
          { reply: 'a' },
          { push: 'a', items: ['a'] },
          { reply: bytes('a') },
          { push: 'b', items: [] },
          { error: error('ERR') },
          { reply: bytes('a') },
        ],
        asked: 4,
      },
    )
  })

  test('many short Buffers of one reply share no byte', () => {
    const words = Array.from({ length: 300 }, (_, i) => `word-${i}`)
    const wire = Buffer.concat([bytes(`*${words.length}\r\n`), ...words.map(word => bulk(word))])
    const [event] = read([wire], all).events
    const buffers = (event as { reply: Buffer[] }).reply
    for (const [i, buffer] of buffers.entries()) {
      expect(buffer.toString()).toBe(words[i])
      buffer.fill(0)
    }
  })
})

describe('reading pushes', () => {
  const wire = bytes('>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n')

  test('pushes are read between replies, as text or as bytes according to pushBytes', () => {
    const both = Buffer.concat([bytes(':1\r\n'), wire, bytes(':2\r\n')])
    const events = (items: Reply[]): Event[] => [{ reply: 1 }, { push: 'message', items }, { reply: 2 }]
    expectAll(both, {}, { events: events(['news', 'hi']), asked: 2 })
    expectAll(both, { pushBytes: true }, { events: events([bytes('news'), bytes('hi')]), asked: 2 })
    expectAll(both, { bytes: () => true }, { events: events(['news', 'hi']) })
  })

  test('pushes with nested items, nulls and attributes are read', () => {
    expectAll(
      bytes('|1\r\n+a\r\n+b\r\n>2\r\n+invalidate\r\n*2\r\n|1\r\n+a\r\n+b\r\n$1\r\nx\r\n$1\r\ny\r\n'),
      {},
      {
        events: [{ push: 'invalidate', items: [['x', 'y']] }],
        asked: 0,
      },
    )
    expectAll(bytes('>3\r\n+unsubscribe\r\n_\r\n:0\r\n'), {}, { events: [{ push: 'unsubscribe', items: [null, 0] }] })
  })

  test('100,000 pushes keep their order', () => {
    const flood = bytes('>2\r\n+message\r\n:1\r\n'.repeat(100_000))
    const { events } = read([...pieces(flood, 65_536), bytes('+OK\r\n')])
    expect(events).toHaveLength(100_001)
    expect(events.at(-1)).toEqual({ reply: 'OK' })
  })
})

describe('reading invalid bytes', () => {
  const frames = [
    'hello\r\n',
    '\r\n',
    '\0\r\n',
    'HTTP/1.1 400 Bad Request\r\n',
    ' :1\r\n',
    ';4\r\nabcd\r\n',
    '.\r\n',
    // line breaks
    '+a\nb\r\n',
    '+a\rb\r\n',
    '+a\n',
    '+a\r\r\n',
    '-ERR\n\r\n',
    ':1\n',
    ':1\r\r\n',
    '$1\n',
    '_\n',
    '*1\n:1\r\n',
    // integers
    ':\r\n',
    ':12x4\r\n',
    ':x\r\n',
    ': 1\r\n',
    ':1 \r\n',
    ':0x1\r\n',
    ':1.0\r\n',
    ':1e3\r\n',
    ':--1\r\n',
    ':+-1\r\n',
    ':-\r\n',
    ':+\r\n',
    ':01\r\n',
    ':-01\r\n',
    ':00\r\n',
    ':9223372036854775808\r\n',
    ':-9223372036854775809\r\n',
    ':10000000000000000000\r\n',
    `:${'1'.repeat(20)}\r\n`,
    `:${'9'.repeat(400)}\r\n`,
    ':０\r\n',
    // lengths
    '$\r\n',
    '$-2\r\n',
    '$-5\r\n',
    '$-\r\n',
    '$+1\r\na\r\n',
    '$01\r\na\r\n',
    '$00\r\n\r\n',
    '$-01\r\n',
    '$-1x\r\n',
    '$1x\r\n',
    '$ 1\r\na\r\n',
    '$1.0\r\na\r\n',
    '$0x1\r\na\r\n',
    '$?\r\n',
    '$536870913\r\n',
    '$9007199254740993\r\n',
    `$${'9'.repeat(30)}\r\n`,
    '*\r\n',
    '*-2\r\n',
    '*x\r\n',
    '*+1\r\n:1\r\n',
    '*01\r\n:1\r\n',
    '*?\r\n',
    '*67108865\r\n',
    '*10000000000000000000\r\n',
    '%-1\r\n',
    '%?\r\n',
    '%33554433\r\n',
    '%4611686018427387905\r\n',
    '~-1\r\n',
    '~?\r\n',
    '>-1\r\n',
    '|-1\r\n',
    '|?\r\n',
    '=-1\r\n',
    '!-1\r\n',
    // bulks
    '$3\r\nabcXX',
    '$3\r\nabc\r\r\n',
    '$3\r\nabc\n\r\n',
    '$3\r\nabcd\r\n',
    '$4\r\nabc\r\n$',
    '$0\r\nx\r\n',
    '$0\r\n+\r\n',
    '*2\r\n$3\r\nabcXX',
    '*3\r\n$1\r\na\r\n$01\r\na\r\n:1\r\n',
    '*3\r\n$1\r\na\r\n$00\r\n\r\n:1\r\n',
    '=0\r\n\r\n',
    '=3\r\ntxt\r\n',
    '=4\r\ntext\r\n',
    '=7\r\ntext:ab\r\n',
    '!5\r\nERR xX\n',
    '!536870913\r\n',
    // the small types
    '_x\r\n',
    '_0\r\n',
    '#\r\n',
    '#x\r\n',
    '#T\r\n',
    '#tt\r\n',
    '#true\r\n',
    '#1\r\n',
    // doubles
    ',\r\n',
    ',x\r\n',
    ',1.\r\n',
    ',.5\r\n',
    ',1e\r\n',
    ',1e+\r\n',
    ',1e5x\r\n',
    ',1.5.5\r\n',
    ',1,5\r\n',
    ',+inf\r\n',
    ',infinity\r\n',
    ',Inf\r\n',
    ',NaN\r\n',
    ',-\r\n',
    ', 1\r\n',
    ',0x1p3\r\n',
    ',1_0\r\n',
    ',12345678901234567x\r\n',
    // big numbers
    '(\r\n',
    '(-\r\n',
    '(1.5\r\n',
    '(0x10\r\n',
    '(1n\r\n',
    '(01\r\n',
    '( 1\r\n',
    '(1 \r\n',
    // pushes
    '*1\r\n>1\r\n+a\r\n',
    '>2\r\n+a\r\n>1\r\n+b\r\n',
    '|1\r\n+a\r\n>1\r\n+b\r\n',
    '%1\r\n+k\r\n>1\r\n+a\r\n',
    '>0\r\n',
    '>1\r\n:1\r\n',
    '>2\r\n*1\r\n+a\r\n+b\r\n',
    '>1\r\n_\r\n',
  ]
  test.each(frames)('%j is an InvalidResponse after the valid replies', frame => {
    const wire = bytes(`+OK\r\n:7\r\n${frame}+late\r\n${'+late\r\n'.repeat(3)}`)
    for (const chunks of cuts(wire)) {
      const { events, failure } = read(chunks)
      expect(failure).toBeInstanceOf(InvalidResponse)
      expect(events).toEqual([{ reply: 'OK' }, { reply: 7 }])
    }
  })

  test('a reader that met invalid bytes throws the same error at every later call', () => {
    const reader = new Reader(new Listener())
    let failure: unknown
    try {
      reader.write(bytes('?'))
    } catch (thrown) {
      failure = thrown
    }
    expect(failure).toBeInstanceOf(InvalidResponse)
    for (const call of [
      () => reader.space(),
      () => reader.advance(0),
      () => reader.advance(1),
      () => reader.write(bytes('+OK\r\n')),
    ]) {
      expect(call).toThrow(failure as Error)
    }
  })

  test('the error shows the first invalid bytes only, and escapes unprintable ones', () => {
    const { failure } = read([bytes(`*2\r\n:1\r\n\x1b[31m\r\n"${'secret'.repeat(100)}`)])
    const found = '\\x1b[31m\\x0d\\x0a"secretsecretsecr'
    expect(failure?.message).toBe(`Expected a type of RESP in the reply, found "${found}".`)
  })
})
