/**
 * `npm run simulate -- [--seeds 1000] [--from 1] [--minutes 10] [--only pop,push] [--pairs] [--fixed 17,21]`: runs seeds on all
 * cores, the fixed ones first. Prints each seed that fails, and the stories of the first ones with their plans shrunk.
 * `SEED=17 npm run simulate` prints the story of one seed.
 * `npm run simulate -- --mutants [--summary FILE] [name …]` runs seeds on each mutant of the client until one fails (mutants.ts).
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { IMPOSSIBLE, possiblePairs } from '../pairs.js'
import { USERS } from '../users.js'
import { runMutants } from './mutants.js'
import type { Tally } from './worker.js'
import { WorkerProcess } from './worker-process.js'

/** The number of seeds in one order to a worker, and the number of seeds after which a fresh process replaces the worker. */
const BATCH = 20
const LIFE = 2_000
/** The number of failing seeds whose stories are printed. */
const STORIES = 3

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    only: { type: 'string' },
    pairs: { type: 'boolean', default: false },
    workers: { type: 'string' },
    client: { type: 'string' },
    quiet: { type: 'boolean', default: false },
    fixed: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    summary: { type: 'string' },
  },
})

const only = values.only?.split(',')
const unknown = only?.filter(name => !USERS.some(kind => kind.name === name)) ?? []
if (unknown.length > 0) {
  const known = USERS.map(({ name }) => name).join(', ')
  refuse(`--only: unknown kind of user: ${unknown.join(', ')}. The known kinds are: ${known}.`)
}
const from = positive('from', 1)
const seeds = positive('seeds', values.minutes === undefined ? 1_000 : 1e9)
const began = performance.now()
const end = began + positive('minutes', 1e6) * 60_000
const tally: Tally = { seeds: 0, steps: 0, calls: 0, executions: 0, elapsed: 0, digest: 0, pairs: {} }
const failed: number[] = []
let next = from

/** Runs batches until no seed is left or the time is over. */
async function labour(): Promise<void> {
  while (next < from + seeds && performance.now() < end) {
    let worker = new WorkerProcess(values.client)
    for (let life = 0; life < LIFE; life += BATCH) {
      if (next >= from + seeds || performance.now() >= end) break
      const first = next
      next = Math.min(from + seeds, next + BATCH)
      worker = await batch(worker, first, next)
    }
    worker.kill()
  }
}

/** Runs the seeds from `first` to before `last`. Returns the worker, or a new one if the worker hung or exited. */
async function batch(worker: WorkerProcess, first: number, last: number): Promise<WorkerProcess> {
  let current = worker
  for (let at = first; at < last; ) {
    let latest = at
    const more = await current.run({ kind: 'run', from: at, count: last - at, only }, (seed, failures) => {
      latest = seed
      fail(seed, failures)
    })
    if (more !== undefined) {
      add(more)
      return current
    }
    current.kill()
    current = new WorkerProcess(values.client)
    // The tally of a worker that exits is lost, but for the number of its seeds.
    tally.seeds += latest + 1 - at
    at = latest + 1
  }
  return current
}

/** Returns the number that an option gives. Exits if it is none. */
function positive(name: 'from' | 'seeds' | 'minutes' | 'workers', otherwise: number): number {
  const value = values[name] === undefined ? otherwise : Number(values[name])
  if (value > 0 && (name === 'minutes' || Number.isSafeInteger(value))) return value
  return refuse(`--${name}: expected a positive number, got '${values[name]}'.`)
}

function refuse(why: string): never {
  console.error(why)
  process.exit(1)
}

function fail(seed: number, failures: readonly string[]): void {
  failed.push(seed)
  clearLine()
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : ''
  console.log(`SEED=${seed}  ${failures[0]?.split('\n')[0]?.slice(0, 300)}${more}`)
}

function add(more: Tally): void {
  for (const name of ['seeds', 'steps', 'calls', 'executions', 'elapsed'] as const) tally[name] += more[name]
  tally.digest = (tally.digest + more.digest) >>> 0
  for (const [pair, count] of Object.entries(more.pairs)) tally.pairs[pair] = (tally.pairs[pair] ?? 0) + count
  progress()
}

function progress(): void {
  if (!process.stderr.isTTY || values.quiet) return
  const seconds = (performance.now() - began) / 1_000
  const share = Math.min(1, Math.max(tally.seeds / seeds, (1_000 * seconds) / (end - began)))
  const filled = Math.round(share * 30)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(30 - filled)}`
  const rate = (tally.seeds / seconds).toFixed(1)
  const left = Math.ceil((seconds / share - seconds) / 60)
  clearLine()
  process.stderr.write(
    `${bar} ${tally.seeds} seeds, ${rate}/s, ${left} min left, ${failed.length} failed, ${pairsMet().met} pairs`,
  )
}

function clearLine(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
}

function pairsMet(): { readonly met: number; readonly missing: string[]; readonly all: number } {
  const possible = [...possiblePairs()]
  const missing = possible.filter(pair => (tally.pairs[pair] ?? 0) === 0)
  return { met: possible.length - missing.length, missing, all: possible.length }
}

/** The pairs that were never met, one line for each state, and the pairs that cannot be met, with their reasons. */
function pairTable(missing: readonly string[]): string {
  const byState = new Map<string, string[]>()
  for (const pair of missing) {
    const [state = '', fault = ''] = pair.split(' × ')
    byState.set(state, [...(byState.get(state) ?? []), fault])
  }
  const lines = [...byState].map(([state, faults]) => `  ${state.padEnd(20)}  ${faults.join(', ')}`)
  const impossible = [...IMPOSSIBLE].map(([pair, reason]) => `  ${pair}: ${reason}`)
  return [
    missing.length === 0 ? 'Every possible pair was met.' : 'Never met:',
    ...lines,
    `Impossible: ${impossible.length}`,
    ...impossible,
  ].join('\n')
}

async function main(): Promise<void> {
  const { SEED } = process.env
  if (SEED !== undefined) return new WorkerProcess(values.client).tell('story', Number(SEED), only)
  const workers = positive('workers', cpus().length)
  if (values.mutants) {
    const isGood = await runMutants({
      names,
      workers,
      from,
      seeds: values.seeds === undefined ? 20_000 : seeds,
      only,
      summary: values.summary,
    })
    process.exitCode = isGood ? 0 : 1
    return
  }
  if (values.fixed !== undefined) {
    let worker = new WorkerProcess(values.client)
    for (const seed of values.fixed.split(',')) worker = await batch(worker, Number(seed), Number(seed) + 1)
    worker.kill()
  }
  await Promise.all(Array.from({ length: workers }, labour))
  clearLine()
  if (!values.quiet)
    for (const seed of failed.slice(0, STORIES)) await new WorkerProcess(values.client).tell('shrink', seed, only)
  const seconds = (performance.now() - began) / 1_000
  const { all, met, missing } = pairsMet()
  console.log(
    `${tally.seeds} seeds, ${failed.length} failed; ${tally.steps} steps, ${tally.calls} calls, ${tally.executions} executions, ` +
      `${Math.round(tally.elapsed / 60_000)} minutes of virtual time in ${seconds.toFixed(0)} s; ` +
      `${met} of ${all} pairs; digest ${tally.digest.toString(16)}`,
  )
  if (values.pairs) console.log(pairTable(missing))
  process.exitCode = failed.length > 0 ? 1 : 0
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
