/**
 * Measures client CPU and wall time per command, compared with other clients.
 *
 *   node bench/run.mjs [--rounds 9] [--ms 400] [--rows get-batch,mget] [--out folder] [--check]
 *
 * Each client has a process of its own. In every round each row runs once on each client, in turn, so that changes in the
 * speed of the machine affect all clients. Prints the client CPU (user and system) as the lower quartile of the rounds, and
 * the wall time as the median. With --check the exit code is 1 if a performance promise is broken.
 */
import { fork, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startSingle } from '../test/servers/servers.mjs'
import { CLIENTS, TITLES } from './clients.mjs'
import { quoted } from './figures.mjs'
import { plot } from './plot.mjs'
import { bar } from './progress.mjs'

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    ms: { type: 'string', default: '400' },
    rows: { type: 'string' },
    clients: { type: 'string' },
    out: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
})

export const ROWS = {
  'get-batch': 'GET, 32 bytes, batches of 1,000',
  'set-batch': 'SET, 32 bytes, batches of 1,000',
  'als-batch': 'GET, batches of 1,000, AsyncLocalStorage on',
  workers: 'GET, 100 workers',
  mget: 'MGET of 1,000, per call',
  lrange: 'LRANGE of 10,000, per call',
  hgetall: 'HGETALL of 1,000, per call',
  'big-value': 'SET and GET of 1 MiB',
  pipeline: 'pipeline of 1,000 GET',
  multi: 'MULTI of 1,000 GET',
}

const rows = given.rows?.split(',') ?? Object.keys(ROWS)
const clients = given.clients?.split(',') ?? CLIENTS
const rounds = Number(given.rounds)
const ms = Number(given.ms)

const server = await startSingle()
const raw = await server.connect()
for (let i = 0; i < 1_000; i++) {
  await raw.command('SET', `bench:key:${i}`, 'x'.repeat(32))
  await raw.command('HSET', 'bench:hash', `field:${i}`, `value:${i}`)
}
for (let i = 0; i < 100; i++) {
  await raw.command('RPUSH', 'bench:list', ...Array.from({ length: 100 }, (_, j) => `element:${i * 100 + j}`))
}
raw.close()

const workers = new Map()
for (const name of clients) {
  const child = fork(path.join(import.meta.dirname, 'worker.mjs'), [name, String(server.port)], {
    execArgv: ['--expose-gc'],
  })
  await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', code => reject(new Error(`the worker of ${name} ended with ${code}`)))
  })
  workers.set(name, child)
}

function ask(name, row, duration) {
  const child = workers.get(name)
  return new Promise((resolve, reject) => {
    child.once('message', ({ figures, error }) =>
      error ? reject(new Error(`${name}, ${row}: ${error}`)) : resolve(figures),
    )
    child.send({ row, ms: duration })
  })
}

const samples = new Map(rows.map(row => [row, new Map(clients.map(name => [name, []]))]))
const progress = bar((rounds + 1) * rows.length, 'rounds')
for (let round = 0; round <= rounds; round++) {
  for (const row of rows) {
    for (const name of clients) {
      // Round 0 warms up.
      const figures = await ask(name, row, round === 0 ? ms / 2 : ms)
      if (round > 0 && figures !== undefined) samples.get(row).get(name).push(figures)
    }
    progress.tick()
  }
}
progress.end()

const memory = {}
for (const name of clients) {
  // The server is paused, so that it answers no command meanwhile.
  await server.pause()
  memory[name] = await ask(name, 'memory')
  await server.resume()
}
for (const child of workers.values()) child.disconnect()
await server.stop()

const results = {}
for (const row of rows) {
  results[row] = {}
  for (const name of clients) {
    const figures = samples.get(row).get(name)
    if (figures.length === 0) continue
    results[row][name] = quoted(figures)
  }
}

