/** Counts passed, failed and skipped tests. The last line that it prints is `N passed, N failed`. */
export class Tally {
  #passed = 0
  #failed = 0
  #skipped = []

  /** Adds the counts of tests, or the reason why `name` could not run. */
  add({ passed = 0, failed = 0, skipped = [], reason }, name) {
    this.#passed += passed
    this.#failed += failed
    this.#skipped.push(...skipped)
    if (reason) this.#skipped.push({ name, reason })
  }

  /** Prints the summary and sets the exit code. */
  close() {
    if (this.#skipped.length > 0) console.log(`\nSkipped:\n${grouped(this.#skipped).join('\n')}`)
    const parts = [`${this.#passed} passed`, `${this.#failed} failed`]
    if (this.#skipped.length > 0) parts.push(`${this.#skipped.length} skipped`)
    console.log(`\n${parts.join(', ')}`)
    process.exitCode = this.#failed > 0 || this.#passed + this.#skipped.length === 0 ? 1 : 0
  }
}

function grouped(skipped) {
  const names = new Map()
  for (const { name, reason } of skipped) names.set(reason, [...(names.get(reason) ?? []), name])
  return [...names].map(([reason, tests]) => `  ${reason}:\n${tests.map(name => `    - ${name}`).join('\n')}`)
}
