/** Runs one client in a process of its own: each message asks for a row, and the answer is its cost. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { open } from './clients.mjs'

const [name, port] = process.argv.slice(2)
const client = await open(name, Number(port))
const keys = Array.from({ length: 1_000 }, (_, i) => `bench:key:${i}`)
const value = 'x'.repeat(32)
const big = 'y'.repeat(1024 * 1024)
const storage = new AsyncLocalStorage()

// Ignores calls that a client rejects after the memory row.
process.on('unhandledRejection', () => {})

const batch = call => Promise.all(keys.map(call))

/** The rows. Each function runs once and returns the number of its commands. */
const ROWS = {
  'get-batch': async () => (await batch(key => client.get(key))).length,
  'set-batch': async () => (await batch(key => client.set(key, value))).length,
  'als-batch': async () => {
    const count = await storage.run({ request: 1 }, async () => (await batch(key => client.get(key))).length)
    // Entering a store makes every later promise slower, so the other rows run without one.
    storage.disable()
    return count
  },
  workers: async () => {
    const worker = async first => {
      for (let i = 0; i < 20; i++) await client.get(keys[(first + i * 100) % 1_000])
    }
    await Promise.all(Array.from({ length: 100 }, (_, i) => worker(i)))
    return 2_000
  },
  mget: async () => {
    const replies = await client.mget(keys)
    return replies.length / 1_000
  },
  lrange: async () => (await client.lrange('bench:list')).length / 10_000,
  hgetall: async () => Object.keys(await client.hgetall('bench:hash')).length / 1_000,
  'big-value': async () => {
    await client.set('bench:big', big)
    if ((await client.get('bench:big')).length !== big.length) throw new Error('a wrong reply')
    return 2
  },
  pipeline: async () => (await client.pipeline(keys)).length,
  multi: async () => (await client.multi(keys)).length,
}

/** Encodes requests in the simplest way; the lines of the replies are counted. */
const gets = () => {
  let text = ''
  for (const key of keys) text += `*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`
  return client.ask(text, 2_000).then(() => 1_000)
}
const sets = () => {
  let text = ''
  for (const key of keys) text += `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n${value}\r\n`
  return client.ask(text, 1_000).then(() => 1_000)
}
const BARE = { 'get-batch': gets, 'als-batch': gets, 'set-batch': sets }

async function run(row, ms) {
  const once = (name === 'bare' ? BARE : ROWS)[row]
  if (once === undefined) return undefined
  let commands = 0
  const cpu = process.cpuUsage()
  const start = performance.now()
  do commands += await once()
  while (performance.now() - start < ms)
  const { user, system } = process.cpuUsage(cpu)
  const wall = (performance.now() - start) * 1_000
  return { cpu: (user + system) / commands, wall: wall / commands }
}

/** Heap and external memory per command in flight, measured with 300,000 commands while the server is paused. */
async function memory() {
  const count = 300_000
  globalThis.gc()
  const before = process.memoryUsage()
  const pending = new Array(count)
  for (let i = 0; i < count; i++) pending[i] = client.get(keys[i % 1_000])
  // The commands written in this turn and the next ones are on their way now.
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
  globalThis.gc()
  const after = process.memoryUsage()
  Promise.all(pending).catch(() => {})
  return (after.heapUsed + after.external - before.heapUsed - before.external) / count
}

process.on('message', ({ row, ms }) => {
  const work = row === 'memory' ? (name === 'bare' ? Promise.resolve(undefined) : memory()) : run(row, ms)
  work.then(
    figures => process.send({ figures }),
    error => process.send({ error: error.stack }),
  )
})
process.on('disconnect', () => client.close())
process.send({ ready: true })
