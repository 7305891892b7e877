import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { MapReply, type Reply, SetReply } from '../../../src/commands/core/reply.js'
import { errorFromReply } from '../../../src/errors/from-reply.js'
import { bulk, type Event, type Reading, read } from './readings.js'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
console.info(`reader-fuzz: SEED=${SEED}`)

/** Random numbers from a seed (mulberry32). */
class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 to just below 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer below `end`. */
  below(end: number): number {
    return Math.floor(this.fraction() * end)
  }

  /** An integer below `end`, small ones more often. */
  small(end: number): number {
    return Math.floor(this.fraction() ** 4 * end)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }
}

/** A value as it is sent, and as it is read: as text and as bytes. */
interface Sent {
  readonly wire: Buffer
  readonly text: Reply
  readonly bytes: Reply
}

const same = (wire: string, value: Reply): Sent => ({ wire: Buffer.from(wire), text: value, bytes: value })

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789 -_:$*+']
const CHARACTERS = [...LETTERS, ...'äöüß€→😀\0\r\n\u007f\u0080\u07ff\u0800\uffff']
const INT64 = 2n ** 63n

function content(random: Random): Buffer {
  if (random.chance(0.002)) return Buffer.alloc(32_000 + random.below(8_000), random.pick(CHARACTERS))
  const length = random.small(random.chance(0.03) ? 2_000 : 60)
  if (random.chance(0.2)) return Buffer.from(Uint8Array.from({ length }, () => random.below(256)))
  return Buffer.from(word(random, length, random.chance(0.3) ? CHARACTERS : LETTERS))
}

function word(random: Random, length: number, characters: readonly string[] = LETTERS): string {
  let text = ''
  for (let left = length; left > 0; left--) text += random.pick(characters)
  return text
}

/** Random content of a line. */
function line(random: Random): string {
  return word(random, random.small(80), CHARACTERS).replace(/[\r\n]/g, '.')
}

function bulkString(random: Random): Sent {
  const bytes = content(random)
  return { wire: bulk(bytes), text: bytes.toString(), bytes }
}

/** An integer of any size, often near a power of two or ten, where parsers make mistakes. */
function int64(random: Random): bigint {
  const size = BigInt(random.below(64))
  let value = random.chance(0.5) ? BigInt(Math.floor(random.fraction() * 2 ** 53)) << (size % 11n) : 2n ** size
  if (random.chance(0.3)) value = 10n ** (size % 19n)
  value += BigInt(random.below(5) - 2)
  if (random.chance(0.5)) value = -value
  return value >= INT64 ? INT64 - 1n : value < -INT64 ? -INT64 : value
}

function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function double(random: Random): Sent {
  const value = (random.fraction() - 0.5) * 10 ** (random.below(40) - 20)
  const wire = random.pick([
    () => `${value}`,
    () => value.toPrecision(1 + random.below(17)),
    () => value.toFixed(random.below(20)),
    () => value.toExponential(random.below(20)),
    () => `${Math.round(value)}`,
  ])()
  return same(`,${wire}\r\n`, Number(wire))
}

const NULLS_2 = ['$-1\r\n', '*-1\r\n']
const DOUBLES = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
  ['-nan', Number.NaN],
])

function scalar(random: Random, resp3: boolean): Sent {
  switch (random.below(resp3 ? 14 : 8)) {
    case 0:
      return same('+OK\r\n', 'OK')
    case 1: {
      const text = line(random)
      return same(`+${text}\r\n`, text)
    }
    case 2: {
      const text =
        random.pick(['ERR', 'WRONGTYPE x', 'MOVED 1 a:1', 'MOVED -', 'ASK 9 :', 'NOSCRIPT', '', 'LOADING y']) +
        line(random)
      return same(`-${text}\r\n`, errorFromReply(text))
    }
    case 3: {
      const value = int64(random)
      return same(`:${random.chance(0.1) && value >= 0n ? '+' : ''}${value}\r\n`, exact(value))
    }
    case 4:
      return same(random.pick(NULLS_2), null)
    case 8:
      return same('_\r\n', null)
    case 9:
      return random.chance(0.5) ? same('#t\r\n', true) : same('#f\r\n', false)
    case 10: {
      const [text, value] = random.pick([...DOUBLES])
      return random.chance(0.2) ? same(`,${text}\r\n`, value) : double(random)
    }
    case 11: {
      const value = int64(random) ** BigInt(1 + random.below(4))
      return same(`(${value}\r\n`, value)
    }
    case 12: {
      const bytes = content(random)
      return { wire: bulk(Buffer.concat([Buffer.from('txt:'), bytes]), '='), text: bytes.toString(), bytes }
    }
    case 13: {
      const text = `SYNTAX ${word(random, random.small(1_000), CHARACTERS)}`
      return same(bulk(text, '!').toString(), errorFromReply(text))
    }
    default:
      return bulkString(random)
  }
}

