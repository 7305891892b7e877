/**
 * A process that increments counters on a server, and is stopped and continued from outside:
 *
 *   node test/rig/freezes.mjs PORT
 *
 * Prints a line `working` when it begins, and works until it reads a line from its standard input. Then it prints a JSON line
 * with the numbers of acknowledged and rejected increments, and the errors.
 */
import { createRequire } from 'node:module'

const { Redis } = createRequire(import.meta.url)('../../dist/index.js')
const port = Number(process.argv[2])
const redis = new Redis({ port, commandTimeout: 400, healthCheckInterval: 200, connectTimeout: 1_000 })
redis.on('error', () => {})

const report = { acked: 0, unknown: 0, notSent: 0, wrong: 0, errors: {} }
let working = true

async function work(id) {
  for (let i = 0; working; i++) {
    const text = `${id} ${i}`
    try {
      const [, echoed] = await Promise.all([
        redis.incr(`frozen:${id % 4}`).then(
          () => report.acked++,
          error => {
            report[error.outcome === 'not sent' ? 'notSent' : 'unknown']++
            throw error
          },
        ),
        redis.call('ECHO', text),
      ])
      if (echoed !== text) report.wrong++
    } catch (error) {
      report.errors[error.message] = (report.errors[error.message] ?? 0) + 1
    }
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

await redis.connect()
console.log('working')
process.stdin.once('data', () => {
  working = false
  process.stdin.destroy()
})
await Promise.all(Array.from({ length: 16 }, (_, id) => work(id)))
await redis.close()
console.log(JSON.stringify(report))
