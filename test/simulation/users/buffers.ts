/**
 * Users that pass bytes and receive bytes. They overwrite the bytes that they passed as soon as the call has settled, and they keep
 * the bytes that they received: neither may change what was sent or received.
 */
import type { View } from '../../../src/index.js'
import type { Act, UserKind, Way } from '../act.js'
import type { Call, CallTraits, Part } from '../ledger.js'
import { plain } from '../values.js'

/** Bytes that a user received, and a copy made at once. */
export interface Kept {
  readonly who: string
  readonly bytes: Buffer
  readonly copy: Buffer
}

/** Bytes that a user passed, as they were at the time of the call: one character for each byte. */
export interface Given {
  readonly who: string
  readonly part: Part
  readonly texts: readonly string[]
}

function note<T>(act: Act, name: string, item: T): void {
  const { notes } = act.simulation
  notes[name] ??= []
  ;(notes[name] as T[]).push(item)
}

/** Returns bytes that begin with the token of `part`: a Buffer, or a Uint8Array in the middle of another one. */
function bytesFor(act: Act, part: Part): Uint8Array {
  const { random } = act
  const head = Buffer.from(`@${part.token}`)
  const length = head.length + (random.chance(0.15) ? random.skewed(0, 300_000) : random.skewed(0, 300))
  const around = Buffer.alloc(length + 16, random.int(128, 255))
  const bytes = around.subarray(8, 8 + length)
  bytes.set(head)
  return random.chance(0.5) ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, length)
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Makes a call with bytes, and overwrites them as soon as it has settled. */
async function giving(
  act: Act,
  what: string,
  many: number,
  make: (view: View, key: string, bytes: readonly Uint8Array[], part: Part) => Promise<unknown>,
  more: Partial<CallTraits> | 'own reply' = 'own reply',
): Promise<void> {
  const { simulation, subject } = act
  const key = act.key('bytes')
  const part = simulation.ledger.part(true)
  const way: Way = act.way()
  const bytes = Array.from({ length: many }, () => bytesFor(act, part))
  const texts = bytes.map(textOf)
  const size = texts.join('').length
  const leave = size > 10_000 ? simulation.enter(subject, 'sending much') : () => {}
  const traits = {
    what: `${what} ${key} of ${size} bytes ${part.token}`,
    parts: [part],
    timeout: way.timeout,
    isIdempotent: way.isIdempotent,
    ...(more === 'own reply' ? { expects: act.own(part, plain) } : more),
  }
  const settled = simulation
    .call(subject, traits, () => make(way.view, key, bytes, part))
    .finally(() => {
      for (const each of bytes) each.fill(90)
      leave()
    })
  note<Given>(act, 'given', { who: (await settled).name, part, texts })
}

async function receive(act: Act, what: string, make: (view: View) => Promise<unknown>): Promise<void> {
  const { simulation, subject } = act
  const traits = { what, parts: [], timeout: undefined }
  const call = await simulation.call(subject, traits, () => make(subject.redis))
  if (call.fate === 'resolved') keep(act, call)
}

/** Keeps all bytes of a value, at any depth. */
function keep(act: Act, call: Call): void {
  const visit = (value: unknown): void => {
    if (Buffer.isBuffer(value)) note<Kept>(act, 'kept', { who: call.name, bytes: value, copy: Buffer.from(value) })
    else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) visit(each)
  }
  visit(call.value)
}

const calls: Readonly<Record<string, (act: Act) => Promise<unknown>>> = {
  giveSet: act => giving(act, 'set', 1, (view, key, [one]) => view.set(key, one as Uint8Array)),
  giveHash: act =>
    giving(act, 'hset', 2, (view, key, [one, other]) =>
      view.hset(`h${key}`, { a: one as Uint8Array, b: other as Uint8Array }),
    ),
  givePush: act => giving(act, 'rpush', 3, (view, key, all) => view.rpush(`l${key}`, [...all])),
  giveCall: act => giving(act, 'call append', 1, (view, key, all) => view.call('APPEND', key, ...all)),
  givePipeline: act =>
    giving(
      act,
      'pipeline',
      1,
      (view, key, [one]) =>
        view
          .pipeline()
          .set(key, one as Uint8Array)
          .get(key)
          .exec({ settle: true }),
      { isBatch: true },
    ),
  giveTransaction: act =>
    giving(
      act,
      'transaction',
      1,
      (view, key, [one]) =>
        view
          .multi()
          .set(key, one as Uint8Array)
          .strlen(key)
          .exec(),
      {},
    ),
  giveSession: act =>
    giving(act, 'session', 1, (view, key, [one]) => view.session(session => session.set(key, one as Uint8Array)), {
      isSession: true,
      timeout: undefined,
    }),
  receiveGet: act => {
    const key = act.key('bytes')
    return receive(act, `bytes.get ${key}`, view => view.bytes.get(key))
  },
  receiveMget: act => {
    const keys = [0, 1, 2].map(i => `{bytes}:${i}`)
    return receive(act, 'bytes.mget', view => view.bytes.mget(keys))
  },
  receiveHash: act => {
    const key = `h${act.key('bytes')}`
    return receive(act, `bytes.hgetall ${key}`, view => view.bytes.hgetall(key))
  },
  receiveList: act => {
    const key = `l${act.key('bytes')}`
    return receive(act, `bytes.lrange ${key}`, view => view.bytes.lrange(key, -3, -1))
  },
}

export const BUFFERS: readonly UserKind[] = Object.entries(calls).map(([name, run]) => ({ name, weight: 0.4, run }))
