/**
 * `npm test`: all checks and tests. First it installs missing packages, builds dist and finds a Redis; then it runs the static
 * checks in parallel, then the tests, and under CI the smoke tests in Docker. The last line is `N passed, N failed`.
 *
 * `npm test -- ARGS` runs only the tests, with these arguments for vitest: `npm test -- --project unit test/errors`.
 */
import { capture, tool } from './child.mjs'
import { withDocker } from './docker-engine.mjs'
import { prerequisites } from './prerequisites.mjs'
import { Tally } from './tally.mjs'
import { runVitest } from './vitest.mjs'

/** A few fast tests: of the test servers, and of one group of commands. */
const SMOKE = ['--project', 'integration', 'test/servers', 'test/commands/strings']

const args = process.argv.slice(2)
const tally = new Tally()
try {
  const redis = await prerequisites()
  if (args.length === 0) await Promise.all(Object.entries(checks()).map(check))
  tally.add(await runVitest(redis, args), 'tests')
  if (args.length === 0 && process.env.CI && redis.kind !== 'docker') {
    console.log('\nsmoke tests in Docker')
    tally.add(await withDocker(image => runVitest(image, SMOKE), console.log), 'smoke tests in Docker')
  }
} catch (error) {
  console.error(error.message)
  tally.add({ failed: 1 }, 'prerequisites')
}
tally.close()

function checks() {
  return {
    types: [...tool('tsc', 'typescript'), '-p', '.', '--noEmit'],
    'types of the test servers': [...tool('tsc', 'typescript'), '-p', 'test/servers', '--noEmit'],
    'lint and format': [...tool('biome', '@biomejs/biome'), 'ci', '--colors=off', '.'],
    package: [process.execPath, 'scripts/check-package.mjs'],
  }
}

/** The output of a check is printed only if it fails. */
async function check([name, command]) {
  const { code, output } = await capture(command)
  console.log(code === 0 ? `ok      ${name}` : `FAILED  ${name}\n${output}`)
  tally.add(code === 0 ? { passed: 1 } : { failed: 1 }, name)
}
