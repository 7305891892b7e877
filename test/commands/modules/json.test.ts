import { describe, expect, it } from 'vitest'
import { DataError, InvalidResponse } from '../../../src/errors/errors.js'
import { expectEncodings, expectRefusals, keysOf, loosely } from '../encoding.js'
import { Recorder } from '../recorder.js'

const { json } = new Recorder()

describe('arguments of JSON commands', () => {
  it('JSON.GET sends no, one or several paths', () => {
    expectEncodings([
      [json.get('k'), 'JSON.GET k .'],
      [json.get('k', '$.a'), 'JSON.GET k $.a'],
      [json.get('k', '$.a', '.b'), 'JSON.GET k $.a .b'],
      [json.get('k', ['$.a', '.b']), 'JSON.GET k $.a .b'],
      [json.get('k', '.', { raw: true }), 'JSON.GET k .'],
      [
        json.get('k', ['$.a', '$.b'], { raw: true, indent: '\t', newline: '\n', space: ' ' }),
        'JSON.GET k INDENT \t NEWLINE \n SPACE   $.a $.b',
      ],
      [json.mget(['a', 'b'], '$.x'), 'JSON.MGET a b $.x', 'a b'],
      [json.mget(['a'], '.', { raw: true }), 'JSON.MGET a .'],
      [json.resp('k'), 'JSON.RESP k .'],
      [json.resp('k', '$.a'), 'JSON.RESP k $.a'],
      [json.type('k'), 'JSON.TYPE k .'],
      [json.type('k', '$.a'), 'JSON.TYPE k $.a'],
      [json.debugMemory('k'), 'JSON.DEBUG MEMORY k .'],
      [json.debugMemory('k', '$'), 'JSON.DEBUG MEMORY k $'],
      [json.debugHelp(), 'JSON.DEBUG HELP', ''],
    ])
  })

  it('JSON.SET and JSON.MSET send values as JSON text', () => {
    expectEncodings([
      [json.set('k', '$', { a: [1, 'x', null, true] }), 'JSON.SET k $ {"a":[1,"x",null,true]}'],
      [json.set('k', '$', 'text'), 'JSON.SET k $ "text"'],
      [json.set('k', '$', null), 'JSON.SET k $ null'],
      [json.set('k', '$', new Date(0)), 'JSON.SET k $ "1970-01-01T00:00:00.000Z"'],
      [json.set('k', '$.a', 1, { nx: true }), 'JSON.SET k $.a 1 NX'],
      [json.set('k', '$.a', [0.5], { xx: true, fpha: 'FP16' }), 'JSON.SET k $.a [0.5] XX FPHA FP16'],
      [json.set('k', '$', '{"big":12345678901234567890}', { raw: true }), 'JSON.SET k $ {"big":12345678901234567890}'],
      [json.set('k', '$', Buffer.from('[]'), { raw: true, nx: true }), 'JSON.SET k $ [] NX'],
      [json.merge('k', '$', { a: null }), 'JSON.MERGE k $ {"a":null}'],
      [json.merge('k', '$', '{}', { raw: true }), 'JSON.MERGE k $ {}'],
      [
        json.mset([
          { key: 'a', path: '$', value: 1 },
          { key: 'b', path: '$.x', value: 'y' },
        ]),
        'JSON.MSET a $ 1 b $.x "y"',
        'a b',
      ],
      [json.mset([{ key: 'a', path: '$', value: '[1]' }], { raw: true }), 'JSON.MSET a $ [1]'],
      [json.del('k'), 'JSON.DEL k .'],
      [json.del('k', '$.a'), 'JSON.DEL k $.a'],
      [json.forget('k', '.a'), 'JSON.FORGET k .a'],
      [json.clear('k'), 'JSON.CLEAR k .'],
      [json.clear('k', '$..n'), 'JSON.CLEAR k $..n'],
    ])
  })

  it('JSON commands that change arrays, numbers, strings, booleans and objects send their arguments', () => {
    expectEncodings([
      [json.arrappend('k', '$.a', 1, [2], 'three'), 'JSON.ARRAPPEND k $.a 1 [2] "three"'],
      [json.arrappend('k', '$.a', [1, 2]), 'JSON.ARRAPPEND k $.a [1,2]'],
      [json.arrinsert('k', '$.a', -1, 'x', {}), 'JSON.ARRINSERT k $.a -1 "x" {}'],
      [json.arrindex('k', '$.a', 'x'), 'JSON.ARRINDEX k $.a "x"'],
      [json.arrindex('k', '$.a', 'x', 2), 'JSON.ARRINDEX k $.a "x" 2'],
      [json.arrindex('k', '$.a', 'x', 2, 9), 'JSON.ARRINDEX k $.a "x" 2 9'],
      [json.arrindex('k', '$.a', 'x', undefined, 9), 'JSON.ARRINDEX k $.a "x" 0 9'],
      [json.arrlen('k'), 'JSON.ARRLEN k .'],
      [json.arrlen('k', '$.a'), 'JSON.ARRLEN k $.a'],
      [json.arrpop('k'), 'JSON.ARRPOP k .'],
      [json.arrpop('k', '$.a'), 'JSON.ARRPOP k $.a'],
      [json.arrpop('k', '$.a', 0), 'JSON.ARRPOP k $.a 0'],
      [json.arrtrim('k', '$.a', 1, -1), 'JSON.ARRTRIM k $.a 1 -1'],
      [json.numincrby('k', '$.n', 1.5), 'JSON.NUMINCRBY k $.n 1.5'],
      [json.nummultby('k', '.n', 2n), 'JSON.NUMMULTBY k .n 2'],
      [json.objkeys('k'), 'JSON.OBJKEYS k .'],
      [json.objkeys('k', '$.o'), 'JSON.OBJKEYS k $.o'],
      [json.objlen('k', '.o'), 'JSON.OBJLEN k .o'],
      [json.strappend('k', '$.s', 'say "hi"'), 'JSON.STRAPPEND k $.s "say \\"hi\\""'],
      [json.strlen('k', '$.s'), 'JSON.STRLEN k $.s'],
      [json.toggle('k', '$.b'), 'JSON.TOGGLE k $.b'],
    ])
  })

  it('JSON.MGET finds the keys before the path', () => {
    expect(keysOf(json.mget(['a', 'b', 'c'], 'b'))).toBe('a b c')
  })
})

