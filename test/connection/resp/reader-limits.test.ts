import { constants } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { plainReply } from '../../../src/commands/core/plain-reply.js'
import type { Reply } from '../../../src/commands/core/reply.js'
import { Reader } from '../../../src/connection/resp/reader.js'
import { DataError, InvalidResponse } from '../../../src/errors/errors.js'
import { bulk, Listener, pieces, read } from './readings.js'

const bytes = (text: string) => Buffer.from(text)

describe('limits of a reply', () => {
  const nested = (depth: number, header = '*1\r\n') => header.repeat(depth)

  test('aggregates of all types may be nested maxDepth deep, and not one level deeper', () => {
    const limits = { maxDepth: 128 }
    for (const header of ['*1\r\n', '~1\r\n', '%1\r\n:1\r\n', '*1\r\n%1\r\n:0\r\n~1\r\n|1\r\n:1\r\n']) {
      const levels = header.startsWith('*1\r\n%') ? 4 : 1
      const capped = bytes(`${nested(128 / levels, header)}:1\r\n`)
      for (const size of [1, 7, 65_536]) {
        expect(read(pieces(capped, size), { limits }).failure).toBeUndefined()
        const over = bytes(`${nested(128 / levels, header)}*1\r\n:1\r\n+OK\r\n`)
        expect(read(pieces(over, size), { limits })).toMatchObject({ events: [], failure: expect.any(InvalidResponse) })
      }
    }
    expect(read([bytes(`${nested(128)}*0\r\n`)], { limits }).failure).toBeInstanceOf(InvalidResponse)
    expect(read([bytes(`${nested(128)}|0\r\n:1\r\n`)], { limits }).failure).toBeInstanceOf(InvalidResponse)
    expect(read([bytes(`${nested(128)}*-1\r\n`)], { limits }).events).toHaveLength(1)
    expect(read([bytes(`${nested(3)}:1\r\n`)], { limits: { maxDepth: 2 } }).failure).toBeInstanceOf(InvalidResponse)
  })

  test('a million levels of nesting are one InvalidResponse', () => {
    const wire = bytes(nested(1_000_000))
    for (const size of [4, 65_536]) {
      expect(read(pieces(wire, size))).toMatchObject({ events: [], failure: expect.any(InvalidResponse) })
    }
  })

  test('plainReply converts replies of the greatest depth', () => {
    const { events } = read([bytes(`${nested(65_536, '%1\r\n:1\r\n')}:1\r\n`)])
    let value = plainReply((events[0] as { reply: Reply }).reply)
    let depth = 0
    for (; value instanceof Map; depth++) value = value.get(1)
    expect([depth, value]).toEqual([65_536, 1])
  })

  test.each(['+', '-', '('])('a line of type %s may have maxLine bytes, and not one more', type => {
    const limits = { maxLine: 65_536 }
    const digits = type === '(' ? '1' : 'a'
    const line = (length: number) => bytes(`${type}${digits.repeat(length)}\r\n`)
    for (const size of [64, 1_400, 100_000]) {
      const { events, failure } = read(pieces(line(65_536), size), { limits })
      expect(failure).toBeUndefined()
      expect(events).toHaveLength(1)
      expect(read(pieces(line(65_537), size), { limits }).failure).toBeInstanceOf(InvalidResponse)
    }
    // A line without an end fails as soon as it passes the limit.
    const reader = new Reader(new Listener(), limits)
    reader.write(line(70_000).subarray(0, 65_537))
    expect(() => reader.write(bytes(digits))).toThrow(InvalidResponse)
  })

  test.each([',', ':', '$', '*', '#', '_'])('a line of type %s has at most 64 KiB although maxLine is larger', type => {
    const reader = new Reader(new Listener())
    reader.write(bytes(`${type}${'1'.repeat(65_536)}`))
    expect(() => reader.write(bytes('1'))).toThrow(InvalidResponse)
  })

  test('the depth, statuses, errors and big numbers that a script can return are within the limits', () => {
    const text = 'x'.repeat(3_000_000)
    for (const size of [1_400, 65_536, 10_000_000]) {
      const wire = bytes(`+${text}\r\n-ERR ${text}\r\n(${'7'.repeat(100_000)}\r\n${nested(8_000)}:1\r\n+OK\r\n`)
      const { events, failure } = read(pieces(wire, size))
      expect(failure).toBeUndefined()
      expect(events).toHaveLength(5)
      expect(events[0]).toEqual({ reply: text })
      expect(events[4]).toEqual({ reply: 'OK' })
    }
    const { events } = read([bytes(`(${'7'.repeat(2_000_000)}\r\n+OK\r\n`)])
    expect(events).toEqual([{ error: expect.any(DataError) }, { reply: 'OK' }])
  })

  test('maxLine allows a line of a million bytes', () => {
    const { events } = read(pieces(bytes(`+${'a'.repeat(1_000_000)}\r\n`), 65_536), { limits: { maxLine: 1_000_000 } })
    expect(events).toEqual([{ reply: 'a'.repeat(1_000_000) }])
  })

  test('bulk strings, bulk errors and aggregates end at their limits', () => {
    const limits = { maxBulk: 10, maxElements: 4, maxLine: 5 }
    const ok = [
      '$10\r\n0123456789\r\n',
      '*2\r\n$10\r\n0123456789\r\n:1\r\n',
      '=10\r\ntxt:123456\r\n',
      '!5\r\nERR 1\r\n',
      '*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n',
      '%2\r\n:1\r\n:1\r\n:1\r\n:1\r\n',
    ]
    for (const wire of ok) expect(read([bytes(wire)], { limits })).toMatchObject({ events: [{}], failure: undefined })
    const over = [
      '$11\r\n',
      '$11\r\n0123456789a\r\n',
      '*2\r\n$11\r\n0123456789a\r\n:1\r\n',
      '=11\r\n',
      '!6\r\n',
      '*5\r\n',
      '~5\r\n',
      '%3\r\n',
      '|3\r\n',
      '>5\r\n',
    ]
    for (const wire of over) expect(read([bytes(wire)], { limits }).failure).toBeInstanceOf(InvalidResponse)
  })

  test('an announced length reserves almost no memory before its bytes arrive', () => {
    const headers = ['$', '=', '*', '~', '%', '|', '>', '!'].flatMap(type =>
      Array.from({ length: 14 }, (_, i) => `${type}${10 ** (i + 6) > 1e20 ? '1' : 10n ** BigInt(i + 6)}\r\n`),
    )
    headers.push(
      '$536870912\r\n',
      '*67108864\r\n',
      '%33554432\r\n',
      '*1024\r\n'.repeat(128),
      '%512\r\n*1024\r\n'.repeat(64),
    )
    for (const header of headers) {
      const reader = new Reader(new Listener())
      const before = process.memoryUsage()
      try {
        reader.write(bytes(header))
        reader.write(bytes('x'.repeat(100)).subarray(0, header.startsWith('$') ? 100 : 0))
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(InvalidResponse)
      }
      const after = process.memoryUsage()
      expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(8_000_000)
    }
  })
})

