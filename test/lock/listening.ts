import net from 'node:net'
import type { LockClient, Redis } from '../../src/index.js'
import { decode, encode } from '../servers/servers.mjs'

/** What a listening client does with subscriptions and messages; a test changes it as it goes. */
export interface Hearing {
  /** Messages are lost. */
  deaf: boolean
  /** It cannot subscribe. */
  refused: boolean
  /** Channels that it is subscribed to. */
  readonly channels: Set<string>
  /** Messages that came, lost ones too. */
  heard: number
}

/** `redis` with a subscriber that loses what a test wants it to lose: a socket of its own for each subscription. */
export function listening(redis: Redis, port: number): LockClient & { hearing: Hearing } {
  const hearing: Hearing = { deaf: false, refused: false, channels: new Set(), heard: 0 }
  return {
    hearing,
    run: command => redis.run(command),
    with: options => redis.with(options),
    subscribe: async ([channel = ''], handler) => {
      if (hearing.refused) throw new Error('no subscription today')
      const socket = net.connect(port, '127.0.0.1')
      await new Promise<void>((resolve, reject) => {
        let data = Buffer.alloc(0)
        socket.on('error', reject)
        socket.on('data', bytes => {
          data = Buffer.concat([data, bytes])
          for (let found = decode(data); found; found = decode(data)) {
            data = data.subarray(found.end)
            const [kind, , message] = (found.value as Buffer[]).map(String)
            if (kind === 'subscribe') resolve()
            else {
              hearing.heard++
              if (!hearing.deaf) handler(message ?? '')
            }
          }
        })
        socket.write(encode(['SUBSCRIBE', channel]))
      })
      hearing.channels.add(channel)
      return {
        unsubscribe: async () => {
          hearing.channels.delete(channel)
          socket.destroy()
        },
      }
    },
  }
}