function list(items: readonly Sent[], header: string, make: (items: Reply[]) => Reply): Sent {
  return {
    wire: Buffer.concat([Buffer.from(header), ...items.map(item => item.wire)]),
    text: make(items.map(item => item.text)),
    bytes: make(items.map(item => item.bytes)),
  }
}

function attribute(random: Random, depth: number): Buffer {
  const pairs = random.small(4)
  const items = Array.from({ length: pairs * 2 }, () => value(random, depth - 1, true).wire)
  return Buffer.concat([Buffer.from(`|${pairs}\r\n`), ...items])
}

/** A value of at most `depth` aggregates. */
function value(random: Random, depth: number, resp3: boolean): Sent {
  if (depth > 0 && resp3 && random.chance(0.06)) {
    const before = attribute(random, depth)
    const sent = value(random, depth, resp3)
    return { ...sent, wire: Buffer.concat([before, sent.wire]) }
  }
  if (depth === 0 || random.chance(0.6)) return scalar(random, resp3)
  if (random.chance(0.1)) {
    const items = Array.from({ length: random.below(120) }, () => bulkString(random))
    return list(items, `*${items.length}\r\n`, each => each)
  }
  const items = Array.from({ length: random.small(14) }, () => value(random, depth - 1, resp3))
  switch (resp3 ? random.below(4) : 0) {
    case 1:
      if (items.length % 2 === 1) items.push(scalar(random, resp3))
      return list(items, `%${items.length / 2}\r\n`, each => new MapReply(each))
    case 2:
      return list(items, `~${items.length}\r\n`, each => new SetReply(each))
    default:
      return list(items, `*${items.length}\r\n`, each => each)
  }
}

interface Stream {
  readonly wire: Buffer
  readonly events: readonly Event[]
  /** Where the frame of each event ends. */
  readonly ends: readonly number[]
  readonly bytes: readonly boolean[]
  readonly pushBytes: boolean
}

/** Bytes that a server might send: replies, with pushes and attributes between them if it uses RESP3. */
function stream(random: Random): Stream {
  const resp3 = random.chance(0.6)
  const pushBytes = random.chance(0.3)
  const bytes: boolean[] = []
  const frames: Buffer[] = []
  const events: Event[] = []
  const ends: number[] = []
  let end = 0
  for (let left = 1 + random.small(6); left > 0; left--) {
    let frame: Buffer
    if (resp3 && random.chance(0.2)) {
      const kind = line(random)
      const items = Array.from({ length: random.small(5) }, () => value(random, 2, true))
      const header = `>${items.length + 1}\r\n${random.chance(0.5) ? `+${kind}\r\n` : bulk(kind)}`
      const sent = list(items, header, each => each)
      events.push({ push: kind, items: (pushBytes ? sent.bytes : sent.text) as Reply[] })
      frame = sent.wire
      if (random.chance(0.1)) frame = Buffer.concat([attribute(random, 2), frame])
    } else {
      const sent = value(random, random.pick([0, 1, 2, 3, 6]), resp3)
      const wanted = random.chance(0.4)
      bytes.push(wanted)
      const reply = wanted ? sent.bytes : sent.text
      events.push(reply instanceof Error ? { error: reply } : { reply })
      frame = sent.wire
    }
    frames.push(frame)
    end += frame.length
    ends.push(end)
  }
  return { wire: Buffer.concat(frames), events, ends, bytes, pushBytes }
}

function chunks(random: Random, wire: Buffer): Buffer[] {
  const most = random.pick([1, 3, 20, 400, 5_000, 100_000])
  const cut: Buffer[] = []
  for (let at = 0; at < wire.length; ) {
    const size = 1 + random.below(Math.max(most, wire.length >> 12))
    cut.push(wire.subarray(at, at + size))
    at += size
  }
  return cut
}

function readStream(cut: Buffer[], { bytes, pushBytes }: Stream): Reading {
  return read(cut, { bytes: reply => bytes[reply] ?? false, pushBytes })
}

/** Fails with the seed, the run and the input, which are enough to repeat it. */
function agree(found: unknown, wanted: unknown, run: number, wire: Buffer): void {
  if (isDeepStrictEqual(found, wanted)) return
  const shown = wire.length > 4_000 ? `${wire.subarray(0, 4_000).toString('latin1')}…` : wire.toString('latin1')
  expect(found, `SEED=${SEED}, run ${run}: ${JSON.stringify(shown)}`).toStrictEqual(wanted)
  throw new Error(`SEED=${SEED}, run ${run}: ${JSON.stringify(shown)}`)
}