describe('large bulk strings', () => {
  const pattern = (length: number) => Buffer.from(Uint8Array.from({ length }, (_, i) => 97 + ((i * 7 + (i >> 8)) % 26)))

  test.each([
    32_765, 32_767, 32_768, 32_769, 65_536, 262_100, 262_144, 300_000, 1_048_573, 1_048_574, 1_048_576, 3_000_000,
  ])('a bulk string of %i bytes is read exactly from chunks of any size', length => {
    const content = pattern(length)
    const text = content.toString()
    const wire = Buffer.concat([bytes(':1\r\n'), bulk(content), bytes('*2\r\n'), bulk(content), bytes(':2\r\n')])
    for (const size of [1_400, 65_536, 262_144, 10_000_000, length + 5, length + 13, length + 14, length + 15]) {
      const chunks = pieces(wire, size)
      expect(read(chunks).events).toEqual([{ reply: 1 }, { reply: text }, { reply: [text, 2] }])
      const { events } = read(chunks, { bytes: () => true })
      const [first, [second]] = [events[1], (events[2] as { reply: Reply[] }).reply] as [{ reply: Buffer }, [Buffer]]
      expect([first.reply.equals(content), second.equals(content)]).toEqual([true, true])
    }
  })

  test('text is exact when chunks cut it in the middle of a character', () => {
    const text = 'aé€😀'.repeat(20_000)
    for (const size of [1_399, 1_400, 1_401, 1_402, 65_536]) {
      expect(read(pieces(bulk(text), size)).events).toEqual([{ reply: text }])
    }
  })

  test('a large verbatim string needs its format, and a large bulk string the CR LF after it', () => {
    const text = 'x'.repeat(100_000)
    expect(read(pieces(bulk(`txt:${text}`, '='), 1_400)).events).toEqual([{ reply: text }])
    expect(read(pieces(bulk(`text${text}`, '='), 1_400)).failure).toBeInstanceOf(InvalidResponse)
    for (const end of ['XX', '\rX', '\n\n']) {
      const wire = Buffer.concat([bulk(text).subarray(0, -2), bytes(end), bytes(':1\r\n')])
      for (const size of [1, 1_400, 65_536]) {
        expect(read(pieces(wire, size))).toMatchObject({ events: [], failure: expect.any(InvalidResponse) })
      }
    }
  })

  test('a text too long for a string fails only its own reply', () => {
    const length = constants.MAX_STRING_LENGTH + 1
    const listener = new Listener()
    const reader = new Reader(listener)
    const chunk = Buffer.alloc(262_144, 'a')
    reader.write(bytes(`*2\r\n$${length}\r\n`))
    for (let left = length; left > 0; left -= chunk.length) reader.write(chunk.subarray(0, left))
    reader.write(bytes('\r\n+x\r\n+OK\r\n'))
    expect(listener.events).toEqual([{ error: expect.any(DataError) }, { reply: 'OK' }])
  })
})

