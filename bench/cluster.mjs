/**
 * Compares the cluster client with those of ioredis and node-redis, on a cluster of three primaries and three replicas.
 *
 *   node bench/cluster.mjs [gets] [recovery] [--rounds 9] [--ms 400] [--kills 3] [--out folder] [--check]
 *
 * gets: `Promise.all` of 1,000 GETs of random keys; client CPU (lower quartile of the rounds, which are interleaved) and wall
 * time (median) per command, compared with our client for a single server on the same keys.
 * recovery: a primary is killed under load. Measures how long its slots were out of service for the client and for the
 * servers, and how many calls failed. All clients run on the same machine, one at a time.
 */
import { fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { slotOf, startCluster, startSingle } from '../test/servers/servers.mjs'
import { quantile, quoted } from './figures.mjs'
import { plot } from './plot.mjs'

const require = createRequire(import.meta.url)
const dist = path.resolve(process.env.RESPIRE_DIST ?? path.join(import.meta.dirname, '../dist'))
const KEYS = Array.from({ length: 1_000 }, (_, i) => `bench:${(Math.imul(i + 1, 0x9e3779b1) >>> 0).toString(36)}:${i}`)
const VALUE = 'x'.repeat(32)
const TITLES = {
  respire: 'Respire RedisCluster',
  'respire-single': 'Respire Redis, one server',
  ioredis: 'ioredis 6.0.0 Cluster',
  'node-redis': 'node-redis 6.3.1 cluster',
}

async function open(name, ports) {
  switch (name) {
    case 'respire': {
      const { RedisCluster } = require(path.join(dist, 'index.js'))
      const client = new RedisCluster(
        ports.map(port => ({ port })),
        { commandTimeout: 60_000 },
      )
      client.on('error', () => {})
      await client.connect()
      return client
    }
    case 'respire-single': {
      const { Redis } = require(path.join(dist, 'index.js'))
      const client = new Redis({ port: ports[0], commandTimeout: 60_000 })
      await client.connect()
      return client
    }
    case 'ioredis': {
      const { Cluster } = require('ioredis')
      const client = new Cluster(
        ports.map(port => ({ host: '127.0.0.1', port })),
        { redisOptions: { commandTimeout: 60_000 } },
      )
      client.on('error', () => {})
      await client.get('ready')
      return client
    }
    case 'node-redis': {
      const { createCluster } = require('redis')
      const client = createCluster({ rootNodes: ports.map(port => ({ url: `redis://127.0.0.1:${port}` })) })
      client.on('error', () => {})
      await client.connect()
      return client
    }
  }
  throw new Error(`unknown client ${name}`)
}

// ---- the process of one client

async function work(name, ports) {
  const client = await open(name, ports)
  // Ignores rejections that a client leaves unhandled while its servers are killed.
  process.on('unhandledRejection', () => {})
  const tasks = {
    async gets(ms) {
      let commands = 0
      const cpu = process.cpuUsage()
      const start = performance.now()
      do {
        const replies = await Promise.all(KEYS.map(key => client.get(key)))
        if (replies[999] !== VALUE) throw new Error('a wrong reply')
        commands += 1_000
      } while (performance.now() - start < ms)
      const { system, user } = process.cpuUsage(cpu)
      return { cpu: (user + system) / commands, wall: ((performance.now() - start) * 1_000) / commands }
    },
    /** Writes to one slot from eight callers until a message asks it to stop. Resolves with the longest time in which no write succeeded. */
    async recovery(key) {
      let over = false
      process.once('message', () => {
        over = true
      })
      let last = performance.now()
      let longest = 0
      let errors = 0
      let calls = 0
      const caller = async () => {
        while (!over) {
          calls++
          await client.set(key, 'x').then(
            () => {
              longest = Math.max(longest, performance.now() - last)
              last = performance.now()
            },
            () => errors++,
          )
          await sleep(2)
        }
      }
      process.send('started')
      await Promise.race([Promise.all(Array.from({ length: 8 }, caller)), sleep(60_000)])
      return { longest, errors, calls, since: performance.now() - last }
    },
  }
  process.on('message', async message => {
    if (message === 'stop') return
    const { argument, task } = message
    process.send({ result: await tasks[task](argument) })
  })
  process.send('ready')
}

// ---- the process that measures

function start(name, ports) {
  const child = fork(import.meta.filename, ['worker', name, ports.join(',')])
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child))
    child.once('exit', code => reject(new Error(`the worker of ${name} ended with ${code}`)))
  })
}

