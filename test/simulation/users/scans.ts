/** Users that scan. A scan finds every key that exists during the whole scan, whatever is added and removed meanwhile. */
import { type Act, databaseOf, type UserKind } from '../act.js'
import { show } from '../values.js'

function planted({ simulation }: Act): Map<number, Set<string>> {
  simulation.notes.planted ??= new Map<number, Set<string>>()
  return simulation.notes.planted as Map<number, Set<string>>
}

async function plant(act: Act): Promise<void> {
  const part = act.simulation.ledger.part(true)
  const key = `scan:${part.token}`
  const call = await act.one(`set ${key}`, act.way(), part, view => view.set(key, 'x'))
  if (call.fate !== 'resolved') return
  const db = databaseOf(act.subject)
  const keys = planted(act).get(db) ?? new Set()
  planted(act).set(db, keys.add(key))
}

async function scan(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const there = [...(planted(act).get(databaseOf(subject)) ?? [])]
  const { view } = act.way()
  const count = random.pick([1, 3, 100])
  const expects = (value: unknown) => {
    const found = new Set(value as string[])
    const missing = there.filter(key => !found.has(key) && !simulation.ledger.hasLost(key))
    return missing.length === 0 ? undefined : `The scan did not find ${show(missing)}.`
  }
  const walk = async () => {
    const found: string[] = []
    for await (const key of view.scan({ match: 'scan:*', count })) {
      found.push(key)
      if (random.chance(0.05)) await simulation.sleep(random.skewed(0, 100))
    }
    return found
  }
  await simulation.within(
    subject,
    'scanning',
    simulation.call(subject, { what: 'scans', parts: [], isLoop: true, expects }, walk),
  )
}

export const SCANS: readonly UserKind[] = [
  { name: 'plant', weight: 2, run: plant },
  { name: 'scan', weight: 1, run: scan },
]
