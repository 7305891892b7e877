/**
 * `npm run simulate:model -- --commands 200000 [--seed N] [--cluster]`: the same random commands on the model of Redis and on a
 * real server, which REDIS_TEST_SERVER may name; with `--cluster` on a model and on a real cluster of it. The first difference
 * between their replies ends it, and prints the seed.
 */
import { parseArgs } from 'node:util'
import { prerequisites } from './prerequisites.mjs'
import { Tally } from './tally.mjs'
import { runVitest } from './vitest.mjs'

const { values } = parseArgs({
  options: {
    commands: { type: 'string', default: '200000' },
    seed: { type: 'string' },
    cluster: { type: 'boolean', default: false },
  },
})
const file = `test/simulation/differential/${values.cluster ? 'cluster-check' : 'check'}.server.test.ts`
process.env.MODEL_COMMANDS = values.commands
if (values.seed !== undefined) process.env.SEED = values.seed

const tally = new Tally()
try {
  const redis = await prerequisites()
  tally.add(await runVitest(redis, ['--project', 'integration', file]), 'tests')
} catch (error) {
  console.error(error.message)
  tally.add({ failed: 1 }, 'prerequisites')
}
tally.close()
