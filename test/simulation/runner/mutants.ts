/**
 * Runs seeds on mutants of the client, one mutant per process, until a seed fails by a rule that the mutant's patch expects.
 * Each seed that finds a mutant must pass on the client as it is, or it proves nothing.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Mutant, patched, readMutants } from './mutant.js'
import { WorkerProcess } from './worker-process.js'

export interface MutantOptions {
  /** The names of the mutants to run; none: all. */
  readonly names: readonly string[]
  readonly workers: number
  readonly from: number
  readonly seeds: number
  readonly only: readonly string[] | undefined
  /** The file in which the table is written, in Markdown. */
  readonly summary: string | undefined
}

interface Outcome {
  readonly mutant: Mutant
  readonly seed: number | undefined
  readonly rule: string
  readonly failure: string
  readonly seeds: number
  readonly seconds: number
  /** The number of seeds that failed by other rules, by rule. */
  readonly others: Readonly<Record<string, number>>
}

/** The number of seeds in one order to a worker. */
const BATCH = 20
/** A mutant that fails so often by rules that it does not expect is given up. */
const MOST_OTHERS = 100

const root = process.cwd()

/** Resolves with true if all mutants were found, except those whose patch says why they are not. */
export async function runMutants(options: MutantOptions): Promise<boolean> {
  const all = readMutants(path.join(root, 'test/simulation/mutants'))
  const unknown = options.names.filter(name => !all.some(mutant => mutant.name === name))
  if (unknown.length > 0) throw new Error(`Unknown mutant: ${unknown.join(', ')}.`)
  const mutants = all.filter(({ name }) => options.names.length === 0 || options.names.includes(name))
  // All patches are applied before anything runs: one that does not apply is an error, not a mutant that was found.
  const builds = mutants.map(mutant => ({ mutant, folder: copyWith(mutant) }))
  const original = new Original(options.only)
  const outcomes: Outcome[] = []
  const queue = builds.values()
  const labour = async () => {
    for (const { mutant, folder } of queue) {
      await compile(folder)
      const outcome = await run(mutant, path.join(folder, 'out'), original, options)
      outcomes.push(outcome)
      console.log(lineOf(outcome))
    }
  }
  await Promise.all(Array.from({ length: options.workers }, labour))
  original.end()
  outcomes.sort((one, other) => (one.mutant.name < other.mutant.name ? -1 : 1))
  const found = outcomes.filter(({ seed }) => seed !== undefined)
  const sum = `${found.length} of ${outcomes.length} mutants found within ${options.seeds} seeds; the client as it is passes each seed that found one.`
  console.log(`\n${tableOf(outcomes)}\n\n${sum}`)
  if (options.summary !== undefined) writeFileSync(options.summary, `${tableOf(outcomes)}\n\n${sum}\n`)
  return outcomes.every(({ seed, mutant }) => seed !== undefined || mutant.missed !== undefined)
}

/** Copies the sources into a folder of their own and applies the patch there. */
function copyWith(mutant: Mutant): string {
  const folder = path.join(root, '.cache/mutants', mutant.name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(path.join(root, 'src'), path.join(folder, 'src'), { recursive: true })
  for (const diff of mutant.files) {
    const file = path.join(folder, diff.file)
    writeFileSync(file, patched(mutant, diff, readFileSync(file, 'utf8')))
  }
  const options = { rootDir: 'src', outDir: 'out' }
  const config = {
    extends: path.join(root, 'test/simulation/tsconfig.json'),
    compilerOptions: options,
    include: ['src'],
  }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
  return folder
}

async function compile(folder: string): Promise<void> {
  const tsc = path.join(root, 'node_modules/typescript')
  const { bin } = JSON.parse(readFileSync(path.join(tsc, 'package.json'), 'utf8')) as { bin: { tsc: string } }
  // With a check of types: a mutant that cannot run is an error, not a mutant that was found.
  const compiling = promisify(execFile)(process.execPath, [path.join(tsc, bin.tsc), '-p', folder])
  await compiling.catch((error: { stdout?: string }) => {
    throw new Error(`${path.basename(folder)} does not compile:\n${error.stdout}`)
  })
}

/** The client as it is. */
class Original {
  readonly #only: readonly string[] | undefined
  readonly #worker = new WorkerProcess()
  readonly #failures = new Map<number, Promise<string | undefined>>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(only: readonly string[] | undefined) {
    this.#only = only
  }

  /** Resolves with the failure of a seed, or with undefined if it passes. */
  failureOf(seed: number): Promise<string | undefined> {
    const known = this.#failures.get(seed)
    if (known !== undefined) return known
    const failure = this.#last.then(() => this.#run(seed))
    this.#last = failure
    this.#failures.set(seed, failure)
    return failure
  }

  async #run(seed: number): Promise<string | undefined> {
    let failure: string | undefined
    await this.#worker.run({ kind: 'run', from: seed, count: 1, only: this.#only }, (_, [first]) => {
      failure = first
    })
    return failure
  }

  end(): void {
    this.#worker.kill()
  }
}

