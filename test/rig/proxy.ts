import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import path from 'node:path'

/** The behaviour of the proxy in one direction. */
export interface Weather {
  /** `hold` keeps bytes back until the mode changes; `swallow` drops them, and all later bytes of that connection. */
  mode?: 'pass' | 'hold' | 'swallow'
  /** Milliseconds. */
  delay?: number
  /** A random time of at most so many milliseconds is added to the delay. The order of bytes is kept. */
  jitter?: number
  /** Bytes per second; 0 is no limit. */
  throttle?: number
  /** Splits into random pieces of 1 to so many bytes; 0 does not split. */
  chunk?: number
}

/** How a connection ends for the client: reset, closed, or closed in one direction while its own bytes still pass. */
export type Ending = 'rst' | 'fin' | 'half'

export interface Cut {
  /** `up` is from client to server. */
  direction: 'up' | 'down'
  /** Exactly so many bytes pass; with 0 the connection ends at the first byte. */
  after: number
  /** Default 'rst'. The server always sees a normal close, so it reads every byte that passed. */
  ending?: Ending
}

export interface RandomCuts {
  /** The least and the greatest number of bytes. */
  after: readonly [number, number]
  /** Default both. */
  directions?: readonly ('up' | 'down')[]
  /** Default 'rst' and 'fin'. */
  endings?: readonly Ending[]
}

export type Target = { host: string; port: number } | { path: string }

export interface ProxyConnection {
  id: number
  /** Bytes that passed. */
  up: number
  down: number
  cutOff: boolean
}

export interface ProxyStats {
  accepted: number
  open: number
  cuts: number
  kills: number
  /** Bytes that passed. */
  up: number
  down: number
  /** Bytes dropped by `swallow`, in both directions. */
  swallowed: number
}

type Verb =
  | 'listen'
  | 'refuse'
  | 'pointTo'
  | 'set'
  | 'calm'
  | 'cutNext'
  | 'cutOpen'
  | 'cutAtRandom'
  | 'kill'
  | 'connections'
  | 'stats'
  | 'stop'

/** A request to the proxy process. */
export type Order = { id: number; port: number } & (
  | { verb: 'start'; args: [Target, number] }
  | { verb: Verb; args: unknown[] }
)

interface Answer {
  id: number
  value?: unknown
  error?: string
}

/** The one proxy process for all proxies of this process. It ends with this process. */
class ProxyProcess {
  readonly #child: ChildProcess = fork(path.join(__dirname, 'proxy-process.mjs'), { execArgv: [] })
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #orders = 0

  constructor() {
    this.#child.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if (answer.error === undefined) waiting?.resolve(answer.value)
      else waiting?.reject(new Error(answer.error))
    })
    this.#child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the proxy process has ended'))
    })
    this.#child.unref()
    this.#child.channel?.unref()
  }

  order(port: number, verb: Verb | 'start', args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#orders
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, port, verb, args })
    })
  }
}

let shared: ProxyProcess | undefined

/** A TCP proxy on 127.0.0.1 that simulates network failures. At first all bytes pass at once. */
export class ChaosProxy {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly #process: ProxyProcess

  private constructor(process: ProxyProcess, port: number) {
    this.#process = process
    this.port = port
  }

  /** @param seed the seed of its jitter, pieces and random cuts */
  static async start(target: Target, seed = 1): Promise<ChaosProxy> {
    shared ??= new ProxyProcess()
    const process = shared
    const to = 'path' in target ? { path: target.path } : { host: target.host, port: target.port }
    return new ChaosProxy(process, Number(await process.order(0, 'start', [to, seed])))
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`
  }

  /** Changes the behaviour in both directions, or in one, for open and new connections. */
  async set(change: Weather & { up?: Weather; down?: Weather }): Promise<void> {
    await this.#order('set', change)
  }

  /** Lets all bytes pass again, and cancels the cuts of future connections. */
  async calm(): Promise<void> {
    await this.#order('calm')
  }

  /** Refuses new connections, as a port without a server does; open connections stay. */
  async refuse(): Promise<void> {
    await this.#order('refuse')
  }

  /** Accepts connections again. */
  async accept(): Promise<void> {
    await this.#order('listen')
  }

  /** Changes the target of new connections. */
  async pointTo(target: Target): Promise<void> {
    const to = 'path' in target ? { path: target.path } : { host: target.host, port: target.port }
    await this.#order('pointTo', to)
  }

  /** Cuts the next new connection, counting from its first byte. Several calls apply to several connections, in order. */
  async cutNext(cut: Cut): Promise<void> {
    await this.#order('cutNext', cut)
  }

  /** Cuts all open connections, counting bytes from now. Resolves with their number. */
  async cutOpen(cut: Cut): Promise<number> {
    return Number(await this.#order('cutOpen', cut))
  }

  /** Cuts every new connection after a random number of bytes; null stops this. */
  async cutAtRandom(cuts: RandomCuts | null): Promise<void> {
    await this.#order('cutAtRandom', cuts)
  }

  /** Ends all open connections now. Resolves with their number. */
  async kill(ending: Ending = 'rst'): Promise<number> {
    return Number(await this.#order('kill', ending))
  }

  async connections(): Promise<readonly ProxyConnection[]> {
    return (await this.#order('connections')) as ProxyConnection[]
  }

  async stats(): Promise<ProxyStats> {
    return (await this.#order('stats')) as ProxyStats
  }

  async stop(): Promise<void> {
    await this.#order('stop')
  }

  #order(verb: Verb, ...args: unknown[]): Promise<unknown> {
    return this.#process.order(this.port, verb, args)
  }
}
