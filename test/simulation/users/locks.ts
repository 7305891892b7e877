/** Users that acquire locks with fencing tokens, extend them, hold them too long or release them. Several clients compete. */
import type { Lock } from '../../../src/index.js'
import { type Act, databaseOf, type UserKind } from '../act.js'
import type { Simulation } from '../simulation.js'
import { show } from '../values.js'

interface Holding {
  readonly lock: Lock
  readonly who: string
  readonly fencing: number
  /** When its acquire() began and when it resolved. */
  readonly from: number
  readonly since: number
  /** The number of executions when the call to acquire began. */
  readonly order: number
}

/** The names of keys that another lock may use for its fencing token and its queue. */
const ODD_NAMES = ['{lock0}:lock:fencing', '{lock0}:lock:waiting', '{lock1}:lock:fencing', 'lock}', '{lock%7D}']

async function hold(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const { loop } = simulation
  const name = random.chance(0.8) ? `lock${random.int(0, 1)}` : random.pick(ODD_NAMES)
  const key = `${databaseOf(subject)} ${name}`
  const wait = random.pick([0, 300, 2_000])
  const lock = subject.redis.lock(name, {
    ttl: random.pick([60, 400, 3_000]),
    wait,
    autoExtend: random.chance(0.3),
    ...(random.chance(0.5) ? {} : { retryDelay: random.pick([10, 100]) }),
  })
  const who = `${subject.name}.${subject.generation}, step ${act.step.id}`
  const from = loop.now
  const order = simulation.ledger.executions.length
  const signal = random.chance(0.2) ? { signal: act.abortable(random.skewed(1, 2_000)) } : {}
  let leaveQueue = () => {}
  let isOver = false
  // After some round trips the lock has another holder.
  simulation.after(6 * simulation.network.traits.latency + 20, () => {
    if (!isOver) leaveQueue = simulation.enter(subject, 'waiting for a lock')
  })
  const call = await simulation.within(
    subject,
    'acquiring',
    simulation.call(subject, { what: `acquires ${name}`, parts: [] }, () => lock.acquire(signal)),
  )
  isOver = true
  leaveQueue()
  if (call.error instanceof simulation.client.LockError && call.error.reason === 'not a lock')
    simulation.fail('locks', `${call.name}: ${call.error.message}`)
  if (call.fate !== 'resolved') return
  const leave = simulation.enter(subject, 'holding')
  const mine = { lock, who, fencing: lock.fencingToken ?? -1, from, since: loop.now, order }
  judge(act, key, mine)
  const { signal: loss } = lock
  loss.addEventListener('abort', () => {
    if (lock.signal === loss && lock.valid) simulation.fail('locks', `${key} of ${who} is lost and valid.`)
  })
  const isStillAlone = () =>
    isAlone(simulation, key, mine, (simulation.notes.holdings as Map<string, Holding[]>).get(key) ?? [])
  await simulation.sleep(random.skewed(0, 800))
  isStillAlone()
  if (lock.valid && random.chance(0.5)) {
    await simulation.within(
      subject,
      'renewing',
      lock.extend(random.int(50, 1_000)).catch(() => {}),
    )
    isStillAlone()
  }
  if (loss.aborted && lock.signal === loss && lock.valid)
    simulation.fail('locks', `${key} of ${who} was lost and is valid again.`)
  leave()
  if (random.chance(0.9)) {
    await simulation.within(
      subject,
      'releasing',
      simulation.call(subject, { what: `releases ${name}`, parts: [] }, () => lock.release()),
    )
  }
}

/**
 * Fails the run if another lock on this key is valid now. A holder whose acquire() began after that of another one had resolved has
 * the greater token; no two holders have the same one.
 */
function judge({ simulation }: Act, key: string, mine: Holding): void {
  const all = (simulation.notes.holdings as Map<string, Holding[]> | undefined) ?? new Map<string, Holding[]>()
  simulation.notes.holdings = all
  const others = all.get(key) ?? []
  all.set(key, [...others, mine])
  simulation.note(
    'user',
    () => `${mine.who} holds ${key} with ${mine.fencing} until ${show(mine.lock.validUntil - simulation.loop.start)}`,
  )
  isAlone(simulation, key, mine, others)
  for (const other of others) {
    const { fencing, since, who } = other
    if (isLost(simulation, mine, other)) continue
    if (fencing === mine.fencing || (fencing > mine.fencing && since < mine.from))
      simulation.fail('locks', `${key}: ${mine.who} has token ${mine.fencing}, and ${who} had ${fencing} before.`)
  }
}

/** Whether a failover has lost keys of the lock since one of the two acquired it: then others may acquire it too. */
function isLost({ ledger }: Simulation, mine: Holding, other: Holding): boolean {
  const since = Math.min(mine.order, other.order)
  const isOfLock = (key: string) => key === mine.lock.name || key.includes(':lock:')
  return ledger.losses.some(({ keys, order }) => order >= since && [...keys].some(isOfLock))
}

/** Fails the run if two locks on this key are valid now. */
function isAlone(simulation: Simulation, key: string, mine: Holding, others: readonly Holding[]): void {
  if (!mine.lock.valid) return
  for (const other of others) {
    if (other.lock !== mine.lock && other.lock.valid && !isLost(simulation, mine, other))
      simulation.fail('locks', `${key} is held by ${other.who} and by ${mine.who} at once.`)
  }
}

export const LOCKS: readonly UserKind[] = [{ name: 'lock', weight: 4, run: hold }]