describe('the read buffer', () => {
  test('the whole read buffer is used again while no value is unfinished', () => {
    const reader = new Reader(new Listener())
    const space = reader.space()
    expect(space.length).toBeGreaterThanOrEqual(262_144)
    for (const wire of ['+OK\r\n', ':1\r\n$1\r\na\r\n', '*2\r\n:1\r\n', ':2\r\n']) {
      space.set(bytes(wire))
      reader.advance(wire.length)
      expect(reader.space()).toBe(space)
    }
  })

  test('the read buffer always has space after an unfinished value', () => {
    for (const head of [
      `:1\r\n+${'a'.repeat(65_536)}\r`,
      `+${'a'.repeat(65_536)}\r`,
      `$32768\r\n${'a'.repeat(32_768)}\r`,
      `$99999\r\n${'a'.repeat(99_999)}\r`,
    ]) {
      for (const filler of ['', '+OK\r\n'.repeat(30_000)]) {
        const listener = new Listener()
        const reader = new Reader(listener)
        reader.write(bytes(filler + head))
        expect(reader.space().length).toBeGreaterThanOrEqual(65_536)
        reader.write(bytes('\n'))
        expect(listener.events.at(-1)).toMatchObject({ reply: expect.stringMatching(/^a+$/) })
      }
    }
  })

  test('the reader continues after a value for which the sink threw', () => {
    class Faulty extends Listener {
      override onReply(reply: Reply): void {
        super.onReply(reply)
        if (reply === 'bad') throw new RangeError('a bug')
      }
    }
    const listener = new Faulty()
    const reader = new Reader(listener)
    expect(() => reader.write(bytes('+a\r\n+bad\r\n*2\r\n+b\r\n'))).toThrow(RangeError)
    reader.write(bytes('+c\r\n'))
    const large = 'x'.repeat(99_999)
    expect(() => reader.write(Buffer.concat([bytes('+bad\r\n'), bulk(large)]))).toThrow(RangeError)
    reader.advance(0)
    expect(listener.events).toEqual(['a', 'bad', ['b', 'c'], 'bad', large].map(reply => ({ reply })))
  })
})

