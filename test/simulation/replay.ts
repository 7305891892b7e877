/** Runs seeds in this process and says what came of them. */
import path from 'node:path'
import { runSeed } from './run.js'
import { installDoors, loadClient } from './world/doors.js'

const [from = '1', count = '1', told] = process.argv.slice(2)
installDoors()
const folder = path.resolve(__dirname, '../../src')
let client = loadClient(folder)
const start = process.cpuUsage().user
let failed = 0
let calls = 0
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  if (process.env.TRACE !== undefined) console.error(seed)
  const before = process.cpuUsage().user
  const result = runSeed(seed, { client, isTold: told !== undefined })
  calls += result.calls
  const took = (process.cpuUsage().user - before) / 1e3
  if (took > 500)
    console.log(
      `seed ${seed} took ${took} ms of CPU, ${result.elapsed} ms, ${result.tasks} tasks, ${result.executions} executions`,
    )
  if (told !== undefined) console.log(result.story.join('\n'))
  if (result.failures.length > 0) {
    failed++
    // What it left behind would spoil the next one.
    client = loadClient(folder)
    console.log(`seed ${seed}: ${result.failures.slice(0, 3).join('\n   ')}`)
  } else if (told !== undefined) console.log(result.digest, result.elapsed, result.calls, result.executions)
}
console.log(
  `${count} seeds, ${failed} failed, ${calls} calls, ${(process.cpuUsage().user - start) / 1e3 / Number(count)} ms of CPU a seed`,
)
