import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import path from 'node:path'

/** Of one direction. */
export interface Weather {
  /** `hold` keeps bytes back until the mode changes; `swallow` loses them, and all that follow on that connection. */
  mode?: 'pass' | 'hold' | 'swallow'
  /** Milliseconds. */
  delay?: number
  /** Milliseconds at most, random, on top of the delay. Order is kept. */
  jitter?: number
  /** Bytes a second; 0 is no limit. */
  throttle?: number
  /** Pieces of 1 to so many bytes, random; 0 leaves them as they come. */
  chunk?: number
}

/** How a connection ends for the client: reset, closed, or closed in one direction while what it sends still passes. */
export type Ending = 'rst' | 'fin' | 'half'

export interface Cut {
  /** `up`: client to server. */
  direction: 'up' | 'down'
  /** Exactly so many bytes pass; with 0 the first one that comes is the end. */
  after: number
  /** Default 'rst'. The server sees a plain close, and so reads every byte that passed. */
  ending?: Ending
}

export interface RandomCuts {
  /** Least and most bytes. */
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
  /** Bytes that were lost to `swallow`, of both directions. */
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

/** What the proxy process is told. */
export type Order = { id: number; port: number } & (
  | { verb: 'start'; args: [Target, number] }
  | { verb: Verb; args: unknown[] }
)

interface Answer {
  id: number
  value?: unknown
  error?: string
}

/** The one process for all proxies of this one. It ends when this one does. */
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
      for (const { reject } of this.#waiting.values()) reject(new Error('the proxy process ended'))
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

/** A TCP proxy on 127.0.0.1 that does what networks do. It begins calm: everything passes at once. */
export class ChaosProxy {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly #process: ProxyProcess

  private constructor(process: ProxyProcess, port: number) {
    this.#process = process
    this.port = port
  }

  /** @param seed of its jitter, pieces and random cuts */
  static async start(target: Target, seed = 1): Promise<ChaosProxy> {
    shared ??= new ProxyProcess()
    const process = shared
    const to = 'path' in target ? { path: target.path } : { host: target.host, port: target.port }
    return new ChaosProxy(process, Number(await process.order(0, 'start', [to, seed])))
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`
  }

  /** Changes the weather of both directions, or of one; it holds for open and new connections. */
  async set(change: Weather & { up?: Weather; down?: Weather }): Promise<void> {
    await this.#order('set', change)
  }

  /** Everything passes again, and no cut is planned for connections to come. */
  async calm(): Promise<void> {
    await this.#order('calm')
  }

  /** Refuses new connections, as a port without a server does; the open ones stay. */
  async refuse(): Promise<void> {
    await this.#order('refuse')
  }

  /** Accepts again. */
  async accept(): Promise<void> {
    await this.#order('listen')
  }

  /** Where new connections go from now on. */
  async pointTo(target: Target): Promise<void> {
    const to = 'path' in target ? { path: target.path } : { host: target.host, port: target.port }
    await this.#order('pointTo', to)
  }

  /** Cuts the next new connection, counting from its first byte. Several calls are for several connections, in order. */
  async cutNext(cut: Cut): Promise<void> {
    await this.#order('cutNext', cut)
  }

  /** Cuts the connections open now, counting from now. Resolves with how many. */
  async cutOpen(cut: Cut): Promise<number> {
    return Number(await this.#order('cutOpen', cut))
  }

  /** Cuts every new connection at a random byte; null ends it. */
  async cutAtRandom(cuts: RandomCuts | null): Promise<void> {
    await this.#order('cutAtRandom', cuts)
  }

  /** Ends all open connections now. Resolves with how many. */
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
