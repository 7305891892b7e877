/** `npm run test:docker`: the integration tests in containers. Without an engine it prints the reason and does not fail. */
import { withDocker } from './docker-engine.mjs'
import { prerequisites } from './prerequisites.mjs'
import { Tally } from './tally.mjs'
import { runVitest } from './vitest.mjs'

const args = process.argv.slice(2)
await prerequisites({ redis: false })
const tally = new Tally()
tally.add(
  await withDocker(redis => runVitest(redis, ['--project', 'integration', ...args]), console.log),
  'tests in Docker',
)
tally.close()
