/**
 * Measures how a blocking call affects other calls of the same client: the 99th percentile of GET with and without a
 * `blpop(…, 0)` on the client, in alternating pairs. Prints the median of the ratios of nine pairs.
 *
 *   node bench/blocking.mjs [--pairs 9] [--ms 500]
 */
import { createRequire } from 'node:module'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startSingle } from '../test/servers/servers.mjs'

const { values: given } = parseArgs({
  options: { pairs: { type: 'string', default: '9' }, ms: { type: 'string', default: '500' } },
})
const dist = path.resolve(process.env.RESPIRE_DIST ?? path.join(import.meta.dirname, '../dist'))
const { Redis } = createRequire(import.meta.url)(path.join(dist, 'index.js'))

const server = await startSingle()
const redis = new Redis({ port: server.port, healthCheckInterval: 100 })
await redis.set('k', 'v')

/** The 99th percentile of 50 workers, ms. */
async function percentile() {
  const took = []
  const end = performance.now() + Number(given.ms)
  const worker = async () => {
    for (let now = performance.now(); now < end; ) {
      await redis.get('k')
      const then = performance.now()
      took.push(then - now)
      now = then
    }
  }
  await Promise.all(Array.from({ length: 50 }, worker))
  took.sort((a, b) => a - b)
  return took[Math.floor(took.length * 0.99)]
}

const connectionsThatBlock = async () =>
  String(await server.command('CLIENT', 'LIST')).match(/id=\d+(?=.*cmd=blpop)/g) ?? []

await percentile()
const ratios = []
let replaced = 0
for (let pair = 0; pair < Number(given.pairs); pair++) {
  const alone = await percentile()
  const waiting = redis.blpop(['nothing'], 0)
  while ((await connectionsThatBlock()).length === 0);
  const [before] = await connectionsThatBlock()
  const beside = await percentile()
  const [after] = await connectionsThatBlock()
  if (before !== after) replaced++
  await redis.rpush('nothing', 'x')
  await waiting
  ratios.push(beside / alone)
}
ratios.sort((a, b) => a - b)
const median = ratios[Math.floor(ratios.length / 2)]
console.log(
  `p99 of GET during a blpop: × ${median.toFixed(2)} (median of ${ratios.length} pairs, ${ratios[0].toFixed(2)} to ${ratios.at(-1).toFixed(2)})`,
)
console.log(`blocking connections replaced in ${given.ms} ms of silence (health check every 100 ms): ${replaced}`)
await redis.close()
await server.stop()
process.exitCode = median <= 1.25 && replaced === 0 ? 0 : 1