function tell(child, task, argument) {
  return new Promise(resolve => {
    const hear = message => {
      if (message?.result === undefined) return
      child.off('message', hear)
      resolve(message.result)
    }
    child.on('message', hear)
    child.send({ task, argument })
  })
}

async function measureGets(cluster, rounds, ms, out) {
  const single = await startSingle()
  const ports = cluster.nodes.map(({ port }) => port)
  for (const server of [single, ...(await cluster.primaries())]) {
    const raw = await server.connect()
    for (const key of KEYS) {
      if (server === single || (await cluster.primaryOf(slotOf(key))) === server) await raw.command('SET', key, VALUE)
    }
    raw.close()
  }
  const children = new Map()
  for (const name of Object.keys(TITLES))
    children.set(name, await start(name, name === 'respire-single' ? [single.port] : ports))
  const figures = new Map(Object.keys(TITLES).map(name => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const [name, child] of children) {
      const measured = await tell(child, 'gets', round < 0 ? 1_000 : ms)
      if (round >= 0) figures.get(name).push(measured)
    }
  }
  for (const child of children.values()) child.kill()
  await single.stop()
  const rows = new Map([...figures].map(([name, measured]) => [name, quoted(measured)]))
  const ours = rows.get('respire')
  console.log(`\nGET of 1,000 random keys in Promise.all, ${rounds} rounds: µs per command`)
  for (const [name, { cpu, wall }] of rows) {
    console.log(
      `${TITLES[name].padEnd(28)} CPU ${cpu.toFixed(2).padStart(6)}   wall ${wall.toFixed(2).padStart(6)}   ×${(cpu / ours.cpu).toFixed(2)}`,
    )
  }
  if (out !== undefined) {
    mkdirSync(out, { recursive: true })
    const names = { gets: 'GET, 1,000 random keys at once, three primaries' }
    const results = { gets: Object.fromEntries(rows) }
    writeFileSync(
      path.join(out, 'cluster.svg'),
      plot({ rows: ['gets'], names, clients: Object.keys(TITLES), titles: TITLES, results }),
    )
  }
  return (
    ours.cpu <= rows.get('respire-single').cpu * 1.6 &&
    ours.cpu * 5 <= rows.get('ioredis').cpu &&
    ours.cpu * 5 <= rows.get('node-redis').cpu
  )
}

async function measureRecovery(cluster, kills) {
  console.log(
    `\nA primary is killed under eight writers of one of its slots, ${kills} times: ms (median), and calls that failed`,
  )
  for (const name of ['respire', 'ioredis', 'node-redis']) {
    const out = []
    for (let i = 0; i < kills; i++) {
      await cluster.waitReady()
      const child = await start(
        name,
        cluster.nodes.map(({ port }) => port),
      )
      const result = tell(child, 'recovery', cluster.key(0))
      await new Promise(resolve => child.once('message', resolve))
      await sleep(500)
      const killed = performance.now()
      await cluster.killPrimary(await cluster.primaryOf(0))
      const servers = performance.now() - killed
      await sleep(5_000)
      child.send('stop')
      const { calls, errors, longest, since } = await result
      out.push({ servers, client: Math.max(longest, since), errors, calls })
      child.kill()
      await cluster.heal()
    }
    const median = field =>
      Math.round(
        quantile(
          out.map(each => each[field]),
          0.5,
        ),
      )
    console.log(
      `${TITLES[name].padEnd(28)} client ${String(median('client')).padStart(6)}   servers ${String(median('servers')).padStart(6)}   errors ${out.map(({ errors }) => errors).join(', ')}`,
    )
  }
}

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '9' },
      ms: { type: 'string', default: '400' },
      kills: { type: 'string', default: '3' },
      out: { type: 'string' },
      check: { type: 'boolean', default: false },
    },
  })
  const wanted = name => positionals.length === 0 || positionals.includes(name)
  const cluster = await startCluster()
  let kept = true
  try {
    if (wanted('gets')) kept = await measureGets(cluster, Number(values.rounds), Number(values.ms), values.out)
    if (wanted('recovery')) await measureRecovery(cluster, Number(values.kills))
  } finally {
    await cluster.stop()
  }
  process.exit(values.check && !kept ? 1 : 0)
}

if (process.argv[2] === 'worker') await work(process.argv[3], process.argv[4].split(',').map(Number))
else await main()
