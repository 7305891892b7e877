import { expect, it } from 'vitest'
import { MapReply } from '../../../src/commands/core/reply.js'
import { ResponseError } from '../../../src/errors/errors.js'
import { expectEncodings, expectRefusals, loosely } from '../encoding.js'
import { Recorder } from '../recorder.js'

const { bf } = new Recorder()

it('Bloom filter commands send their arguments', () => {
  expectEncodings([
    [bf.reserve('k', 0.01, 1000), 'BF.RESERVE k 0.01 1000'],
    [bf.reserve('k', 0.01, 1000, { expansion: 4 }), 'BF.RESERVE k 0.01 1000 EXPANSION 4'],
    [bf.reserve('k', 0.01, 1000, { nonscaling: true }), 'BF.RESERVE k 0.01 1000 NONSCALING'],
    [bf.add('k', 'a'), 'BF.ADD k a'],
    [bf.madd('k', 'a', 2), 'BF.MADD k a 2'],
    [bf.madd('k', ['a', 'b']), 'BF.MADD k a b'],
    [bf.insert('k', 'a'), 'BF.INSERT k ITEMS a'],
    [
      bf.insert('k', ['a', 'b'], { capacity: 10, error: 0.1, expansion: 3 }),
      'BF.INSERT k CAPACITY 10 ERROR 0.1 EXPANSION 3 ITEMS a b',
    ],
    [bf.insert('k', ['a'], { nocreate: true, nonscaling: true }), 'BF.INSERT k NOCREATE NONSCALING ITEMS a'],
    [bf.exists('k', 'a'), 'BF.EXISTS k a'],
    [bf.mexists('k', 'a', 'b'), 'BF.MEXISTS k a b'],
    [bf.card('k'), 'BF.CARD k'],
    [bf.info('k'), 'BF.INFO k'],
    [bf.info('k', 'capacity'), 'BF.INFO k CAPACITY'],
    [bf.scandump('k', 0), 'BF.SCANDUMP k 0'],
    [bf.loadchunk('k', 1, Buffer.from('xyz')), 'BF.LOADCHUNK k 1 xyz'],
  ])
})

it('Bloom filter commands reject arguments that conflict or are missing', () => {
  expectRefusals('exclude each other', [
    loosely(bf, 'reserve', 'k', 0.1, 1, { expansion: 2, nonscaling: true }),
    loosely(bf, 'insert', 'k', 'a', { nocreate: true, capacity: 2 }),
    loosely(bf, 'insert', 'k', 'a', { nocreate: true, error: 0.1 }),
  ])
  expectRefusals('At least one item', [bf.madd('k'), bf.mexists('k'), bf.insert('k', [])])
})

it('Bloom filter replies become booleans, with errors as values', () => {
  const full = new ResponseError('ERR non scaling filter is full')
  for (const yes of [1, true]) {
    const no = yes === 1 ? 0 : false
    expect(bf.add('k', 'a').decode(yes)).toBe(true)
    expect(bf.exists('k', 'a').decode(no)).toBe(false)
    expect(bf.madd('k', 'a', 'b', 'c').decode([yes, no, full])).toEqual([true, false, full])
    expect(bf.insert('k', 'a').decode([yes, full])).toEqual([true, full])
    expect(bf.mexists('k', 'a', 'b').decode([no, yes])).toEqual([false, true])
  }
})

it('BF.INFO becomes an object, the same under both protocols', () => {
  const flat = [
    'Capacity',
    100,
    'Size',
    240,
    'Number of filters',
    1,
    'Number of items inserted',
    1,
    'Expansion rate',
    2,
  ]
  const expected = { capacity: 100, size: 240, numberOfFilters: 1, numberOfItemsInserted: 1, expansionRate: 2 }
  expect(bf.info('k').decode(flat)).toEqual(expected)
  expect(bf.info('k').decode(new MapReply(flat))).toEqual(expected)
  expect(bf.info('k').decode(['Capacity', 100], { bigints: true })).toEqual({ capacity: 100n })
  expect(bf.info('k').decode(['Expansion rate', null])).toEqual({ expansionRate: null })
  expect(bf.info('k', 'capacity').decode([100])).toBe(100)
  expect(bf.info('k', 'capacity').decode(new MapReply(['Capacity', 100]))).toBe(100)
  expect(bf.info('k', 'capacity').decode([100], { bigints: true })).toBe(100n)
})

it('BF.SCANDUMP returns parts as bytes in every view', () => {
  const { command, decode } = bf.scandump('k', 0)
  expect(command.spec.binary).toBe(true)
  expect(decode([1, Buffer.from([0, 255])], { bytes: true })).toEqual({ iterator: 1, data: Buffer.from([0, 255]) })
  expect(decode([0, ''])).toEqual({ iterator: 0, data: Buffer.alloc(0) })
  expect(bf.loadchunk('k', 1, 'x').decode('OK')).toBe('OK')
})