test('20,000 random streams of values in random chunks are read exactly', () => {
  const random = new Random(SEED)
  for (let run = 0; run < 20_000; run++) {
    const sent = stream(random)
    const { events, asked, failure } = readStream(chunks(random, sent.wire), sent)
    agree(failure, undefined, run, sent.wire)
    agree(events, sent.events, run, sent.wire)
    agree(asked, sent.bytes.length, run, sent.wire)
  }
}, 60_000)

/** Length and count fields as a broken or hostile peer might send them. */
const LENGTHS = [
  '-1',
  '-2',
  '0',
  '1',
  '2',
  '00',
  '01',
  '+1',
  '?',
  '',
  ' ',
  '1e3',
  '99',
  '512',
  '40000',
  '536870913',
  '9007199254740993',
  '99999999999999999999',
]

function mutate(random: Random, { wire }: Stream): { wire: Buffer; from: number } {
  const at = random.below(wire.length)
  switch (random.below(6)) {
    case 0: {
      const copy = Buffer.from(wire)
      copy[at] = copy[at]! ^ (1 << random.below(8))
      return { wire: copy, from: at }
    }
    case 1: {
      const copy = Buffer.from(wire)
      copy[at] = random.pick([...Buffer.from('+-:$*%~>|!=,(#_;.?\r\n0123456789')])
      return { wire: copy, from: at }
    }
    case 2:
      return { wire: wire.subarray(0, at), from: at }
    case 3: {
      const to = Math.min(wire.length, at + 1 + random.small(50))
      return { wire: Buffer.concat([wire.subarray(0, at), wire.subarray(to)]), from: at }
    }
    case 4: {
      const other = stream(random).wire
      const begin = random.below(other.length)
      return { wire: Buffer.concat([wire.subarray(0, at), other.subarray(begin), wire.subarray(at)]), from: at }
    }
    default: {
      // Another number after a type byte.
      let header = at
      while (header < wire.length && !'$*%~>|!=:'.includes(String.fromCharCode(wire[header]!))) header++
      let end = header + 1
      while (end < wire.length && wire[end] !== 13) end++
      const number = Buffer.from(random.pick(LENGTHS))
      const from = Math.min(header + 1, wire.length)
      return { wire: Buffer.concat([wire.subarray(0, from), number, wire.subarray(end)]), from }
    }
  }
}

/** Fewer in the quick suite, which has eight minutes on two cores. */
const BROKEN = process.env.CHAOS === 'long' ? 50_000 : 20_000

test('broken streams give an InvalidResponse or wait for more bytes, equally for all chunks, and no value after the break', () => {
  const random = new Random(SEED ^ 0x5bd1e995)
  let failures = 0
  for (let run = 0; run < BROKEN; run++) {
    const sent = stream(random)
    const { wire, from } = mutate(random, sent)
    // `read` throws every other error, and checks that the reader accepts nothing after an InvalidResponse.
    const whole = readStream([wire], sent)
    const cut = readStream(chunks(random, wire), sent)
    agree(cut.events, whole.events, run, wire)
    agree(cut.failure === undefined, whole.failure === undefined, run, wire)
    const untouched = sent.ends.filter(end => end <= from).length
    agree(whole.events.slice(0, untouched), sent.events.slice(0, untouched), run, wire)
    if (whole.failure !== undefined) failures++
  }
  expect(failures).toBeGreaterThan(BROKEN / 5)
}, 120_000)

test('a million random integers are read exactly', () => {
  const random = new Random(SEED ^ 0x2545f491)
  for (let round = 0; round < 100; round++) {
    const values = Array.from({ length: 10_000 }, () => int64(random))
    const { events } = read([Buffer.from(`*${values.length}\r\n${values.map(each => `:${each}\r\n`).join('')}`)])
    agree(events, [{ reply: values.map(exact) }], round, Buffer.alloc(0))
  }
}, 60_000)

test('100,000 random doubles are read as JavaScript parses them', () => {
  const random = new Random(SEED ^ 0x1b873593)
  for (let run = 0; run < 10; run++) {
    const values = Array.from({ length: 10_000 }, () => double(random))
    const { wire, text } = list(values, `*${values.length}\r\n`, each => each)
    agree(read([wire]).events, [{ reply: text }], run, Buffer.alloc(0))
  }
}, 60_000)
