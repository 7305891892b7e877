import net from 'node:net'
import type { LockClient, Redis } from '../../src/index.js'
import { decode, encode } from '../servers/servers.mjs'

/** The behaviour of a subscribing client, which a test can change at any time. */
export interface Hearing {
  /** Whether messages are dropped. */
  deaf: boolean
  /** Whether subscribing fails. */
  refused: boolean
  /** The channels that are subscribed. */
  readonly channels: Set<string>
  /** The messages received, including dropped ones. */
  heard: number
}

/** Returns `redis` with a subscriber that can drop messages. Each subscription has a socket of its own. */
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
