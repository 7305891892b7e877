/**
 * Measures the CPU that the delivery of a message costs the client, compared with other clients.
 *
 *   node bench/pubsub.mjs [--rounds 9] [--messages 200000] [--out folder] [--check]
 *
 * Each client has a process of its own and a handler. In every round each client gets all messages once, in turn, published
 * by a script on the server, so that publisher and server limit the wall time of all clients equally. Prints the client CPU
 * (user and system) per message as the lower quartile of the rounds, and the wall time as the median. With --check the exit
 * code is 1 if a performance promise is broken.
 */
import { fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startSingle } from '../test/servers/servers.mjs'
import { quoted } from './figures.mjs'
import { plot } from './plot.mjs'

const require = createRequire(import.meta.url)
const dist = path.resolve(process.env.RESPIRE_DIST ?? path.join(import.meta.dirname, '../dist'))

const CLIENTS = {
  respire: 'Respire',
  'respire-loop': 'Respire, for await',
  ioredis: 'ioredis 6.0.0',
  'node-redis': 'node-redis 6.3.1',
}

/** Subscribes to `channel`, calls `handler` with each message. */
async function listen(name, port, channel, handler) {
  switch (name) {
    case 'respire': {
      const { Redis } = require(path.join(dist, 'index.js'))
      await new Redis({ port }).subscribe(channel, handler)
      return
    }
    case 'respire-loop': {
      const { Redis } = require(path.join(dist, 'index.js'))
      const subscription = await new Redis({ port }).subscribe(channel)
      void (async () => {
        for await (const { message } of subscription) handler(message)
      })()
      return
    }
    case 'ioredis': {
      const { Redis } = require('ioredis')
      const client = new Redis({ port })
      client.on('message', (_, message) => handler(message))
      await client.subscribe(channel)
      return
    }
    case 'node-redis': {
      const { createClient } = require('redis')
      const client = await createClient({ socket: { port } }).connect()
      await client.subscribe(channel, handler)
      return
    }
  }
}

async function work(name, port) {
  let expected = 0
  let received = 0
  let characters = 0
  let cpu
  let start
  await listen(name, port, 'bench:channel', message => {
    characters += message.length
    if (++received < expected) return
    const { user, system } = process.cpuUsage(cpu)
    process.send({
      cpu: (user + system) / expected,
      wall: ((performance.now() - start) * 1_000) / expected,
      characters,
    })
  })
  process.on('message', count => {
    expected = count
    received = 0
    characters = 0
    start = performance.now()
    cpu = process.cpuUsage()
    process.send('ready')
  })
  process.on('disconnect', () => process.exit())
  process.send('open')
}

async function main() {
  const { values: given } = parseArgs({
    options: {
      rounds: { type: 'string', default: '9' },
      messages: { type: 'string', default: '200000' },
      clients: { type: 'string' },
      out: { type: 'string' },
      check: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(given.rounds)
  const messages = Number(given.messages)
  const clients = given.clients?.split(',') ?? Object.keys(CLIENTS)
  const server = await startSingle({ config: ['--client-output-buffer-limit', 'pubsub 0 0 0'] })
  const raw = await server.connect()
  const script =
    "for i = 1, ARGV[2] do redis.call('PUBLISH', ARGV[1], 'message:' .. string.format('%08d', i)) end return 1"

  const heard = child =>
    new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', code => reject(new Error(`a worker ended with ${code}`)))
    })
  const samples = new Map(clients.map(name => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const name of clients) {
      // One subscriber at a time, so that the server writes to no other client.
      const child = fork(import.meta.filename, ['--worker', name, String(server.port)])
      await heard(child)
      for (const warm of [true, false]) {
        child.send(warm ? messages / 4 : messages)
        await heard(child)
        const done = heard(child)
        for (let sent = 0; sent < (warm ? messages / 4 : messages); sent += 1_000) {
          await raw.command('EVAL', script, 0, 'bench:channel', 1_000)
        }
        const figures = await done
        if (figures.characters !== 16 * (warm ? messages / 4 : messages)) throw new Error(`${name} lost messages`)
        if (round > 0 && !warm) samples.get(name).push(figures)
      }
      child.removeAllListeners('exit')
      child.disconnect()
    }
    process.stderr.write('.')
  }
  raw.close()
  await server.stop()

  const results = Object.fromEntries([...samples].map(([name, figures]) => [name, quoted(figures)]))
  console.log(
    `\nNode ${process.version}, ${server.flavour} ${server.version.join('.')}, ${cpus().length} × ${cpus()[0].model}, ` +
      `${rounds} rounds of ${messages} messages of 16 bytes`,
  )
  for (const name of clients) {
    const { cpu, wall } = results[name]
    const times = results.respire ? (cpu / results.respire.cpu).toFixed(1) : '-'
    console.log(
      `  ${CLIENTS[name].padEnd(26)} CPU ${cpu.toFixed(3).padStart(8)} µs   wall ${wall.toFixed(3).padStart(8)} µs   CPU × ${times}`,
    )
  }
  if (given.out !== undefined) {
    mkdirSync(given.out, { recursive: true })
    writeFileSync(path.join(given.out, 'pubsub.json'), JSON.stringify(results, null, 2))
    const names = { messages: `${messages} messages of 16 bytes to one channel` }
    const title = 'Client CPU per message, µs (less is better)'
    writeFileSync(
      path.join(given.out, 'pubsub.svg'),
      plot({ rows: ['messages'], names, clients, titles: CLIENTS, results: { messages: results }, title }),
    )
  }
  if (given.check) {
    for (const [name, most] of [
      ['ioredis', 0.5],
      ['node-redis', 0.6],
    ]) {
      const share = results.respire.cpu / results[name].cpu
      console.log(
        `${share <= most ? 'kept  ' : 'BROKEN'} CPU at most ${most} of ${CLIENTS[name]} (${share.toFixed(2)})`,
      )
      if (share > most) process.exitCode = 1
    }
  }
}

if (process.argv[2] === '--worker') await work(process.argv[3], Number(process.argv[4]))
else await main()
