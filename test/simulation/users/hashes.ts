/** Users that call the commands of hashes. */
import type { Act, UserKind } from '../act.js'

/** The names of the fields, one of which needs care in JavaScript. */
const FIELDS = ['a', 'b', 'c', 'é', '__proto__']

const calls: Readonly<Record<string, (act: Act) => Promise<unknown>>> = {
  hset: act => {
    const { random } = act
    const key = act.key('hash')
    const part = act.simulation.ledger.part(true)
    const fields = new Map<string, string>()
    for (let i = random.int(1, 3); i > 0; i--) fields.set(random.pick(FIELDS), act.text(part, key))
    return act.one(`hset ${key}`, act.way(), part, view => view.hset(key, fields))
  },
  hsetnx: act => {
    const key = act.key('hash')
    const part = act.simulation.ledger.part(true)
    return act.one(`hsetnx ${key}`, act.way(), part, view => view.hsetnx(key, act.random.pick(FIELDS), part.token))
  },
  hget: act => {
    const key = act.key('hash')
    const field = act.random.pick(FIELDS)
    return act.tokenless(['HGET', key, field], view => view.hget(key, field))
  },
  hmget: act => {
    const key = act.key('hash')
    const part = act.simulation.ledger.part(false)
    return act.one(`hmget ${key}`, act.way(), part, view => view.hmget(key, [...FIELDS, part.token]))
  },
  hgetall: act => {
    const key = act.key('hash')
    return act.tokenless(['HGETALL', key], view => view.hgetall(key))
  },
  hdel: act => {
    const key = act.key('hash')
    const part = act.simulation.ledger.part(true)
    return act.one(`hdel ${key}`, act.way(), part, view => view.hdel(key, act.random.pick(FIELDS), part.token))
  },
  hincrby: act => {
    const key = act.key('counts')
    const field = act.random.pick(FIELDS)
    const part = act.simulation.ledger.numbered(true)
    return act.one(`hincrby ${key}`, act.way(), part, view => view.hincrby(key, field, Number(part.token)))
  },
  hincrbyfloat: act => {
    const key = act.key('counts')
    const part = act.simulation.ledger.numbered(true)
    const make = act.way()
    return act.one(
      `hincrbyfloat ${key}`,
      make,
      part,
      view => view.hincrbyfloat(key, 'float', Number(part.token)),
      act.own(part, Number),
    )
  },
  hvals: act => {
    const key = act.key('counts')
    return act.tokenless(['HVALS', key], view => view.hvals(key))
  },
}

export const HASHES: readonly UserKind[] = Object.entries(calls).map(([name, run]) => ({ name, weight: 0.6, run }))
