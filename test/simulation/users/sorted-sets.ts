/** Users that call the commands of sorted sets, and users that wait for members with BZPOPMIN, BZPOPMAX and BZMPOP. */
import type { Act, UserKind } from '../act.js'
import { firstScored, poppedMembers, poppedScored, scored } from '../replies.js'

const MEMBERS = ['1', '2', 'x', 'é']
const SCORES = [-1, 0, 0.5, 1.25e10, 7]

const calls: Readonly<Record<string, (act: Act) => Promise<unknown>>> = {
  zadd: act => {
    const { random } = act
    const key = act.key('zset', 3)
    const part = act.simulation.ledger.part(true)
    const members = [
      { member: random.pick(MEMBERS), score: random.pick(SCORES) },
      { member: part.token, score: random.pick(SCORES) },
    ]
    const options = random.pick([{}, { ch: true }, { gt: true } as const])
    return act.one(`zadd ${key}`, act.way(), part, view => view.zadd(key, members, options))
  },
  zincrby: act => {
    const key = act.key('zset', 3)
    const part = act.simulation.ledger.numbered(true)
    return act.one(`zincrby ${key}`, act.way(), part, view => view.zincrby(key, Number(part.token), 'x'))
  },
  zrem: act => {
    const key = act.key('zset', 3)
    const part = act.simulation.ledger.part(true)
    return act.one(`zrem ${key}`, act.way(), part, view => view.zrem(key, act.random.pick(MEMBERS), part.token))
  },
  zmscore: act => {
    const key = act.key('zset', 3)
    const part = act.simulation.ledger.part(false)
    return act.one(`zmscore ${key}`, act.way(), part, view => view.zmscore(key, [...MEMBERS, part.token]))
  },
  zrange: act => {
    const key = act.key('zset', 3)
    const part = act.simulation.ledger.numbered(false)
    const stop = Number(part.token)
    return act.one(
      `zrange ${key}`,
      act.way(),
      part,
      view => view.zrange(key, 0, stop, { withscores: true }),
      act.own(part, scored),
    )
  },
  zcount: act => {
    const key = act.key('zset', 3)
    const part = act.simulation.ledger.numbered(false)
    return act.one(`zcount ${key}`, act.way(), part, view => view.zcount(key, '-inf', Number(part.token)))
  },
  zpopmin: act => {
    const key = act.key('zset', 3)
    return act.tokenless(['ZPOPMIN', key], view => view.zpopmin(key), firstScored)
  },
  zoffer: act => {
    const key = act.key('zjobs', 3)
    const part = act.simulation.ledger.part(true)
    const score = act.random.pick(SCORES)
    return act.one(`zadd ${key}`, act.way(), part, view => view.zadd(key, { member: part.token, score }))
  },
  /** Pops a member. The second key contains the token of the call: nothing is ever added there. */
  bzpop: act => {
    const { random } = act
    const key = act.key('zjobs', 3)
    const part = act.simulation.ledger.part(true)
    const keys = [key, `{${key}}${part.token}`]
    const seconds = random.pick([0.05, 0.2, 1, 3, 0])
    return random.chance(0.5)
      ? act.blocking(`bzpopmin ${key}`, part, seconds, view => view.bzpopmin(keys, seconds), poppedScored)
      : act.blocking(`bzpopmax ${key}`, part, seconds, view => view.bzpopmax(keys, seconds), poppedScored)
  },
  bzmpop: act => {
    const { random } = act
    const key = act.key('zjobs', 3)
    const part = act.simulation.ledger.part(true)
    const keys = [key, `{${key}}${part.token}`]
    const seconds = random.pick([0.05, 0.2, 1, 3, 0])
    const count = random.int(1, 3)
    const side = random.pick(['min', 'max'] as const)
    const make = (view: ReturnType<Act['way']>['view']) => view.bzmpop(keys, side, seconds, { count })
    return act.blocking(`bzmpop ${key}`, part, seconds, make, poppedMembers)
  },
}

const WEIGHTS: Readonly<Record<string, number>> = { zoffer: 3, bzpop: 2, bzmpop: 2 }

export const SORTED_SETS: readonly UserKind[] = Object.entries(calls).map(([name, run]) => ({
  name,
  weight: WEIGHTS[name] ?? 0.6,
  run,
}))
