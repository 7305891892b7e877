import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import { batchChannel, type CommandContext, commandChannel, connectChannel } from '../../src/connection/diagnostics.js'
import { Redis, Script } from '../../src/index.js'
import { useServer } from '../servers/vitest.js'

const server = useServer()

test('observers are notified of commands, batches and connections, without their arguments', async () => {
  const seen: string[] = []
  const note = (what: string) => (context: unknown) => {
    const { command, batchMode, args, serverPort } = context as CommandContext & { batchMode?: string }
    expect(serverPort).toBe(server().port)
    seen.push(`${what} ${command ?? batchMode ?? 'connect'}`)
    if (args !== undefined) expect(args.join(' ')).not.toContain('secret')
  }
  const handlers = {
    start: note('start'),
    end: () => {},
    asyncStart: () => {},
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  }
  for (const channel of [commandChannel, batchChannel, connectChannel]) channel.subscribe(handlers as never)
  const redis = new Redis({ port: server().port })
  try {
    await redis.set('secret-key', 'secret-value')
    await redis.call('LPUSH', 'secret-key', 'secret').catch(() => {})
    await redis.pipeline().get('a').get('b').exec()
    expect(seen).toEqual([
      'start SET',
      'start connect',
      'asyncEnd connect',
      'asyncEnd SET',
      'start LPUSH',
      'error LPUSH',
      'asyncEnd LPUSH',
      'start PIPELINE',
      'asyncEnd PIPELINE',
    ])
  } finally {
    for (const channel of [commandChannel, batchChannel, connectChannel]) channel.unsubscribe(handlers as never)
    await redis.close()
  }
})

test('contexts have the fields of docs/observing.md and no others', async () => {
  const seen: Record<string, string[]> = {}
  const handlersOf = (name: string) => ({
    start() {},
    end() {},
    error() {},
    asyncStart() {},
    asyncEnd(context: object) {
      const which = (context as CommandContext).error === undefined ? name : `${name} that failed`
      seen[which] = Object.keys(context)
    },
  })
  const channels = { command: commandChannel, batch: batchChannel, connect: connectChannel }
  const heard = Object.entries(channels).map(([name, channel]) => ({ channel, handlers: handlersOf(name) }))
  for (const { channel, handlers } of heard) channel.subscribe(handlers as never)
  const redis = new Redis({ port: server().port })
  const nowhere = new Redis({ port: 1 })
  nowhere.on('error', () => {})
  try {
    await redis.set('k', 'text')
    await redis.incr('k').catch(() => {})
    await redis.multi().get('k').exec()
    await nowhere.connect().catch(() => {})
    const where = ['serverAddress', 'serverPort']
    const command = ['command', 'args', 'database', ...where, 'attempt', 'redirects']
    expect(seen).toEqual({
      connect: [...where, 'attempt', 'result'],
      'connect that failed': [...where, 'attempt', 'error'],
      command: [...command, 'result'],
      'command that failed': [...command, 'error'],
      batch: ['batchMode', 'batchSize', 'database', ...where, 'result'],
    })
  } finally {
    for (const { channel, handlers } of heard) channel.unsubscribe(handlers as never)
    await redis.close()
    nowhere.destroy()
  }
})

test('a script that the server does not have is observed as two commands, EVALSHA and EVAL', async () => {
  const seen: string[] = []
  const onEnd = ({ command, error }: CommandContext) =>
    seen.push(`${command} ${error === undefined ? 'ran' : 'failed'}`)
  const handlers = { start() {}, end() {}, asyncStart() {}, asyncEnd: onEnd, error() {} }
  commandChannel.subscribe(handlers as never)
  const redis = new Redis({ port: server().port })
  try {
    const script = new Script<number>({ keys: 0, lua: `return 1 -- ${Math.random()}` })
    expect(await script.run(redis, [])).toBe(1)
    expect(await script.run(redis, [])).toBe(1)
    expect(seen).toEqual(['EVALSHA failed', 'EVAL ran', 'EVALSHA ran'])
  } finally {
    commandChannel.unsubscribe(handlers as never)
    await redis.close()
  }
})

test('a call keeps the async context of its caller, and an event handler that of its subscription', async () => {
  const storage = new AsyncLocalStorage<string>()
  const redis = new Redis({ port: server().port })
  const heard: (string | undefined)[] = []
  storage.run('subscriber', () => redis.on('ready', () => heard.push(storage.getStore())))
  await storage.run('first request', async () => {
    await redis.get('k')
    expect(storage.getStore()).toBe('first request')
  })
  await storage.run('second request', async () => {
    await redis.get('k')
    expect(storage.getStore()).toBe('second request')
  })
  expect(heard).toEqual(['subscriber'])
  await redis.close()
})
