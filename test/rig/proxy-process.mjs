/**
 * The process that runs the chaos proxies of one test process; `proxy.ts` starts and controls it over IPC. It is a separate
 * process, so that a busy event loop under test does not delay the proxies.
 *
 *        client ── up ──▶ │ Lane: queue, weather, limit │ ──▶ server
 *               ◀─ down ─ │ Lane                        │ ◀──
 */
import { once } from 'node:events'
import net from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { givePortBack, takePort } from '../servers/servers.mjs'
import { Random } from './random.mjs'

/**
 * @typedef {import('./proxy.js').Weather} Weather
 * @typedef {import('./proxy.js').Cut} Cut
 * @typedef {import('./proxy.js').Ending} Ending
 * @typedef {'up' | 'down'} Direction
 */

/** The number of bytes in a lane above which its source is paused. */
const HIGH_WATER = 1 << 20
/** Milliseconds between the last bytes and a reset: if a client finds both together, libuv reports a normal end. */
const BEFORE_RESET = 3

/** @type {Required<Weather>} */
const CALM = { mode: 'pass', delay: 0, jitter: 0, throttle: 0, chunk: 0 }

/** One direction of one connection. */
class Lane {
  passed = 0
  limit = Infinity
  /** @type {Ending} */
  ending = 'rst'
  /** The lane has dropped bytes: no later byte may pass, because the stream would be corrupt. */
  #torn = false
  #ended = false
  #pumping = false
  /** @type {{ bytes: Buffer, due: number }[]} */
  #queue = []
  #queued = 0
  #lastDue = 0
  #link
  #direction
  #from
  #to

  /** @param {Link} link @param {Direction} direction @param {net.Socket} from @param {net.Socket} to */
  constructor(link, direction, from, to) {
    this.#link = link
    this.#direction = direction
    this.#from = from
    this.#to = to
    from.on('data', data => this.#take(data))
    from.on('end', () => {
      this.#ended = true
      void this.#pump()
    })
  }

  get #proxy() {
    return this.#link.proxy
  }