describe('the time that reading takes', () => {
  const bulkWire = bulk(Buffer.alloc(20_000_000, 'x'))
  const listWire = (count: number) => Buffer.from(`*${count}\r\n${'$3\r\nabc\r\n:12345\r\n'.repeat(count / 2)}`)

  /**
   * CPU time of `work` divided by that of `measure`: the least of several runs of each, in turns. Other processes only add
   * time, so that more runs come nearer to the true value: at most 40, until the ratio is between the bounds. Kernel time is
   * not counted: the cost of fresh memory depends on the memory that other tests have freed.
   */
  function ratio(work: () => void, measure: () => void, least: number, most: number): number {
    const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number]
    for (let round = 0; round < 40; round++) {
      for (const [i, run] of [work, measure].entries()) {
        const start = process.cpuUsage()
        run()
        const { user } = process.cpuUsage(start)
        if (round > 0) best[i] = Math.min(best[i]!, user)
      }
      if (round > 2 && best[0] > least * best[1] && best[0] < most * best[1]) break
    }
    return best[0] / best[1]
  }

  function feed(wire: Buffer, size: number): void {
    const listener = new Listener()
    const reader = new Reader(listener, { maxLine: 10_000_000 })
    for (let at = 0; at < wire.length; at += size) {
      const end = Math.min(at + size, wire.length)
      const space = reader.space()
      if (end - at < 16) for (let i = at; i < end; i++) space[i - at] = wire[i]!
      else space.set(wire.subarray(at, end))
      reader.advance(end - at)
    }
    expect(listener.events).toHaveLength(1)
  }

  test.each([
    ['a bulk', bulkWire],
    ['a list', listWire(1_000_000)],
  ])('reading %s in chunks of 1,400 bytes takes at most 4 times as long as in chunks of 64 KiB', (_, wire) => {
    expect(
      ratio(
        () => feed(wire, 1_400),
        () => feed(wire, 65_536),
        0,
        4,
      ),
    ).toBeLessThan(4)
  })

  test('reading digits that arrive one by one takes no longer than reading letters', () => {
    const dribble = (head: string, byte: string) => () => {
      const reader = new Reader(new Listener())
      reader.write(bytes(head))
      const one = bytes(byte)
      for (let i = 0; i < 60_000; i++) reader.write(one)
    }
    for (const type of [':', '$', '*']) expect(ratio(dribble(type, '1'), dribble('+', 'a'), 0, 4)).toBeLessThan(4)
  })

  const line = (length: number) => bytes(`+${'a'.repeat(length)}\r\n`)
  test.each<[string, (length: number) => Buffer, number, number]>([
    ['a list', listWire, 40_000, 1],
    ['a list', listWire, 200_000, 7],
    ['a large bulk', length => bulk(Buffer.alloc(length, 'x')), 600_000, 1],
    ['a large bulk', length => bulk(Buffer.alloc(length, 'x')), 3_000_000, 7],
    ['a line', line, 400_000, 1],
    ['a line', line, 2_000_000, 7],
  ])('reading twice the bytes of %s takes twice the time (%#)', (_, make, length, size) => {
    const [once, twice] = [make(length), make(length * 2)]
    // Allocates and frees memory of this size first, so that the allocator fetches fresh pages for neither of the two.
    feed(make(length * 4), 65_536)
    const times = ratio(
      () => feed(twice, size),
      () => feed(once, size),
      1.7,
      2.4,
    )
    expect(times).toBeGreaterThan(1.7)
    expect(times).toBeLessThan(2.4)
  })
})
