/** Users that add entries to streams, process them in a consumer group, take over what others left, and follow a stream. */
import type { StreamEntry, View } from '../../../src/index.js'
import type { Act, UserKind } from '../act.js'
import { autoclaimed, entries, streams } from '../replies.js'
import { show } from '../values.js'

const GROUP = 'workers'

function stream(act: Act): string {
  return `stream:${act.random.int(0, 2)}`
}

/** Follows of a stream: the ids that one user read, in order. */
export interface Following {
  readonly who: string
  readonly db: number
  readonly key: string
  /** The id after which it began. */
  readonly after: string
  readonly ids: readonly string[]
}

async function add(act: Act): Promise<void> {
  const key = stream(act)
  const part = act.simulation.ledger.part(true)
  await act.one(`xadd ${key}`, act.way(), part, view => view.xadd(key, '*', { job: act.text(part, key) }))
}

/** Creates the group on its first use. Later calls find out that it exists. */
async function group(act: Act, key: string): Promise<void> {
  const { simulation, subject } = act
  simulation.notes.groups ??= new Set<string>()
  const groups = simulation.notes.groups as Set<string>
  const name = `${subject.options.db ?? 0} ${key}`
  if (groups.has(name)) return
  const created = await subject.redis.xgroupCreate(key, GROUP, '0', { mkstream: true }).catch((error: Error) => error)
  if (created === 'OK' || /BUSYGROUP/.test(created.message)) groups.add(name)
}

/** Processes entries, and acknowledges most of them. The consumer is named by the token of the call. */
async function consume(act: Act): Promise<void> {
  const { random, simulation } = act
  const key = stream(act)
  await group(act, key)
  const part = simulation.ledger.part(true)
  const block = random.pick([50, 200, 1_000, 3_000, 0])
  const count = random.int(1, 4)
  const read = (view: View) => view.xreadgroup(GROUP, `c${part.token}`, { [key]: '>' }, { count, block })
  const call = await act.blocking(`xreadgroup ${key}`, part, block / 1_000, read, streams)
  const found = (call.value ?? []) as { entries: StreamEntry[] }[]
  if (call.fate === 'resolved')
    await acknowledge(
      act,
      key,
      found.flatMap(each => each.entries),
    )
}

async function acknowledge(act: Act, key: string, found: readonly StreamEntry[]): Promise<void> {
  const { random, simulation } = act
  for (const { id } of found) {
    if (random.chance(0.3)) continue
    if (random.chance(0.3)) await simulation.sleep(random.skewed(0, 200))
    await act.tokenless(['XACK', key, GROUP, id], view => view.xack(key, GROUP, id))
  }
}

/** Takes over entries that another consumer did not acknowledge in time. */
async function takeOver(act: Act): Promise<void> {
  const { random, simulation } = act
  const key = stream(act)
  await group(act, key)
  const part = simulation.ledger.part(true)
  const idle = random.pick([0, 100, 1_000])
  const call = await act.one(
    `xautoclaim ${key}`,
    act.way(),
    part,
    view => view.xautoclaim(key, GROUP, `c${part.token}`, idle, '0-0', { count: random.int(1, 5) }),
    act.own(part, autoclaimed),
  )
  if (call.fate === 'resolved') await acknowledge(act, key, (call.value as { entries: StreamEntry[] }).entries)
}

async function look(act: Act): Promise<void> {
  const key = stream(act)
  const part = act.simulation.ledger.numbered(false)
  const count = Number(part.token)
  const make = (view: View) => view.xrange(key, '-', '+', { count })
  await act.one(`xrange ${key}`, act.way(), part, make, act.own(part, entries))
}

/** Reads a stream from its end on, always after the last id. The second key contains the token of the call. */
async function follow(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const key = stream(act)
  const last = await subject.redis.xrevrange(key, '+', '-', { count: 1 }).catch(() => undefined)
  if (last === undefined) return
  const after = last[0]?.id ?? '0-0'
  const ids: string[] = []
  const who = `${subject.name}.${subject.generation}, step ${act.step.id}`
  const db = subject.options.db ?? 0
  simulation.notes.followings ??= []
  ;(simulation.notes.followings as Following[]).push({ who, db, key, after, ids })
  for (let reads = random.int(1, 5); reads > 0; reads--) {
    const part = simulation.ledger.part(false)
    const place = ids.at(-1) ?? after
    const block = random.pick([50, 500, 2_000])
    const other = `{${key}}${part.token}`
    const count = random.int(1, 5)
    const read = (view: View) => view.xread({ [key]: place, [other]: '$' }, { count, block })
    const call = await act.blocking(`xread ${key} ${place}`, part, block / 1_000, read, streams, { isReading: true })
    const found = (call.value ?? []) as { key: string; entries: StreamEntry[] }[]
    for (const each of found) {
      if (each.key !== key) simulation.fail('followed', `${call.name} read ${show(each.key)}.`)
      for (const { id } of each.entries) ids.push(id)
    }
  }
}

export const STREAMS: readonly UserKind[] = [
  { name: 'xadd', weight: 5, run: add },
  { name: 'consume', weight: 3, run: consume },
  { name: 'take over', weight: 1, run: takeOver },
  { name: 'xrange', weight: 0.5, run: look },
  { name: 'follow', weight: 1.5, run: follow },
]
