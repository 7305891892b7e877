/** Users that run scripts, alone and in pipelines; of one kind of script each run fails with an error of its own. */
import type { Script as ScriptClass } from '../../../src/index.js'
import type { Act, UserKind } from '../act.js'
import { ADD, WRITE_AND_RETURN_ERROR } from '../model/twins/samples.js'
import { ownValue } from '../values.js'

/** Errors that a script may return. They begin like those of the server. */
const ERRORS = [
  'MINE it failed',
  'NOSCRIPT of my own',
  'LOADING of my own',
  'TRYAGAIN of my own',
  'CLUSTERDOWN of my own',
  "READONLY You can't write against a read only replica.",
]

interface Scripts {
  readonly add: ScriptClass<unknown>
  readonly fail: ScriptClass<unknown>
}

/** The client computes the hash of a Script once, so each is made once in a run. */
function scriptsOf({ simulation }: Act): Scripts {
  const { Script } = simulation.client
  simulation.notes.scripts ??= {
    add: new Script({ lua: ADD, keys: 1 }),
    fail: new Script({ lua: WRITE_AND_RETURN_ERROR, keys: 1 }),
  } satisfies Scripts
  return simulation.notes.scripts as Scripts
}

async function add(act: Act): Promise<void> {
  const { add } = scriptsOf(act)
  const part = act.simulation.ledger.numbered(true)
  const key = act.key('number')
  await act.one(`script adds ${key}`, act.way(), part, view => add.run(view, key, Number(part.token)))
}

/** Runs a script that writes, and then returns an error. */
async function fail(act: Act): Promise<void> {
  const { fail } = scriptsOf(act)
  const part = act.simulation.ledger.part(true)
  const error = act.random.pick(ERRORS)
  const run = act.one(`script fails with ${error}`, act.way(), part, view =>
    fail.run(view, act.key('failed'), [part.token, error]),
  )
  await run
}

async function pipelined(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const { add } = scriptsOf(act)
  const way = act.way()
  const parts = Array.from({ length: random.int(1, 5) }, () => simulation.ledger.numbered(true))
  const traits = {
    what: `pipeline of ${parts.length} scripts from ${parts[0]?.token}`,
    parts,
    timeout: way.timeout,
    isIdempotent: way.isIdempotent,
    isBatch: true,
    expects: (value: unknown) => {
      for (const [i, part] of parts.entries()) {
        const result = (value as unknown[])[i]
        const fault = result instanceof Error ? undefined : ownValue(result, part)
        if (fault !== undefined) return `Script ${i}: ${fault}`
      }
      return undefined
    },
  }
  await simulation.within(
    subject,
    'piping',
    simulation.call(subject, traits, () => {
      const batch = way.view.pipeline<unknown>()
      for (const part of parts) add.run(batch as never, act.key('number'), Number(part.token))
      return batch.exec({ settle: true })
    }),
  )
}

/** The server forgets all scripts. */
async function flush(act: Act): Promise<void> {
  const traits = { what: 'script flush', parts: [] }
  await act.simulation.call(act.subject, traits, () => act.subject.redis.scriptFlush())
}

export const SCRIPTS: readonly UserKind[] = [
  { name: 'script', weight: 2, run: add },
  { name: 'failing script', weight: 1, run: fail },
  { name: 'script pipeline', weight: 1, run: pipelined },
  { name: 'script flush', weight: 0.5, run: flush },
]