describe('JSON commands reject invalid arguments', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const bad: unknown[] = [undefined, () => 1, Symbol('s'), 1n, { deep: 1n }, cycle]

  it('JSON commands reject values that JSON cannot represent', () => {
    expectRefusals(
      'JSON cannot represent this value',
      bad.flatMap(value => [
        json.set('k', '$', value),
        json.merge('k', '$', value),
        json.arrappend('k', '$', 1, value),
        json.arrinsert('k', '$', 0, value),
        json.arrindex('k', '$', value),
        json.mset([{ key: 'k', path: '$', value }]),
      ]),
    )
    expectRefusals('Bytes are not a JSON value', [
      json.set('k', '$', Buffer.from('{}')),
      json.set('k', '$', new Uint8Array(1)),
    ])
  })

  it('the error for a value that JSON cannot represent does not contain the value', () => {
    const secret = {
      password: 'hunter2',
      toJSON: () => {
        throw new Error('hunter2')
      },
    }
    expect(String(json.set('k', '$', secret).argv)).not.toContain('hunter2')
  })

  it('JSON commands reject arguments that conflict or are missing', () => {
    expectRefusals('nx and xx exclude each other', [loosely(json, 'set', 'k', '$', 1, { nx: true, xx: true })])
    expectRefusals('At least one', [
      json.mget([], '$'),
      json.mset([]),
      json.arrappend('k', '$'),
      json.arrinsert('k', '$', 0),
    ])
    expect(loosely(json, 'set', 'k', '$', { not: 'text' }, { raw: true }).argv).toBeInstanceOf(DataError)
  })
})

