/**
 * Free ports on 127.0.0.1. Clients' ports lie in 10000–19999 and so their cluster buses in 20000–29999: neither in the
 * other's range, nor in the range of outgoing connections (32768 and up). Starts are random and each port is really bound
 * once, yet another process may be quicker: whoever starts a server here tries again with other ports when it cannot bind.
 */
import { once } from 'node:events'
import net from 'node:net'

const FIRST = 10_000
const COUNT = 10_000
const BUS = 10_000

/** Given out by this process and not given back. @type {Set<number>} */
const taken = new Set()

export async function takePort() {
  for (let tries = 0; tries < 1000; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (taken.has(port)) continue
    taken.add(port)
    if ((await isFree(port)) && (await isFree(port + BUS))) return port
    taken.delete(port)
  }
  throw new Error('no free port on 127.0.0.1')
}

/** @param {number} port */
export function givePortBack(port) {
  taken.delete(port)
}

/** @param {number} port */
async function isFree(port) {
  const server = net.createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
