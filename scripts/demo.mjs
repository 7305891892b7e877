/**
 * `npm run demo`: shows Respire on real servers with real data, step by step. All printed figures are measured in this run. The
 * exit code is 1 if a check fails.
 */
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { prerequisites } from './prerequisites.mjs'

const HELP = `npm run demo [-- OPTIONS]

Starts its own servers (port 6379 is not used), loads a data set of cities, and shows what the client can do.

  --all         load all 135,000 cities instead of the 24,000 largest
  --only STEP   run only this step (and the loading): ${['cities', 'transactions', 'pubsub', 'lock', 'cluster'].join(', ')}
  --no-color    print plain text
  --help        print this text`

const { values: given } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    only: { type: 'string' },
    'no-color': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (given.help) {
  console.log(HELP)
  process.exit(0)
}

await prerequisites()

const { STEPS } = await import('./demo/steps.mjs')
const { stage } = await import('./demo/stage.mjs')
const { startSingle } = await import('../test/servers/servers.mjs')
const respire = createRequire(import.meta.url)('../dist/index.js')

const show = stage({ color: process.stdout.isTTY === true && !given['no-color'] && process.env.NO_COLOR === undefined })
const started = performance.now()
const server = await startSingle()
const redis = new respire.Redis(server.url)
redis.on('error', error => show.note(`('error' event: ${error.message})`))
show.note(`${server.flavour} ${server.version.join('.')} started for this demo at ${server.url}`)

const tools = { redis, server, respire, show, say: show.say, check: show.check, all: given.all }
try {
  for (const { name, title, run } of STEPS) {
    if (given.only !== undefined && name !== given.only && name !== 'cities') continue
    show.title(title)
    await run(tools)
  }
} catch (error) {
  show.check(false, `the demo completes: ${error.stack}`)
} finally {
  await redis.close()
  await server.stop()
}
show.summary(performance.now() - started)
process.exitCode = show.failures > 0 ? 1 : 0
