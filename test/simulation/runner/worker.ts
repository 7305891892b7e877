/** A process that runs seeds for the runner. */
import path from 'node:path'
import { planOf } from '../plan.js'
import { type Result, runSeed } from '../run.js'
import { type ClientModule, loadClient, replaceEnvironment } from '../world/environment.js'
import { hash } from '../world/random.js'
import { shrink } from './shrink.js'

export interface Order {
  readonly kind: 'run' | 'shrink' | 'story'
  readonly from: number
  readonly count: number
  /** Whether the order ends with the first seed that fails. */
  readonly first?: boolean
  readonly only?: readonly string[] | undefined
}

export type Report =
  | { readonly kind: 'begun'; readonly seed: number }
  | { readonly kind: 'failed'; readonly seed: number; readonly failures: readonly string[]; readonly digest: string }
  | { readonly kind: 'story'; readonly seed: number; readonly story: readonly string[]; readonly size: string }
  | { readonly kind: 'done'; readonly tally: Tally }

export interface Tally {
  seeds: number
  steps: number
  calls: number
  executions: number
  /** Virtual time, ms. */
  elapsed: number
  /** The sum of the hashes of all seeds with their digests, so it does not depend on which process ran which seeds. */
  digest: number
  pairs: Record<string, number>
}

/** The time limit for shrinking a failing seed, ms. */
const SHRINKING = 60_000

const folder = process.env.SIMULATED_CLIENT ?? path.resolve(__dirname, '../../../src')
const now = performance.now.bind(performance)
let client: ClientModule | undefined

function run(
  seed: number,
  order: Order,
  more: { keepsStory?: boolean; plan?: ReturnType<typeof planOf> } = {},
): Result {
  client ??= loadClient(folder)
  const result = runSeed(seed, { client, only: order.only, ...more })
  // A failed run may leave state in the client's modules that would affect the next run.
  if (result.failures.length > 0) client = undefined
  return result
}

function send(report: Report): void {
  process.send?.(report)
}

function obey(order: Order): void {
  if (order.kind === 'run') runAll(order)
  else sendStory(order)
}

function runAll(order: Order): void {
  const tally: Tally = { seeds: 0, steps: 0, calls: 0, executions: 0, elapsed: 0, digest: 0, pairs: {} }
  for (let seed = order.from; seed < order.from + order.count; seed++) {
    send({ kind: 'begun', seed })
    const { calls, digest, elapsed, executions, failures, pairs, steps } = run(seed, order)
    tally.seeds++
    tally.steps += steps
    tally.calls += calls
    tally.executions += executions
    tally.elapsed += elapsed
    tally.digest = (tally.digest + hash(`${seed} ${digest}`)) >>> 0
    for (const [pair, count] of pairs) tally.pairs[pair] = (tally.pairs[pair] ?? 0) + count
    if (failures.length > 0) send({ kind: 'failed', seed, failures, digest })
    if (failures.length > 0 && order.first === true) break
  }
  send({ kind: 'done', tally })
}

/** Sends the story of a seed. For the order 'shrink' it is the story of the smallest plan that still fails. */
function sendStory(order: Order): void {
  const seed = order.from
  let plan = planOf(seed, order.only)
  const whole = `${plan.steps.length} steps, ${plan.strikes.length} strikes`
  const end = now() + SHRINKING
  if (order.kind === 'shrink') {
    plan = shrink(
      plan,
      smaller => run(seed, order, { plan: smaller }).failures,
      () => now() > end,
    )
  }
  const { digest, failures, story } = run(seed, order, { plan, keepsStory: true })
  const size = `${plan.steps.length} steps, ${plan.strikes.length} strikes (of ${whole}); digest ${digest}`
  send({ kind: 'story', seed, story: [...story, ...failures.map(failure => `FAILED: ${failure}`)], size })
}

replaceEnvironment()
process.on('message', order => obey(order as Order))
process.on('disconnect', () => process.exit())
