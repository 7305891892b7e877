/**
 * Compares the cost of waiting for a lock with other libraries: 11 contenders with a client each. A contender that releases the
 * lock waits again as soon as the next one has it, so that ten wait at each release.
 *
 *   node bench/lock.mjs [--rounds 5] [--ms 4000] [--hold 5] [--clients respire,redlock]
 *
 * In every round each client runs once, in turn. Prints the hand-over time (from the call of release to the next holder's code), the
 * time that a contender waited, the commands and the server CPU per acquired lock, and how often the lock went to the contender
 * that had waited longest.
 */
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startSingle } from '../test/servers/servers.mjs'
import { quantile } from './figures.mjs'
import { bar } from './progress.mjs'

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '4000' },
    hold: { type: 'string', default: '5' },
    clients: { type: 'string' },
  },
})
const CONTENDERS = 11
const TTL = 10_000

const require = createRequire(import.meta.url)
const respire = require(path.resolve(process.env.RESPIRE_DIST ?? path.join(import.meta.dirname, '../dist'), 'index.js'))

/** Each opens a client whose function acquires the lock and resolves with a function that releases it. */
export const CLIENTS = {
  respire: {
    title: 'Respire, notified when the lock is free',
    open: port => ofRespire(port, redis => redis),
  },
  'respire-polling': {
    title: 'Respire, a client that cannot subscribe',
    open: port =>
      ofRespire(port, redis => ({ run: command => redis.run(command), with: options => redis.with(options) })),
  },
  redlock: {
    title: 'redlock 5.0.0-beta.2 on ioredis 6.0.0',
    open: port => {
      const { Redis } = require('ioredis')
      const { default: Redlock } = require('redlock')
      const client = new Redis({ port })
      // Its defaults of 200 ms and 100 ms jitter, but without a limit of attempts.
      const redlock = new Redlock([client], { retryCount: -1, retryDelay: 200, retryJitter: 100 })
      redlock.on('error', () => {})
      return {
        acquire: async name => {
          const lock = await redlock.acquire([name], TTL)
          return () => lock.release()
        },
        close: () => client.disconnect(),
      }
    },
  },
  loop: {
    title: 'SET NX PX every 50 ms, ioredis 6.0.0',
    open: port => {
      const { Redis } = require('ioredis')
      const client = new Redis({ port })
      const RELEASE = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0"
      return {
        acquire: async name => {
          const token = String(Math.random())
          while ((await client.set(name, token, 'PX', TTL, 'NX')) === null) await sleep(50)
          return () => client.eval(RELEASE, 1, name, token)
        },
        close: () => client.disconnect(),
      }
    },
  },
}

function ofRespire(port, view) {
  const redis = new respire.Redis({ port })
  const client = view(redis)
  return {
    acquire: async name => {
      const lock = await new respire.Lock(client, name, { ttl: TTL, wait: Number.POSITIVE_INFINITY }).acquire()
      return () => lock.release()
    },
    close: () => redis.destroy(),
  }
}

const server = await startSingle()
const raw = await server.connect()

async function serverFigures() {
  const info = String(await raw.command('INFO', 'everything'))
  const number = (pattern, text = info) => Number(pattern.exec(text)?.[1] ?? 0)
  const calls = name => number(new RegExp(`cmdstat_${name}:calls=(\\d+)`))
  // The server also counts the commands that scripts call; count only commands sent by clients. One of the clients sends SET.
  const sent = ['evalsha', 'eval', 'subscribe', 'unsubscribe', 'ssubscribe', 'sunsubscribe'].map(calls)
  return {
    commands: sent.reduce((sum, count) => sum + count, 0),
    sets: calls('set'),
    cpu: number(/used_cpu_user:([\d.]+)/) + number(/used_cpu_sys:([\d.]+)/),
  }
}

function resolvers() {
  let resolve
  const promise = new Promise(done => {
    resolve = done
  })
  return { promise, resolve }
}

async function run(name, ms, hold) {
  const clients = Array.from({ length: CONTENDERS }, () => CLIENTS[name].open(server.port))
  const handOvers = []
  const waits = []
  const waiting = new Map()
  let releasedAt
  let acquired = 0
  let longestWaited = 0
  let over = false
  let next = resolvers()
  const lockName = `bench:${name}:${performance.now()}`
  const contend = async (client, id) => {
    while (!over) {
      waiting.set(id, performance.now())
      const release = await client.acquire(lockName)
      const now = performance.now()
      if (releasedAt !== undefined) handOvers.push(now - releasedAt)
      const since = waiting.get(id)
      waiting.delete(id)
      waits.push(now - since)
      acquired++
      if ([...waiting.values()].every(other => other > since)) longestWaited++
      next.resolve()
      await sleep(hold)
      next = resolvers()
      const { promise } = next
      releasedAt = performance.now()
      await release()
      if (!over) await promise
    }
    next.resolve()
  }
  const before = await serverFigures()
  const all = clients.map(contend)
  await sleep(ms)
  over = true
  await Promise.all(all)
  const after = await serverFigures()
  for (const client of clients) client.close()
  const sent = after.commands - before.commands + (name === 'loop' ? after.sets - before.sets : 0)
  return { handOvers, waits, acquired, longestWaited, sent, cpu: after.cpu - before.cpu }
}

const names = given.clients?.split(',') ?? Object.keys(CLIENTS)
const rounds = Number(given.rounds)
const totals = new Map(
  names.map(name => [name, { handOvers: [], waits: [], acquired: 0, longestWaited: 0, sent: 0, cpu: 0 }]),
)
const progress = bar((rounds + 1) * names.length, 'rounds')
for (let round = 0; round <= rounds; round++) {
  for (const name of names) {
    // Round 0 warms up.
    const figures = await run(name, round === 0 ? 500 : Number(given.ms), Number(given.hold))
    progress.tick()
    if (round === 0) continue
    const total = totals.get(name)
    total.handOvers.push(...figures.handOvers)
    total.waits.push(...figures.waits)
    for (const figure of ['acquired', 'longestWaited', 'sent', 'cpu']) total[figure] += figures[figure]
  }
}
progress.end()
raw.close()
await server.stop()

const at = (figures, share) => quantile(figures, share) ?? Number.NaN
console.log(
  `\nNode ${process.version}, ${server.flavour} ${server.version.join('.')}, ${cpus().length} × ${cpus()[0].model}`,
)
console.log(`Ten waiters, each holds the lock for ${given.hold} ms; ${rounds} rounds of ${given.ms} ms each\n`)
const ms = figures =>
  `${at(figures, 0.5).toFixed(2).padStart(7)} ms, p99 ${at(figures, 0.99).toFixed(1).padStart(7)} ms`
for (const name of names) {
  const { handOvers, waits, acquired, longestWaited, sent, cpu } = totals.get(name)
  console.log(`${CLIENTS[name].title} (${acquired} locks)`)
  console.log(
    `  hand-over ${ms(handOvers)}   waited ${ms(waits)}   in turn ${Math.round((longestWaited / acquired) * 100)} %`,
  )
  console.log(
    `  a lock: ${(sent / acquired).toFixed(1)} commands, ${((cpu / acquired) * 1e6).toFixed(0)} µs of the server's CPU`,
  )
}
