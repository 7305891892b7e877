/**
 * Runs many contenders for one lock in several processes, while processes are killed and stopped and connections are cut:
 *
 *   node test/long/lock-contenders.mjs [--sections 2000] [--processes 8] [--contenders 50] [--kills 30] [--pauses 30] [--cuts 60]
 *
 * Every process logs, on the monotonic clock that all processes share, when it acquired the lock, until when the lock was valid,
 * and when it released the lock. The exit code is 1 if two of these intervals overlap, if a lock was valid after a pause of three
 * ttls, if its signal did not abort within a turn of the event loop, or if the guarded resource accepted a stale token.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { seeded } from '../rig/random.mjs'
import { keep, startSingle } from '../servers/servers.mjs'

const { values: given } = parseArgs({
  options: {
    sections: { type: 'string', default: '2000' },
    processes: { type: 'string', default: '8' },
    contenders: { type: 'string', default: '50' },
    kills: { type: 'string', default: '30' },
    pauses: { type: 'string', default: '30' },
    cuts: { type: 'string', default: '60' },
    ttl: { type: 'string', default: '300' },
  },
})
const { sections, processes, contenders, kills, pauses, cuts, ttl } = Object.fromEntries(
  Object.entries(given).map(([name, value]) => [name, Number(value)]),
)

const random = seeded('lock contenders')
const folder = mkdtempSync(path.join(tmpdir(), 'lock-contenders-'))
const server = await startSingle()
const raw = await server.connect()
const began = performance.now()

/** The numbers of entered sections, kills, pauses and cuts. */
const done = { sections: 0, kills: 0, pauses: 0, cuts: 0 }
const failures = []
const children = new Set()
const stopped = new Set()
let started = 0
let over = false

function start(size) {
  const file = path.join(folder, `${++started}.log`)
  const child = fork(path.join(import.meta.dirname, 'lock-contender.mjs'), [
    String(server.port),
    file,
    String(size),
    String(ttl),
    String(random.int(1, 2 ** 31)),
  ])
  keep(child)
  child.size = size
  children.add(child)
  child.on('message', message => {
    if (message === 'section') done.sections++
    else if (message === 'stop me') void pause(child)
    else failures.push(message)
  })
  child.on('exit', (code, signal) => {
    children.delete(child)
    if (over || signal === 'SIGKILL') return
    failures.push(`a process ended with ${code ?? signal}`)
  })
}

/** Stops a child for a while. The child is in the middle of a section and waits for this. */
async function pause(child) {
  if (done.pauses >= pauses || stopped.has(child)) {
    child.send('enough')
    return
  }
  done.pauses++
  stopped.add(child)
  // Wait until the child reads the clock.
  await sleep(10)
  child.kill('SIGSTOP')
  await sleep(3 * ttl)
  child.kill('SIGCONT')
  // Give the child time to write its result.
  await sleep(ttl)
  stopped.delete(child)
}

async function kill() {
  const child = random.pick([...children].filter(child => !stopped.has(child)))
  if (child === undefined) return
  done.kills++
  child.kill('SIGKILL')
  start(child.size)
}

/** Cuts a random connection of the contenders. */
async function cut() {
  const list = String(await raw.command('CLIENT', 'LIST'))
  const ids = [...list.matchAll(/^id=(\d+) .*name=contender/gm)].map(([, id]) => id)
  if (ids.length === 0) return
  done.cuts++
  await raw.command('CLIENT', 'KILL', 'ID', random.pick(ids))
}

for (let i = 0; i < processes; i++) {
  start(Math.floor(contenders / processes) + (i < contenders % processes ? 1 : 0))
}
const step = count => Math.max(1, Math.floor(sections / (count + 1)))
while (done.sections < sections && failures.length === 0) {
  await sleep(2)
  if (done.kills < kills && done.sections >= (done.kills + 1) * step(kills)) await kill()
  if (done.cuts < cuts && done.sections >= (done.cuts + 1) * step(cuts)) await cut()
}
while (stopped.size > 0) await sleep(10)
over = true
const took = performance.now() - began
const tokens = (await raw.command('LRANGE', 'resource:log', 0, -1)).map(Number)
const stale = Number(await raw.command('GET', 'resource:refused'))
for (const child of children) child.kill('SIGKILL')
raw.close()
await server.stop()

/** The logs of the processes. The last line of a killed process may be incomplete. */
const intervals = []
const afterPause = { checked: 0, valid: 0, lateAborts: 0 }
for (const name of readdirSync(folder)) {
  const byId = new Map()
  for (const line of readFileSync(path.join(folder, name), 'utf8').split('\n').slice(0, -1)) {
    const [what, id, first, second, third] = line.split(' ')
    if (what === 'acquired') {
      const interval = { from: Number(first), to: Number(second), fencing: Number(third) }
      byId.set(id, interval)
      intervals.push(interval)
    } else if (what === 'extended') byId.get(id).to = Number(first)
    else if (what === 'released') byId.get(id).to = Math.min(byId.get(id).to, Number(first))
    else if (what === 'paused') {
      afterPause.checked++
      if (first === 'valid') afterPause.valid++
      if (second === 'not-aborted') afterPause.lateAborts++
    }
  }
}
rmSync(folder, { recursive: true })
intervals.sort((a, b) => a.from - b.from)
const following = intervals.slice(1).map((interval, i) => [intervals[i], interval])
const overlaps = following.filter(([one, next]) => next.from < one.to)
for (const pair of overlaps) console.log('overlap', pair)
const report = {
  ...done,
  intervals: intervals.length,
  seconds: Math.round(took / 100) / 10,
  overlaps: overlaps.length,
  fencingTokensOutOfOrder: following.filter(([one, next]) => next.fencing <= one.fencing).length,
  staleTokensAccepted: tokens.filter((token, i) => i > 0 && token < tokens[i - 1]).length,
  staleTokensRefused: stale,
  pausesLookedAt: afterPause.checked,
  validBehindAPause: afterPause.valid,
  notAbortedWithinATurn: afterPause.lateAborts,
  failures,
}
console.log(JSON.stringify(report, null, 2))
const { fencingTokensOutOfOrder, staleTokensAccepted, validBehindAPause, notAbortedWithinATurn } = report
const sound =
  overlaps.length + fencingTokensOutOfOrder + staleTokensAccepted + validBehindAPause + notAbortedWithinATurn === 0 &&
  failures.length === 0 &&
  intervals.length >= sections &&
  (pauses === 0 || afterPause.checked > 0)
process.exitCode = sound ? 0 : 1
