import { describe, expect, test } from 'vitest'
import { slotOf } from '../../src/cluster/slots.js'
import { seeded } from '../rig/random.mjs'
import { connectRaw, type Raw } from '../servers/servers.mjs'
import { useCluster } from '../servers/vitest.js'

const cluster = useCluster({ replicasEach: 0 })
const KEYS = 100_000

/** The slots that the server computes. */
async function serverSlots(raw: Raw, keys: readonly (string | Buffer)[]): Promise<number[]> {
  const slots: number[] = []
  for (let i = 0; i < keys.length; i += 10_000) {
    slots.push(...(await Promise.all(keys.slice(i, i + 10_000).map(key => raw.command('CLUSTER', 'KEYSLOT', key)))))
  }
  return slots
}

async function expectAgreement(keys: readonly (string | Buffer)[]): Promise<void> {
  const [node] = cluster().nodes
  const raw = await connectRaw(node!)
  try {
    const theirs = await serverSlots(raw, keys)
    const wrong = keys.filter((key, i) => slotOf(key) !== theirs[i])
    expect(wrong.slice(0, 10)).toEqual([])
  } finally {
    raw.close()
  }
}

describe('slotOf() and CLUSTER KEYSLOT', () => {
  test('100,000 random keys with and without tags have the slots that the server computes', async () => {
    const random = seeded('random keys')
    const keys = Array.from({ length: KEYS }, () => {
      const text = random.bytes(random.int(0, 30)).toString('base64')
      return random.chance(0.5) ? text : `${text.slice(0, 5)}{${random.int(0, 1e9)}}${text}`
    })
    await expectAgreement(keys)
  })

  test('100,000 random keys of any bytes have the slots that the server computes', async () => {
    const random = seeded('random bytes')
    await expectAgreement(Array.from({ length: KEYS }, () => random.bytes(random.int(0, 40))))
  })

  test('100,000 keys of braces, multi-byte letters and lone surrogates have the slots that the server computes, as text and as bytes', async () => {
    const random = seeded('braces')
    const alphabet = ['{', '}', 'a', 'é', '😀', '\ud800']
    const keys = Array.from({ length: KEYS }, () =>
      Array.from({ length: random.int(0, 12) }, () => random.pick(alphabet)).join(''),
    )
    const bytes = keys.map(key => Buffer.from(key))
    await expectAgreement(bytes)
    // Text is sent as its bytes, so that the slot of the bytes holds for both.
    expect(keys.filter((key, i) => slotOf(key) !== slotOf(bytes[i]!)).slice(0, 10)).toEqual([])
  })

  test('numbers, long keys, and keys as long as the buffer have the slots that the server computes', async () => {
    const texts = [255, 256, 257, 10_000].flatMap(length => ['a'.repeat(length), `x{${'b'.repeat(length)}}`])
    await expectAgreement([...texts, '123', '-1.5', ''])
    expect(slotOf(123)).toBe(slotOf('123'))
    expect(slotOf(-1.5)).toBe(slotOf('-1.5'))
    expect(slotOf(12n)).toBe(slotOf('12'))
  })
})
