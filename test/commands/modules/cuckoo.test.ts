import { expect, it } from 'vitest'
import { MapReply } from '../../../src/commands/core/reply.js'
import { expectEncodings, expectRefusals, loosely } from '../encoding.js'
import { Recorder } from '../recorder.js'

const { cf } = new Recorder()

it('Cuckoo filter commands send their arguments', () => {
  expectEncodings([
    [cf.reserve('k', 1000), 'CF.RESERVE k 1000'],
    [
      cf.reserve('k', 1000, { bucketsize: 4, maxiterations: 30, expansion: 0 }),
      'CF.RESERVE k 1000 BUCKETSIZE 4 MAXITERATIONS 30 EXPANSION 0',
    ],
    [cf.add('k', 'a'), 'CF.ADD k a'],
    [cf.addnx('k', 'a'), 'CF.ADDNX k a'],
    [cf.insert('k', 'a'), 'CF.INSERT k ITEMS a'],
    [cf.insert('k', ['a', 'b'], { capacity: 10 }), 'CF.INSERT k CAPACITY 10 ITEMS a b'],
    [cf.insertnx('k', ['a'], { nocreate: true }), 'CF.INSERTNX k NOCREATE ITEMS a'],
    [cf.exists('k', 'a'), 'CF.EXISTS k a'],
    [cf.mexists('k', 'a', 'b'), 'CF.MEXISTS k a b'],
    [cf.del('k', 'a'), 'CF.DEL k a'],
    [cf.count('k', 'a'), 'CF.COUNT k a'],
    [cf.info('k'), 'CF.INFO k'],
    [cf.scandump('k', 0), 'CF.SCANDUMP k 0'],
    [cf.loadchunk('k', 1, Buffer.from('xyz')), 'CF.LOADCHUNK k 1 xyz'],
  ])
})

it('Cuckoo filter commands reject arguments that conflict or are missing', () => {
  expectRefusals('exclude each other', [
    loosely(cf, 'insert', 'k', 'a', { nocreate: true, capacity: 2 }),
    loosely(cf, 'insertnx', 'k', 'a', { nocreate: true, capacity: 2 }),
  ])
  expectRefusals('At least one item', [cf.mexists('k'), cf.insert('k', []), cf.insertnx('k', [])])
})

it('Cuckoo filter replies become booleans, or numbers if there are three results', () => {
  expect(cf.add('k', 'a').decode(1)).toBe(true)
  expect(cf.add('k', 'a').decode(true)).toBe(true)
  expect(cf.addnx('k', 'a').decode(0)).toBe(false)
  expect(cf.del('k', 'a').decode(false)).toBe(false)
  expect(cf.insert('k', 'a').decode([1, 1, -1])).toEqual([true, true, false])
  expect(cf.insert('k', 'a').decode([true, false])).toEqual([true, false])
  expect(cf.insertnx('k', 'a').decode([1, 0, -1])).toEqual([1, 0, -1])
  expect(cf.insertnx('k', 'a').decode([1, 0, -1], { bigints: true })).toEqual([1n, 0n, -1n])
  expect(cf.mexists('k', 'a', 'b').decode([1, 0])).toEqual([true, false])
  expect(cf.count('k', 'a').decode(2)).toBe(2)
})

it('CF.INFO and CF.SCANDUMP become an object and parts of bytes', () => {
  const flat = [
    ...['Size', 1080, 'Number of buckets', 512, 'Number of filters', 1, 'Number of items inserted', 0],
    ...['Number of items deleted', 0, 'Bucket size', 2, 'Expansion rate', 1, 'Max iterations', 20],
  ]
  const expected = {
    size: 1080,
    numberOfBuckets: 512,
    numberOfFilters: 1,
    numberOfItemsInserted: 0,
    numberOfItemsDeleted: 0,
    bucketSize: 2,
    expansionRate: 1,
    maxIterations: 20,
  }
  expect(cf.info('k').decode(flat)).toEqual(expected)
  expect(cf.info('k').decode(new MapReply(flat))).toEqual(expected)
  expect(cf.scandump('k', 0).command.spec.binary).toBe(true)
  expect(cf.scandump('k', 0).decode([0, null])).toEqual({ iterator: 0, data: null })
})
