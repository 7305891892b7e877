/**
 * The plan of a seed, made before anything runs: the number of clients, the steps of the users and the faults that strike. Each
 * step has its own random numbers, so leaving out one step does not change the others.
 */
import type { UserKind } from './act.js'
import { FAULTS } from './faults.js'
import { KINDS, pairAt } from './pairs.js'
import { USERS } from './users.js'
import { Random } from './world/random.js'

export interface Step {
  readonly id: number
  readonly actor: number
  readonly client: number
  readonly kind: string
  /** Pause before the step, ms. */
  readonly pause: number
  /** Whether the actor waits for the end of this step before it begins the next one. */
  readonly waits: boolean
}

export interface Strike {
  readonly id: number
  readonly fault: string
  /** Ms after the start. */
  readonly at: number
  /** If set, the fault strikes when a client enters `state` for the `count`th time, but not before `at`. */
  readonly when?: { readonly state: string; readonly count: number }
}

export interface Plan {
  readonly seed: number
  readonly isCluster: boolean
  readonly clients: number
  readonly steps: readonly Step[]
  readonly strikes: readonly Strike[]
}

export const STEPS = 200
/** The number of pairs that each seed aims at. */
const AIMS = 4

export function planOf(seed: number, only?: readonly string[]): Plan {
  const random = new Random(seed, 'plan')
  const isCluster = new Random(seed, 'topology').chance(0.4)
  const clients = random.weighted([
    { count: 1, weight: 5 },
    { count: 2, weight: 3 },
    { count: 3, weight: 1 },
  ]).count
  const isKnown = (kind: UserKind) => !(isCluster ? kind.isSingleOnly : kind.isClusterOnly)
  const known = USERS.filter(kind => isKnown(kind) && (only === undefined || only.includes(kind.name)))
  if (known.length === 0)
    throw new Error(`Unknown kind of user. The known kinds are: ${USERS.map(({ name }) => name).join(', ')}.`)
  const wanted = new Set(aimsOf(seed, isCluster).flatMap(({ state }) => KINDS[state] ?? []))
  // The weights differ from run to run, so that even a rare kind of step is frequent in some runs.
  const kinds = known.map(kind => ({
    ...kind,
    weight: wanted.has(kind.name) ? Math.max(2, kind.weight) * 4 : kind.weight * 2 ** random.int(0, 4),
  }))
  const actors = random.int(2, 8)
  const pace = random.pick([1, 5, 20, 60])
  const steps = Array.from({ length: STEPS + random.int(0, 60) }, (_, id) => ({
    id,
    actor: random.int(0, actors - 1),
    client: random.int(0, clients - 1),
    kind: random.weighted(kinds).name,
    pause: random.chance(0.3) ? 0 : random.skewed(0, pace * 10),
    waits: random.chance(0.7),
  }))
  const duration = (steps.length / actors) * pace * 2 + 200
  return { seed, isCluster, clients, steps, strikes: strikesOf(random, seed, isCluster, duration) }
}

/** Returns faults at random times, and faults at the state changes that the pair table asks for. */
function strikesOf(random: Random, seed: number, isCluster: boolean, duration: number): Strike[] {
  const known = FAULTS.filter(fault => (isCluster ? !fault.isSingleOnly : !fault.isClusterOnly))
  const faults = known.map(fault => ({ ...fault, weight: fault.weight * 2 ** random.int(0, 4) }))
  const strikes: Strike[] = []
  const count = random.pick([0, 2, 5, 10, 20])
  for (let id = 0; id < count; id++)
    strikes.push({ id, fault: random.weighted(faults).name, at: random.int(0, Math.ceil(duration)) })
  for (const [k, { state, fault }] of aimsOf(seed, isCluster).entries()) {
    const when = { state, count: random.pick([1, 1, 2, 3, 5]) }
    strikes.push({ id: count + k, fault, at: random.chance(0.5) ? 0 : random.int(0, Math.ceil(duration / 2)), when })
  }
  return strikes
}

/** The pairs that a seed aims at. */
function aimsOf(seed: number, isCluster: boolean): readonly { readonly state: string; readonly fault: string }[] {
  return Array.from({ length: AIMS }, (_, k) => pairAt(seed * AIMS + k, isCluster))
}
