/** Users that call the commands of sets. */
import type { Act, UserKind } from '../act.js'

/** Members that are added and removed again and again, beside the tokens that are added once. */
const MEMBERS = ['1', '2', 'x', 'é']

/** Keys of one slot of a cluster, for calls with several keys. */
function keys(act: Act): [string, string] {
  const [one, other] = [act.random.int(0, 2), act.random.int(0, 2)]
  return [`{set}:${one}`, `{set}:${other}`]
}

const calls: Readonly<Record<string, (act: Act) => Promise<unknown>>> = {
  sadd: act => {
    const [key] = keys(act)
    const part = act.simulation.ledger.part(true)
    return act.one(`sadd ${key}`, act.way(), part, view => view.sadd(key, act.random.pick(MEMBERS), part.token))
  },
  srem: act => {
    const [key] = keys(act)
    const part = act.simulation.ledger.part(true)
    return act.one(`srem ${key}`, act.way(), part, view => view.srem(key, [act.random.pick(MEMBERS), part.token]))
  },
  smove: act => {
    const [from, to] = keys(act)
    const member = act.random.pick(MEMBERS)
    return act.tokenless(['SMOVE', from, to, member], view => view.smove(from, to, member))
  },
  smismember: act => {
    const [key] = keys(act)
    const part = act.simulation.ledger.part(false)
    return act.one(`smismember ${key}`, act.way(), part, view => view.smismember(key, [...MEMBERS, part.token]))
  },
  smembers: act => {
    const [key] = keys(act)
    return act.tokenless(['SMEMBERS', key], view => view.smembers(key))
  },
  sunion: act => {
    const part = act.simulation.ledger.part(false)
    return act.one('sunion', act.way(), part, view => view.sunion(...keys(act), `{set}${part.token}`))
  },
  sinterstore: act => {
    const part = act.simulation.ledger.part(true)
    return act.one('sinterstore', act.way(), part, view => view.sinterstore(`{set}${part.token}`, keys(act)))
  },
  spop: act => {
    const [key] = keys(act)
    const count = act.random.int(1, 3)
    return act.tokenless(['SPOP', key, String(count)], view => view.spop(key, count))
  },
}

export const SETS: readonly UserKind[] = Object.entries(calls).map(([name, run]) => ({ name, weight: 0.6, run }))
