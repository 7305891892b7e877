import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { AT_REST, INVARIANTS } from './invariants.js'
import { patched, readMutants } from './runner/mutant.js'

/** The rules that are checked while a run goes on (`simulation.fail`). */
const WHILE_RUNNING = ['bytes', 'closes', 'endless', 'locks', 'recovers', 'unhandled', 'warnings']

const mutants = readMutants('test/simulation/mutants')

test.for(mutants)('the patch of the mutant $name applies to the sources and changes them', mutant => {
  for (const diff of mutant.files) {
    const text = readFileSync(diff.file, 'utf8')
    expect(diff.file).toMatch(/^src\//)
    expect(patched(mutant, diff, text)).not.toBe(text)
  }
})

test('every mutant expects rules that exist', () => {
  const rules = new Set([...WHILE_RUNNING, ...AT_REST.map(({ name }) => name), ...INVARIANTS.map(({ name }) => name)])
  for (const { expects, name } of mutants) {
    expect(
      expects.filter(rule => !rules.has(rule)),
      name,
    ).toEqual([])
  }
})
