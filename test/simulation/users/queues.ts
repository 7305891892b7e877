/** Users that process jobs of lists: they move a job to a list of their own, and remove it from there when it is done. */
import type { Act, UserKind } from '../act.js'
import { poppedElements } from '../replies.js'

function queue(act: Act): string {
  return `{queue:${act.random.int(0, 2)}}`
}

/** Adds a job, at either end. */
function offer(act: Act): Promise<unknown> {
  const key = queue(act)
  const part = act.simulation.ledger.part(true)
  const left = act.random.chance(0.5)
  return act.one(`offer ${key}`, act.way(), part, view =>
    left ? view.lpush(key, part.token) : view.rpush(key, [part.token]),
  )
}

/** Takes a job and removes it when it is done. A worker that fails leaves it in its list, where `recover` finds it. */
async function work(act: Act): Promise<void> {
  const { random, simulation } = act
  const key = queue(act)
  const mine = `${key}:mine`
  const part = simulation.ledger.part(true)
  const seconds = random.pick([0.05, 0.2, 1, 3, 0])
  const side = random.pick(['left', 'right'] as const)
  // The list of the worker is named by the token of the call.
  const own = `${mine}${part.token}`
  const call = await act.blocking(`blmove ${key}`, part, seconds, view =>
    random.chance(0.2) ? view.brpoplpush(key, own, seconds) : view.blmove(key, own, side, 'right', seconds),
  )
  if (typeof call.value !== 'string' || random.chance(0.2)) return
  await simulation.sleep(random.skewed(0, 200))
  const done = simulation.ledger.worded(['LREM', own, '1', call.value], true)
  await act.one(`lrem ${own}`, act.way(), done, view => view.lrem(own, 1, call.value as string))
}

/** Takes several jobs at once. The second key contains the token of the call: nothing is ever pushed there. */
function takeSeveral(act: Act): Promise<unknown> {
  const { random } = act
  const key = queue(act)
  const part = act.simulation.ledger.part(true)
  const seconds = random.pick([0.05, 0.2, 1, 3, 0])
  const side = random.pick(['left', 'right'] as const)
  const count = random.int(1, 4)
  const keys = [key, `${key}${part.token}`]
  const make = (view: ReturnType<Act['way']>['view']) => view.blmpop(keys, side, seconds, { count })
  return act.blocking(`blmpop ${key}`, part, seconds, make, poppedElements)
}

/** Moves a job without waiting for one. */
function shift(act: Act): Promise<unknown> {
  const key = queue(act)
  const part = act.simulation.ledger.part(true)
  const side = act.random.pick(['left', 'right'] as const)
  return act.one(`lmove ${key}`, act.way(), part, view => view.lmove(key, `${key}${part.token}`, side, 'left'))
}

function look(act: Act): Promise<unknown> {
  const key = queue(act)
  const part = act.simulation.ledger.numbered(false)
  return act.one(`lrange ${key}`, act.way(), part, view => view.lrange(key, 0, Number(part.token)))
}

export const QUEUES: readonly UserKind[] = [
  { name: 'offer', weight: 4, run: offer },
  { name: 'work', weight: 3, run: work },
  { name: 'take several', weight: 2, run: takeSeveral },
  { name: 'shift', weight: 1, run: shift },
  { name: 'look', weight: 1, run: look },
]
