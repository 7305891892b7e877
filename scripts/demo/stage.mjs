/** The output of the demo: titles, lines of code with their results, and checks, which are counted. */
export function stage({ color }) {
  const paint = (code, text) => (color ? `\x1b[${code}m${text}\x1b[0m` : text)
  const kept = []
  let failures = 0
  return {
    get failures() {
      return failures
    },
    title: text => console.log(`\n${paint(1, text)}`),
    note: text => console.log(paint(2, text)),
    say: text => console.log(text),
    /** Prints a line of code and its result. */
    code: (line, value) => {
      console.log(paint(36, line))
      if (value !== undefined) console.log(`  → ${value}`)
    },
    /** Prints and counts a condition that must hold. */
    check: (holds, what) => {
      if (!holds) failures++
      kept.push({ holds, what })
      console.log(holds ? paint(32, `  ✓ ${what}`) : paint(31, `  ✗ ${what}`))
    },
    summary: ms => {
      const good = kept.filter(({ holds }) => holds).length
      console.log(`\n${paint(1, `${good} of ${kept.length} checks hold`)} · ${(ms / 1000).toFixed(1)} s`)
      for (const { holds, what } of kept) if (!holds) console.log(paint(31, `  ✗ ${what}`))
      console.log('Next: README.md, docs/, and CONTRIBUTING.md for "how to add a command".')
    },
  }
}
