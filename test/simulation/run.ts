/** Runs one seed: makes the plan, runs it and checks the invariants. */
import { Act } from './act.js'
import { RunningCluster } from './cluster.js'
import { FAULTS } from './faults.js'
import { AT_REST, INVARIANTS } from './invariants.js'
import { isAtRest } from './oracle/at-rest.js'
import { type Plan, planOf, type Step, type Strike } from './plan.js'
import { RECOVERING, recover } from './recovery.js'
import { Simulation, type Subject } from './simulation.js'
import { addClient, SECRET, USER } from './subjects.js'
import { USERS } from './users.js'
import { show } from './values.js'
import { type ClientModule, connectClientsTo } from './world/environment.js'
import { Random } from './world/random.js'

/** Limits in virtual time for the steps of the users, and for open calls to settle afterwards, ms. */
const ACTING = 600_000
const SETTLING = 120_000

export interface Result {
  readonly seed: number
  readonly failures: readonly string[]
  readonly digest: string
  readonly steps: number
  readonly calls: number
  readonly executions: number
  /** Virtual time, ms. */
  readonly elapsed: number
  readonly tasks: number
  readonly pairs: ReadonlyMap<string, number>
  readonly story: readonly string[]
}

export interface RunOptions {
  readonly client: ClientModule
  readonly only?: readonly string[] | undefined
  readonly keepsStory?: boolean
  /** Run this plan instead of the whole plan of the seed. */
  readonly plan?: Plan
}

const users = new Map(USERS.map(kind => [kind.name, kind]))
const faults = new Map(FAULTS.map(fault => [fault.name, fault]))
/** The time at which every run begins. It is always the same, because the rounding of fractions of a ms depends on it. */
const BEGIN = 2 ** 30
/** Reports unhandled rejections to the current run. */
let onUnhandled: (error: unknown) => void = () => {}

process.on('unhandledRejection', error => onUnhandled(error))

export function runSeed(seed: number, options: RunOptions): Result {
  const plan = options.plan ?? planOf(seed, options.only)
  const simulation = new Simulation(plan, options.client, BEGIN, strike => strikeNow(simulation, strike))
  const { loop, network } = simulation
  simulation.keepsStory = options.keepsStory === true
  loop.notesOrigins = simulation.keepsStory
  // To capture the stacks of the many errors of a run costs more than to run a seed again for its story.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = simulation.keepsStory ? 20 : 0
  const onWarning = (text: string) => simulation.fail('warnings', `A warning of the process: ${text}`)
  connectClientsTo({ loop, network, random: new Random(seed, 'client'), onWarning })
  onUnhandled = error =>
    simulation.fail('unhandled', `Unhandled rejection: ${error instanceof Error ? error.stack : show(error)}`)
  try {
    live(simulation)
    for (const invariant of INVARIANTS)
      for (const fault of invariant(simulation)) simulation.fail(invariant.name, fault)
  } catch (error) {
    simulation.fail('crash', `It threw in the event loop: ${error instanceof Error ? error.stack : show(error)}`)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    connectClientsTo(undefined)
  }
  const { failures, digest, pairs, story, ledger } = simulation
  return {
    seed,
    failures,
    digest,
    steps: plan.steps.length,
    calls: ledger.calls.length,
    executions: ledger.executions.length,
    elapsed: loop.elapsed,
    tasks: loop.tasks,
    pairs,
    story,
  }
}

function live(simulation: Simulation): void {
  const { loop, plan } = simulation
  if (plan.isCluster) simulation.cluster = new RunningCluster(simulation)
  else {
    for (let i = 0; i < plan.clients; i++) {
      simulation.network.name(`redis-${i}`, '10.0.0.1')
      simulation.network.alias(`10.0.${i}.1`, '10.0.0.1')
    }
    const { server } = simulation.addServer('10.0.0.1:6379')
    server.users.set(USER, ['on', `>${SECRET}`, '~*', '&*', '+@all'])
  }
  for (let i = 0; i < plan.clients; i++) addClient(simulation, i)
  for (const strike of plan.strikes) {
    if (strike.when === undefined) loop.later(strike.at, () => strikeNow(simulation, strike))
    else simulation.arm(strike)
  }
  const acting = [...new Set(plan.steps.map(({ actor }) => actor))].map(actor => act(simulation, actor))
  if (!finish(simulation, Promise.all(acting), ACTING, 'The users did not finish')) return
  simulation.note('world', () => 'all faults end')
  simulation.heal()
  simulation.cluster?.gossipSoon()
  const isSettled = () => simulation.ledger.unsettled === 0
  const verdict = loop.run(isSettled, SETTLING)
  if (verdict !== 'done') simulation.fail('settled', `Calls are open at the end (${verdict}).`)
  finish(
    simulation,
    Promise.all(simulation.subjects.map(subject => recover(simulation, subject))),
    2 * RECOVERING,
    'The clients did not recover',
  )
  // Replies to calls that were given up may still come, and the ends of their leases.
  loop.run(() => isAtRest(simulation), SETTLING)
  for (const invariant of AT_REST) for (const fault of invariant(simulation)) simulation.fail(invariant.name, fault)
  simulation.note('user', () => 'closes all clients')
  const closing = simulation.subjects.map(({ redis }) => redis.close())
  finish(simulation, Promise.all(closing), SETTLING, 'close() did not finish')
  // The last timers and sockets need some time to close: the lock's channel lingers, and a lock that is still held has a timer.
  const rest = simulation.notes.holdings === undefined ? 1_500 : 5_000
  wait(simulation, rest)
}

function wait({ loop }: Simulation, ms: number): void {
  const end = loop.now + ms
  loop.later(ms, () => {})
  loop.run(() => loop.now >= end, 2 * ms)
}

/** Runs the event loop until `promise` has settled. */
function finish(simulation: Simulation, promise: Promise<unknown>, ms: number, otherwise: string): boolean {
  let isOver = false
  promise.then(
    () => {
      isOver = true
    },
    error => {
      isOver = true
      simulation.fail('users', `A user failed: ${error instanceof Error ? error.stack : show(error)}`)
    },
  )
  const verdict = simulation.loop.run(() => isOver, ms)
  if (verdict !== 'done') simulation.fail('settled', `${otherwise} (${verdict}).`)
  return verdict === 'done'
}

/** Runs the steps of one actor, one after another. */
async function act(simulation: Simulation, actor: number): Promise<void> {
  const { plan } = simulation
  const going: Promise<unknown>[] = []
  for (const step of plan.steps) {
    if (step.actor !== actor) continue
    if (step.pause > 0) await simulation.sleep(step.pause)
    const done = perform(simulation, step)
    if (step.waits) await done
    else going.push(done)
  }
  await Promise.all(going)
}

async function perform(simulation: Simulation, step: Step): Promise<void> {
  const subject = simulation.subjects[step.client] as Subject
  const kind = users.get(step.kind)
  await kind?.run(new Act(simulation, subject, new Random(simulation.plan.seed, `step ${step.id}`), step))
}

function strikeNow(simulation: Simulation, strike: Strike): void {
  const random = new Random(simulation.plan.seed, `strike ${strike.id}`)
  const fault = faults.get(strike.fault)
  const hit = () => {
    if (simulation.isHealed) return
    simulation.happened(strike.fault)
    const heal = fault?.strike(simulation, random)
    if (heal !== undefined) simulation.heals.push(heal)
  }
  if (strike.when === undefined) hit()
  // The fault strikes within about a round trip, and never in the middle of a callback of the process.
  else simulation.loop.later(random.skewed(0, 60) * random.float(), hit)
}