async function run(mutant: Mutant, client: string, original: Original, options: MutantOptions): Promise<Outcome> {
  const { from, only, seeds } = options
  const began = performance.now()
  const others: Record<string, number> = {}
  const outcome = (seed: number | undefined, failure: string, run: number): Outcome => {
    const seconds = (performance.now() - began) / 1_000
    return { mutant, seed, rule: ruleOf(failure), failure, seeds: run, seconds, others }
  }
  let worker = new WorkerProcess(client)
  try {
    let count = 0
    for (let next = from; next < from + seeds && count < MOST_OTHERS; ) {
      let failed: { readonly seed: number; readonly failures: readonly string[] } | undefined
      const end = Math.min(from + seeds, next + BATCH)
      const order = { kind: 'run', from: next, count: end - next, first: true, only } as const
      const tally = await worker.run(order, (seed, failures) => {
        failed = { seed, failures }
      })
      if (tally === undefined) worker = new WorkerProcess(client)
      if (failed === undefined) {
        next = end
        continue
      }
      const { seed, failures } = failed
      next = seed + 1
      const own = await original.failureOf(seed)
      if (own !== undefined) {
        console.log(`SEED=${seed} proves nothing, the client as it is fails too: ${own.split('\n')[0]?.slice(0, 200)}`)
        others.unpatched = (others.unpatched ?? 0) + 1
        continue
      }
      const expected = failures.find(failure => mutant.expects.includes(ruleOf(failure)))
      if (expected !== undefined) return outcome(seed, expected, seed - from + 1)
      count++
      for (const rule of new Set(failures.map(ruleOf))) others[rule] = (others[rule] ?? 0) + 1
    }
    return outcome(undefined, '', seeds)
  } finally {
    worker.kill()
  }
}

function ruleOf(failure: string): string {
  return failure.slice(0, Math.max(0, failure.indexOf(':')))
}

function lineOf({ failure, mutant, others, seconds, seed, seeds }: Outcome): string {
  const first = failure.split('\n')[0]?.slice(0, 200)
  const after = `after ${seeds} seeds, ${seconds.toFixed(0)} s`
  const also = Object.entries(others).map(([rule, count]) => `${rule} ${count} times`)
  const more = also.length === 0 ? '' : `; seeds that failed otherwise: ${also.join(', ')}`
  if (seed !== undefined) return `found   ${mutant.name}  SEED=${seed}  ${first} (${after}${more})`
  return `MISSED  ${mutant.name}  expected ${mutant.expects.join(' or ')} (${after}${more})`
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ mutant, rule, seconds, seed, seeds }) => {
    const by = seed === undefined ? `missed: ${mutant.missed ?? 'not explained'}` : rule
    return `| ${mutant.name} | ${mutant.words.split('\n')[0]} | ${by} | ${seed ?? '–'} | ${seeds} | ${seconds.toFixed(0)} |`
  })
  return [
    '| mutant | what it breaks | found by rule | seed | seeds run | seconds |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}
