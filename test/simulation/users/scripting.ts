/** Users that run scripts in pipelines, transactions and sessions, scripts that write nothing, and EVALSHA by hand. */
import type { Script, View } from '../../../src/index.js'
import type { Act, UserKind } from '../act.js'
import type { Part } from '../ledger.js'
import { ADD, COMPARE_AND_SET, ECHO } from '../model/twins/samples.js'
import { ownValue, show } from '../values.js'

interface Samples {
  readonly add: Script<number>
  readonly echo: Script<string[]>
  readonly compareAndSet: Script<number>
}

/** The scripts of a run: the client's module belongs to the run. */
function samples({ simulation }: Act): Samples {
  const { Script } = simulation.client
  simulation.notes.samples ??= {
    add: new Script({ keys: 1, lua: ADD, decode: Number }),
    echo: new Script({ lua: ECHO, readonly: true, decode: reply => reply as string[] }),
    compareAndSet: new Script({ keys: 1, lua: COMPARE_AND_SET, decode: Number }),
  }
  return simulation.notes.samples as Samples
}

function echo(act: Act): Promise<unknown> {
  const key = act.key('sum')
  const part = act.simulation.ledger.part(false)
  return act.one('echo', act.way(), part, view => samples(act).echo.run(view, key, [part.token, 'é']))
}

function compareAndSet(act: Act): Promise<unknown> {
  const key = act.key('held')
  const part = act.simulation.ledger.part(true)
  return act.one(`compare ${key}`, act.way(), part, view => samples(act).compareAndSet.run(view, key, ['', part.token]))
}

/** Returns a description of the error unless each result is the sum that its own script returned. */
function results(value: unknown, parts: readonly Part[]): string | undefined {
  for (const [i, part] of parts.entries()) {
    const result = (value as readonly unknown[])[i]
    if (result instanceof Error) continue
    if (part.executions.some(({ reply }) => Number(reply) === result)) continue
    return `Script ${i} resolved with ${show(result)}; the server replied ${part.executions.map(({ reply }) => show(reply)).join(' or ')}.`
  }
  return undefined
}

/** Several runs of a script, with a command between them, in a pipeline, a transaction or a session. */
async function several(act: Act): Promise<void> {
  const { random, simulation, subject } = act
  const way = act.way()
  const parts = Array.from({ length: random.int(1, 6) }, () => simulation.ledger.numbered(true))
  const key = `{sum}:${random.int(0, 2)}`
  const { add: script } = samples(act)
  const manner = random.pick(['pipeline', 'transaction', 'session'] as const)
  const run = async (view: View): Promise<unknown> => {
    if (manner === 'session') {
      return view.session(async session => {
        const all = await Promise.allSettled(parts.map(part => script.run(session, key, Number(part.token))))
        return all.map(each => {
          if (each.status === 'rejected') throw each.reason
          return each.value
        })
      })
    }
    if (manner === 'pipeline') {
      const batch = view.pipeline<unknown>()
      for (const part of parts) script.run(batch, [key], [Number(part.token)])
      return batch.exec({ settle: true })
    }
    const batch = view.multi<unknown>()
    for (const part of parts) script.run(batch, [key], [Number(part.token)])
    return batch.exec({ settle: true })
  }
  const traits = {
    what: `scripts in a ${manner} from ${parts[0]?.token}`,
    parts,
    timeout: manner === 'session' ? undefined : way.timeout,
    isIdempotent: way.isIdempotent,
    isBatch: manner === 'pipeline',
    isLoose: manner !== 'pipeline',
    isSession: manner === 'session',
    expects: (value: unknown) => results(value, parts),
  }
  await simulation.within(
    subject,
    'piping',
    simulation.call(subject, traits, () => run(way.view)),
  )
}

/** EVALSHA by hand: the caller expects NOSCRIPT, and the client does not send EVAL for it. */
async function bySha(act: Act): Promise<void> {
  const { simulation, subject } = act
  const { NoScriptError } = simulation.client
  const key = act.key('sum')
  const part = simulation.ledger.numbered(true)
  const { sha1 } = samples(act).add
  const run = (view: View) =>
    view.evalsha(sha1, key, part.token).catch((error: unknown) => {
      if (error instanceof NoScriptError) return 'NOSCRIPT'
      throw error
    })
  const expects = (value: unknown) => (value === 'NOSCRIPT' ? undefined : ownValue(value, part))
  const call = await act.one(`evalsha ${key}`, act.way(), part, run, expects)
  if (call.value === 'NOSCRIPT') await subject.redis.scriptLoad(ADD).catch(() => {})
}

export const SCRIPTING: readonly UserKind[] = [
  { name: 'script echo', weight: 1, run: echo },
  { name: 'script cas', weight: 1, run: compareAndSet },
  { name: 'scripts', weight: 2, run: several },
  { name: 'evalsha', weight: 1, run: bySha },
]