describe('decoding of JSON replies', () => {
  it('JSON.GET returns the parsed value', () => {
    expect(json.get('k').decode('{"a":[1,null,"é"]}')).toEqual({ a: [1, null, 'é'] })
    expect(json.get('k').decode(Buffer.from('{"a":"é"}'), { bytes: true })).toEqual({ a: 'é' })
    expect(json.get('k').decode('"text"')).toBe('text')
    expect(json.get('k').decode('null')).toBeNull()
    expect(json.get('k').decode(null)).toBeNull()
    expect(() => json.get('k').decode('not JSON')).toThrow(InvalidResponse)
    expect(Object.keys(json.get('k').decode('{"__proto__":1}') as object)).toEqual(['__proto__'])
    expect(json.mget(['a', 'b'], '$').decode(['[1]', null])).toEqual([[1], null])
    expect(json.arrpop('k', '$.a').decode(['1', null, '{"b":2}'])).toEqual([1, null, { b: 2 }])
    expect(json.arrpop('k').decode('"last"')).toBe('last')
  })

  it('JSON.GET and JSON.MGET with raw return the JSON text', () => {
    const text = '{"big":12345678901234567890}'
    expect(json.get('k', '.', { raw: true }).decode(text)).toBe(text)
    expect(json.get('k', '.', { raw: true }).decode(text, { bytes: true })).toEqual(Buffer.from(text))
    expect(json.mget(['a', 'b'], '.', { raw: true }).decode([text, null])).toEqual([text, null])
  })

  it('replies for a JSONPath are the same under both protocols', () => {
    expect(json.type('k', '$.a').decode(['object', 'integer'])).toEqual(['object', 'integer'])
    expect(json.type('k', '$.a').decode([['object', 'integer']])).toEqual(['object', 'integer'])
    expect(json.type('k', '$.a').decode(['object'])).toEqual(['object'])
    expect(json.type('k', '$.a').decode([['object']])).toEqual(['object'])
    expect(json.type('k', '$.a').decode([[]])).toEqual([])
    expect(json.type('k', '$.a').decode([])).toEqual([])
    expect(json.type('k', '$.a').decode([null])).toBeNull()
    expect(json.type('k', '$.a').decode(null)).toBeNull()
    expect(json.type('k').decode('object')).toBe('object')
    expect(json.type('k').decode(['object'])).toBe('object')
    expect(json.type('k').decode([null])).toBeNull()
    expect(json.type('k').decode(Buffer.from('object'), { bytes: true })).toBe('object')
    for (const by of ['numincrby', 'nummultby'] as const) {
      expect(json[by]('k', '$.n', 1).decode('[2,null,3.5]')).toEqual([2, null, 3.5])
      expect(json[by]('k', '$.n', 1).decode([2, null, 3.5])).toEqual([2, null, 3.5])
      expect(json[by]('k', '$[0].n', 1).decode([])).toEqual([])
      expect(json[by]('k', '.n', 1).decode('2.5')).toBe(2.5)
      expect(json[by]('k', '.n', 1).decode([1, 2.5])).toBe(2.5)
      expect(json[by]('k', '.n', 1).decode([9007199254740993n])).toBe(9007199254740992)
    }
  })

  it('replies for a legacy path are one value, even if it begins with a dollar', () => {
    expect(json.arrlen('k', '$.a').decode([3, null])).toEqual([3, null])
    expect(json.arrlen('k', '$a').decode(3)).toBe(3)
    expect(json.arrlen('k').decode(3, { bigints: true })).toBe(3n)
    expect(json.arrlen('k', '$').decode([3], { bigints: true })).toEqual([3n])
    expect(json.objkeys('k', '$').decode([['a', 'b'], null])).toEqual([['a', 'b'], null])
    expect(json.objkeys('k').decode(['a', 'b'])).toEqual(['a', 'b'])
    expect(json.objkeys('k').decode(['a'], { bytes: true })).toEqual([Buffer.from('a')])
    expect(json.toggle('k', '$.b').decode([1, 0, null])).toEqual([true, false, null])
    expect(json.toggle('k', '.b').decode('false')).toBe(false)
    expect(json.toggle('k', '.b').decode('true')).toBe(true)
    expect(json.debugMemory('k', '$').decode([40, 16])).toEqual([40, 16])
    expect(json.debugMemory('k').decode(40)).toBe(40)
    expect(json.resp('k').decode(['{', 'a', 1])).toEqual(['{', 'a', 1])
    expect(json.set('k', '$', 1).decode('OK')).toBe('OK')
    expect(json.set('k', '$', 1).decode(null)).toBeNull()
  })
})
