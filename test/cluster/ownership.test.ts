import { describe, expect, it } from 'vitest'
import { readOwnership } from '../../src/cluster/cluster-scan.js'

describe('readOwnership()', () => {
  it('readOwnership() reads the epoch, the slots and the migrating slots of a node', () => {
    const text = [
      'aaa 127.0.0.1:1@2 master - 0 1 7 connected 100-200',
      'bbb 127.0.0.1:3@4,host myself,master - 0 0 9 connected 0-2 7 16383 [7->-aaa] [300-<-aaa]',
      'ccc :0@0 slave,noaddr bbb 0 0 9 disconnected',
      '',
    ].join('\n')
    const { coming, epoch, leaving, owned } = readOwnership(text)
    expect(epoch).toBe('9')
    expect([...owned]).toEqual([0, 1, 2, 7, 16383])
    expect([...leaving]).toEqual([[7, 'aaa']])
    expect([...coming]).toEqual([300])
  })

  it('readOwnership() reads no slots from an empty or malformed reply', () => {
    for (const text of [
      '',
      'x',
      'bbb 127.0.0.1:3@4 myself,slave aaa 0 0 9 connected',
      'b a myself - 0 0 1 c 5-x x-9 99999999999',
    ]) {
      expect([...readOwnership(text).owned]).toEqual([])
    }
  })
})
