/**
 * Finds free ports on 127.0.0.1. Ports for clients are in 10000–19999, so their cluster buses are in 20000–29999; neither is in
 * the range of outgoing connections (32768 and up). Ports are chosen at random and bound once as a check, but another process
 * may still bind one first: a server that cannot bind its port is started again with other ports.
 */
import { once } from 'node:events'
import net from 'node:net'

const FIRST = 10_000
const COUNT = 10_000
const BUS = 10_000

/** Ports that this process has taken and not given back. @type {Set<number>} */
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
