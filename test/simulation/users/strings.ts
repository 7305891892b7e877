/** Users that call single commands on texts and numbers. */
import type { Act, UserKind } from '../act.js'
import { ownValue } from '../values.js'

/** Returns a description of the error if the value names another key: the client then mixed up two replies. */
function isOf(value: unknown, key: string): string | undefined {
  return value === null || (typeof value === 'string' && (value === '' || value.startsWith(`@${key}@`)))
    ? undefined
    : `GET of ${key} resolved with ${JSON.stringify(value)}.`
}

const calls: Readonly<Record<string, (act: Act) => Promise<unknown>>> = {
  set: act => {
    const key = act.key('text')
    const part = act.simulation.ledger.part(true)
    return act.one(`set ${key}`, act.way(), part, view => view.set(key, act.text(part, key)))
  },
  setex: act => {
    const key = act.key('text')
    const part = act.simulation.ledger.part(true)
    const px = act.random.int(1, 2_000)
    return act.one(`set ${key} px ${px}`, act.way(), part, view => view.set(key, act.text(part, key), { px }))
  },
  getset: act => {
    const key = act.key('text')
    const part = act.simulation.ledger.part(true)
    return act.one(`set ${key} get`, act.way(), part, view => view.set(key, act.text(part, key), { get: true }))
  },
  getrange: act => {
    const key = act.key('text')
    const part = act.simulation.ledger.numbered(false)
    return act.one(`getrange ${key}`, act.way(), part, view => view.getrange(key, 0, Number(part.token)))
  },
  get: async act => {
    const key = act.key('text')
    const way = act.way()
    const traits = {
      what: `get ${key}`,
      parts: [],
      timeout: way.timeout,
      expects: (value: unknown) => isOf(value, key),
    }
    await act.simulation.call(act.subject, traits, () => way.view.get(key))
  },
  incrby: act => {
    const key = act.key('number')
    const part = act.simulation.ledger.numbered(true)
    return act.one(`incrby ${key}`, act.way(), part, view => view.incrby(key, Number(part.token)))
  },
  append: act => {
    const key = act.key('log', 3)
    const part = act.simulation.ledger.part(true)
    return act.one(`append ${key}`, act.way(), part, view => view.append(key, part.token))
  },
  wrongType: act => {
    const part = act.simulation.ledger.part(true)
    return act.one('lpush text:0', act.way(), part, view => view.lpush('text:0', part.token))
  },
  /** Overwrites the bytes of an argument after the call has settled: the client must not send them after that. */
  setBytes: async act => {
    const { random, simulation } = act
    const key = act.key('bytes')
    const part = simulation.ledger.part(true)
    const head = Buffer.from(`@${key}@${part.token}`)
    const bytes = Buffer.alloc(head.length + random.skewed(0, 200_000), 'a')
    bytes.set(head)
    const way = act.way()
    const leave = bytes.length > 10_000 ? simulation.enter(act.subject, 'sending much') : () => {}
    await act.one(`set ${key} of ${bytes.length} bytes`, way, part, view => view.set(key, bytes)).finally(leave)
    bytes.fill('Z')
    for (const { args } of part.executions) {
      if (args[2]?.includes('Z'))
        simulation.fail(
          'bytes',
          `set ${key} ${part.token} was sent with bytes that were written after its call had settled.`,
        )
    }
  },
  /** Passes bytes that throw when they are encoded. */
  unreadable: act => {
    const key = act.key('text')
    const part = act.simulation.ledger.part(true)
    const bytes = new Uint8Array(8)
    let reads = 0
    Object.defineProperty(bytes, 'byteLength', {
      get: () => {
        if (++reads > 1) throw new Error('These bytes cannot be read.')
        return 8
      },
    })
    return act.one(`set ${key} unreadable`, act.way(), part, view => view.set(key, bytes))
  },
  mget: act => {
    const part = act.simulation.ledger.part(false)
    const key = act.key('text')
    // In a cluster all keys share a slot: users/splits.ts has the others.
    const other = act.key('number')
    const keys = act.isCluster ? [key, `{${key}}${part.token}`] : [key, other, `none:${part.token}`]
    return act.one(
      `mget ${keys.join(' ')}`,
      act.way(),
      part,
      view => view.mget(keys),
      value => ownValue(value, part),
    )
  },
}

export const STRINGS: readonly UserKind[] = Object.entries(calls).map(([name, run]) => ({ name, weight: 2, run }))
