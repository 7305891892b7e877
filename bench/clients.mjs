/**
 * The measured clients, each with the same small interface. `bare` is the socket alone: it encodes and writes requests at
 * once and only counts replies, without promises, deadlines or decoded values.
 */

import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'

const require = createRequire(import.meta.url)
const dist = path.resolve(process.env.RESPIRE_DIST ?? path.join(import.meta.dirname, '../dist'))

export const CLIENTS = ['respire', 'ioredis', 'ioredis-auto', 'node-redis', 'bare']

/** The names on the plots. */
export const TITLES = {
  respire: 'Respire',
  ioredis: 'ioredis 6.0.0',
  'ioredis-auto': 'ioredis, auto-pipelining',
  'node-redis': 'node-redis 6.3.1',
  bare: 'bare socket, replies counted',
}

export async function open(name, port) {
  switch (name) {
    case 'respire': {
      const { Redis } = require(path.join(dist, 'index.js'))
      const client = new Redis({ port, commandTimeout: 60_000 })
      await client.connect()
      return {
        get: key => client.get(key),
        set: (key, value) => client.set(key, value),
        mget: keys => client.mget(keys),
        lrange: key => client.lrange(key, 0, -1),
        hgetall: key => client.hgetall(key),
        pipeline: keys => {
          let pipeline = client.pipeline()
          for (const key of keys) pipeline = pipeline.get(key)
          return pipeline.exec()
        },
        multi: keys => {
          let multi = client.multi()
          for (const key of keys) multi = multi.get(key)
          return multi.exec()
        },
        close: () => client.destroy(),
      }
    }
    case 'ioredis':
    case 'ioredis-auto': {
      const { Redis } = require('ioredis')
      // Deadlines are on in all clients that have them.
      const client = new Redis({ port, enableAutoPipelining: name === 'ioredis-auto', commandTimeout: 60_000 })
      await client.ping()
      return {
        get: key => client.get(key),
        set: (key, value) => client.set(key, value),
        mget: keys => client.mget(keys),
        lrange: key => client.lrange(key, 0, -1),
        hgetall: key => client.hgetall(key),
        pipeline: keys => {
          const pipeline = client.pipeline()
          for (const key of keys) pipeline.get(key)
          return pipeline.exec()
        },
        multi: keys => {
          const multi = client.multi()
          for (const key of keys) multi.get(key)
          return multi.exec()
        },
        close: () => client.disconnect(),
      }
    }
    case 'node-redis': {
      const { createClient } = require('redis')
      const client = createClient({ socket: { port }, commandOptions: { timeout: 60_000 } })
      client.on('error', () => {})
      await client.connect()
      return {
        get: key => client.get(key),
        set: (key, value) => client.set(key, value),
        mget: keys => client.mGet(keys),
        lrange: key => client.lRange(key, 0, -1),
        hgetall: key => client.hGetAll(key),
        pipeline: keys => {
          const multi = client.multi()
          for (const key of keys) multi.get(key)
          return multi.execAsPipeline()
        },
        multi: keys => {
          const multi = client.multi()
          for (const key of keys) multi.get(key)
          return multi.exec()
        },
        close: () => client.destroy(),
      }
    }
    case 'bare':
      return bare(port)
    default:
      throw new Error(`unknown client ${name}`)
  }
}

/** Writes requests and counts the lines of the replies. */
async function bare(port) {
  let left = 0
  let done = () => {}
  const buffer = Buffer.alloc(256 * 1024)
  const socket = net.connect({
    port,
    noDelay: true,
    onread: {
      buffer,
      callback: bytes => {
        for (let at = 0; at < bytes; at++) if (buffer[at] === 10) left--
        if (left === 0) done()
        return true
      },
    },
  })
  await new Promise(resolve => socket.once('connect', resolve))
  const ask = (requests, lines) =>
    new Promise(resolve => {
      left = lines
      done = resolve
      socket.write(requests, 'latin1')
    })
  return { ask, close: () => socket.destroy() }
}