  get #weather() {
    return this.#proxy.weather[this.#direction]
  }

  /** @param {Buffer} data */
  #take(data) {
    if (this.#link.cutOff) return
    const { chunk, delay, jitter, throttle } = this.#weather
    for (let at = 0; at < data.length; ) {
      const size = chunk > 0 ? this.#proxy.random.int(1, chunk) : data.length
      const bytes = data.subarray(at, at + size)
      at += size
      this.#queue.push({ bytes, due: this.#due(bytes.length, delay + this.#proxy.random.float() * jitter, throttle) })
    }
    this.#queued += data.length
    if (this.#queued > HIGH_WATER) this.#from.pause()
    void this.#pump()
  }

  /** The time at which bytes are due, never before earlier bytes. @param {number} size @param {number} delay @param {number} throttle bytes a second */
  #due(size, delay, throttle) {
    if (delay === 0 && throttle === 0) return this.#lastDue
    this.#lastDue = Math.max(performance.now() + delay, this.#lastDue) + (throttle > 0 ? (size / throttle) * 1000 : 0)
    return this.#lastDue
  }

  async #pump() {
    if (this.#pumping) return
    this.#pumping = true
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      await this.#wait(next.due)
      if (this.#link.cutOff) return
      this.#queued -= next.bytes.length
      await this.#pass(next.bytes)
      if (this.#link.cutOff) return
      if (this.#queued < HIGH_WATER) this.#from.resume()
      // One turn between two pieces, because the receiver would read them together otherwise.
      if (this.#weather.chunk > 0) await nextTurn()
    }
    this.#pumping = false
    if (this.#ended && !this.#link.cutOff) this.#to.end()
  }

  /** @param {number} due */
  async #wait(due) {
    const rest = due - performance.now()
    if (rest > 0) await sleep(rest)
    while (this.#weather.mode === 'hold' && !this.#link.cutOff) await this.#proxy.change()
  }

  /** @param {Buffer} bytes */
  async #pass(bytes) {
    this.#torn ||= this.#weather.mode === 'swallow'
    if (this.#torn) {
      this.#proxy.counts.swallowed += bytes.length
      return
    }
    const room = this.limit - this.passed
    const cut = bytes.length >= room
    await this.#write(cut ? bytes.subarray(0, room) : bytes)
    if (!cut) return
    this.limit = Infinity
    this.#proxy.counts.cuts++
    this.#link.end(this.ending)
  }

  /** @param {Buffer} bytes */
  async #write(bytes) {
    if (bytes.length === 0 || !this.#to.writable) return
    this.passed += bytes.length
    this.#proxy.counts[this.#direction] += bytes.length
    // The kernel must have the bytes before a cut may follow.
    await new Promise(resolve => this.#to.write(bytes, resolve))
  }
}

/** A connection of a client, and the connection to the server that belongs to it. */
class Link {
  /** Whether the connection was cut: no byte passes any more. */
  cutOff = false
  id
  proxy
  up
  down
  #client
  #server

  /** @param {ProxyServer} proxy @param {number} id @param {net.Socket} client */
  constructor(proxy, id, client) {
    this.proxy = proxy
    this.id = id
    this.#client = client
    this.#server = net.connect({ ...proxy.target, allowHalfOpen: true, noDelay: true })
    this.up = new Lane(this, 'up', client, this.#server)
    this.down = new Lane(this, 'down', this.#server, client)
    for (const [socket, other] of [
      [client, this.#server],
      [this.#server, client],
    ]) {
      socket?.on('error', () => other?.resetAndDestroy())
      socket?.on('close', () => this.#closed())
    }
  }

  get info() {
    return { id: this.id, up: this.up.passed, down: this.down.passed, cutOff: this.cutOff }
  }

  /**
   * Ends the connection for the client as asked. The server gets a FIN, so that it reads every byte that passed.
   * @param {Ending} how
   */
  end(how) {
    if (how === 'half') {
      this.#client.end()
      return
    }
    this.cutOff = true
    this.proxy.announceChange()
    if (how === 'rst') setTimeout(() => this.#client.resetAndDestroy(), BEFORE_RESET)
    else this.#client.end()
    this.#server.end()
    // Later bytes are read and dropped, because unread bytes would turn the FIN into a RST.
    this.#client.resume()
    this.#server.resume()
  }

  destroy() {
    this.cutOff = true
    this.#client.destroy()
    this.#server.destroy()
  }

  #closed() {
    if (!this.#client.destroyed || !this.#server.destroyed) return
    this.cutOff = true
    this.proxy.links.delete(this)
    this.proxy.announceChange()
  }
}

class ProxyServer {
  /** @type {Set<Link>} */
  links = new Set()
  /** @type {Record<Direction, Required<Weather>>} */
  weather = { up: CALM, down: CALM }
  counts = { accepted: 0, cuts: 0, kills: 0, up: 0, down: 0, swallowed: 0 }
  target
  port
  /** For pieces and jitter. Cuts have a generator of their own, so that the arrival of bytes does not change them. */
  random
  #cutRandom
  #server = net.createServer({ allowHalfOpen: true, noDelay: true }, client => this.#accept(client))
  /** @type {Cut[]} */
  #cutsOfNext = []
  /** @type {import('./proxy.js').RandomCuts | null} */
  #randomCuts = null
  /** @type {(() => void)[]} */
  #waiting = []

  /** @param {number} port @param {import('./proxy.js').Target} target @param {number} seed */
  constructor(port, target, seed) {
    this.port = port
    this.target = target
    this.random = new Random(seed)
    this.#cutRandom = new Random(seed)
  }

  async listen() {
    if (this.#server.listening) return
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** Makes the kernel refuse new connections; open ones stay. */
  refuse() {
    this.#server.close()
  }

  /** @param {import('./proxy.js').Target} target */
  pointTo(target) {
    this.target = target
  }

  /** @param {Weather & { up?: Weather, down?: Weather }} change */
  set({ up, down, ...both }) {
    this.weather = {
      up: { ...this.weather.up, ...both, ...up },
      down: { ...this.weather.down, ...both, ...down },
    }
    this.announceChange()
  }

  calm() {
    this.#cutsOfNext = []
    this.#randomCuts = null
    this.weather = { up: CALM, down: CALM }
    this.announceChange()
  }

  /** @param {Cut} cut */
  cutNext(cut) {
    this.#cutsOfNext.push(cut)
  }

  /** @param {Cut} cut counts its bytes from now */
  cutOpen(cut) {
    for (const link of this.links) aim(link, { ...cut, after: link[cut.direction].passed + cut.after })
    return this.links.size
  }

  /** @param {import('./proxy.js').RandomCuts | null} cuts */
  cutAtRandom(cuts) {
    this.#randomCuts = cuts
  }

  /** @param {Ending} how */
  kill(how) {
    const open = [...this.links].filter(link => !link.cutOff)
    for (const link of open) link.end(how)
    this.counts.kills += open.length
    return open.length
  }

  connections() {
    return [...this.links].map(link => link.info)
  }

  stats() {
    const open = [...this.links].filter(link => !link.cutOff).length
    return { ...this.counts, open }
  }

  stop() {
    this.#server.close()
    for (const link of this.links) link.destroy()
    this.announceChange()
    givePortBack(this.port)
  }

  /** @returns {Promise<void>} resolves at the next change of the weather, or at the end of a connection */
  change() {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  announceChange() {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** @param {net.Socket} client */
  #accept(client) {
    const link = new Link(this, ++this.counts.accepted, client)
    this.links.add(link)
    const cut = this.#cutsOfNext.shift() ?? this.#randomCut()
    if (cut) aim(link, cut)
  }

  /** @returns {Cut | undefined} */
  #randomCut() {
    if (!this.#randomCuts) return undefined
    const { after, directions = ['up', 'down'], endings = ['rst', 'fin'] } = this.#randomCuts
    const [least, most] = after
    return {
      direction: this.#cutRandom.pick(directions),
      after: this.#cutRandom.int(least, most),
      ending: this.#cutRandom.pick(endings),
    }
  }
}

/** @param {Link} link @param {Cut} cut */
function aim(link, { direction, after, ending = 'rst' }) {
  link[direction].limit = after
  link[direction].ending = ending
}

/** @param {import('./proxy.js').Target} target @param {number} seed */
async function startProxy(target, seed) {
  for (let tries = 1; ; tries++) {
    const proxy = new ProxyServer(await takePort(), target, seed)
    try {
      await proxy.listen()
      return proxy
    } catch (error) {
      if (tries === 10) throw error
    }
  }
}

/** @type {Map<number, ProxyServer>} */
const proxies = new Map()

/** @param {import('./proxy.js').Order} order @returns {Promise<unknown>} */
async function obey(order) {
  if (order.verb === 'start') {
    const proxy = await startProxy(order.args[0], order.args[1])
    proxies.set(proxy.port, proxy)
    return proxy.port
  }
  const proxy = proxies.get(order.port)
  if (!proxy) throw new Error('this proxy was stopped')
  if (order.verb === 'stop') proxies.delete(order.port)
  const method = /** @type {(...args: unknown[]) => unknown} */ (proxy[order.verb])
  return method.apply(proxy, order.args)
}

process.on('disconnect', () => process.exit())
process.on('message', async message => {
  const order = /** @type {import('./proxy.js').Order} */ (message)
  try {
    process.send?.({ id: order.id, value: await obey(order) })
  } catch (error) {
    process.send?.({ id: order.id, error: String(error) })
  }
})