/** The time that loading takes, ms: the minimum of 15 processes each. */
const loading = {}
const modules = {
  respire: path.resolve(process.env.RESPIRE_DIST ?? path.join(import.meta.dirname, '../dist'), 'index.js'),
  ioredis: path.join(import.meta.dirname, 'node_modules/ioredis'),
  'node-redis': path.join(import.meta.dirname, 'node_modules/redis'),
}
for (let i = 0; i < 15; i++) {
  for (const [name, file] of Object.entries(modules)) {
    const code = `const t = performance.now(); require(${JSON.stringify(file)}); console.log(performance.now() - t)`
    const took = Number(spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' }).stdout)
    loading[name] = Math.min(loading[name] ?? Number.POSITIVE_INFINITY, took)
  }
}

console.log(
  `\nNode ${process.version}, ${server.flavour} ${server.version.join('.')}, ${cpus().length} × ${cpus()[0].model}, ${rounds} rounds`,
)
for (const row of rows) {
  console.log(`\n${ROWS[row]}`)
  for (const name of clients) {
    const figures = results[row][name]
    if (figures === undefined) continue
    const times = results[row].respire ? (figures.cpu / results[row].respire.cpu).toFixed(1) : '-'
    console.log(
      `  ${TITLES[name].padEnd(30)} CPU ${figures.cpu.toFixed(2).padStart(9)} µs   wall ${figures.wall.toFixed(2).padStart(9)} µs   CPU × ${times}`,
    )
  }
}
console.log('\nMemory per command in flight (300,000), bytes')
for (const name of clients)
  if (memory[name] !== undefined) console.log(`  ${TITLES[name].padEnd(30)} ${Math.round(memory[name])}`)
console.log('\nLoading, ms')
for (const name of Object.keys(loading)) console.log(`  ${TITLES[name].padEnd(30)} ${loading[name].toFixed(1)}`)

if (given.out !== undefined) {
  mkdirSync(given.out, { recursive: true })
  writeFileSync(path.join(given.out, 'results.json'), JSON.stringify({ results, memory, loading }, null, 2))
  writeFileSync(path.join(given.out, 'cpu.svg'), plot({ rows, names: ROWS, clients, titles: TITLES, results }))
  console.log(`\nplot: ${path.join(given.out, 'cpu.svg')}`)
}

if (given.check) {
  const failures = []
  const expect = (holds, what) => {
    console.log(`${holds ? 'kept  ' : 'BROKEN'} ${what}`)
    if (!holds) failures.push(what)
  }
  console.log('')
  const peers = clients.filter(name => name !== 'respire' && name !== 'bare')
  const best = (row, figure) =>
    Math.min(...peers.map(name => results[row]?.[name]?.[figure] ?? Number.POSITIVE_INFINITY))
  const plain = name => name === 'ioredis' || name === 'node-redis'
  for (const row of ['get-batch', 'set-batch'].filter(row => rows.includes(row))) {
    const { respire, bare } = results[row]
    for (const name of peers.filter(plain)) {
      const cpu = results[row][name].cpu / respire.cpu
      const wall = results[row][name].wall / respire.wall
      expect(cpu >= 10, `${row}: CPU at most 1/10 of ${TITLES[name]} (1/${cpu.toFixed(1)})`)
      expect(wall >= 7, `${row}: throughput at least 7 × ${TITLES[name]} (${wall.toFixed(1)} ×)`)
    }
    if (bare)
      expect(
        respire.cpu / bare.cpu <= 6,
        `${row}: CPU at most 6 × the bare socket (${(respire.cpu / bare.cpu).toFixed(1)} ×)`,
      )
  }
  for (const row of ['mget', 'lrange', 'hgetall', 'pipeline', 'multi'].filter(row => rows.includes(row))) {
    const times = best(row, 'cpu') / results[row].respire.cpu
    expect(times >= 2, `${row}: CPU at most 1/2 of the best peer (1/${times.toFixed(1)})`)
  }
  const least = Math.min(...peers.map(name => memory[name]))
  expect(memory.respire <= least / 2, `memory: at most half of the best peer (${(memory.respire / least).toFixed(2)})`)
  expect(
    loading.respire <= 0.7 * loading.ioredis,
    `loading: at most 0.7 of ioredis (${(loading.respire / loading.ioredis).toFixed(2)})`,
  )
  process.exitCode = failures.length > 0 ? 1 : 0
}
