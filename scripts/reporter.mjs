/**
 * A vitest reporter that counts tests. It writes `{ passed, failed, skipped: [{ name, reason }] }` as JSON to RESPIRE_COUNTS.
 *
 * A test is skipped with `context.skip(condition, 'reason')`. A test that was skipped without a reason (by `it.skip`, or by a
 * `beforeAll` that threw) counts as failed, unless a filter on the command line excluded it.
 */
import { writeFileSync } from 'node:fs'

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default class Counts {
  #filtered = false

  onInit(vitest) {
    this.#filtered = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: [] }
    for (const module of modules) {
      const suites = [module, ...module.children.allSuites()]
      counts.failed += suites.filter(suite => suite.errors().length > 0).length
      for (const test of module.children.allTests()) this.#count(test, counts)
    }
    writeFileSync(process.env.RESPIRE_COUNTS, JSON.stringify(counts))
  }

  #count(test, counts) {
    const { state, note } = test.result()
    if (state === 'passed') counts.passed++
    else if (state === 'skipped' && note)
      counts.skipped.push({ name: `${test.module.relativeModuleId} > ${test.fullName}`, reason: note })
    else if (!(state === 'skipped' && this.#filtered)) {
      counts.failed++
      if (state === 'skipped')
        console.error(`skipped without a reason: ${test.module.relativeModuleId} > ${test.fullName}`)
    }
  }
}
