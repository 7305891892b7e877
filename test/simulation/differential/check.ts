/**
 * The differential check: sends the same random commands to a real server and to the model, over several connections of both
 * protocols. Every difference between their replies is a failure.
 */

import type { Dialect } from '../model/dialect.js'
import { Nothing } from '../model/reply.js'
import type { ModelRecord, ModelServer } from '../model/server.js'
import type { Type } from '../model/values.js'
import { shown } from './frames.js'
import { BITMAPS, HYPERLOGLOGS } from './generate/bitmaps.js'
import { CONNECTIONS, PUBLISHING, SUBSCRIBING, TRANSACTIONS } from './generate/connections.js'
import { HASHES, SETS } from './generate/hashes-sets.js'
import { KEYS } from './generate/keys.js'
import { BLOCKING, LISTS } from './generate/lists.js'
import { SCRIPTS } from './generate/scripts.js'
import { BLOCKING_SORTED_SETS, SORTED_SETS } from './generate/sorted-sets.js'
import { DUMPS, SORTING } from './generate/sorting.js'
import { BLOCKING_STREAMS, STREAMS } from './generate/streams.js'
import { STRINGS } from './generate/strings.js'
import { REDIRECTING, TRACKING } from './generate/tracking.js'
import { type Dice, diceOf, type Make } from './generate/vocabulary.js'
import { allMessages, difference, type Label } from './normalise.js'
import { encodeRequest, ModelSide, newModel, RealConnection, type Request } from './sides.js'

export interface CheckOptions {
  readonly host: string
  readonly port: number
  readonly dialect: Dialect
  readonly random: () => number
  readonly commands: number
  readonly progress?: (done: number) => void
}

const DATA: readonly (readonly Make[])[] = [
  STRINGS,
  KEYS,
  LISTS,
  HASHES,
  SETS,
  SORTED_SETS,
  STREAMS,
  SCRIPTS,
  BITMAPS,
  HYPERLOGLOGS,
  SORTING,
  DUMPS,
]
/** The protocols of the connections that run commands, and of those that only subscribe. */
const WORKERS = [2, 3, 2, 3] as const
const SUBSCRIBERS = [2, 3] as const
/** Commands whose reply is random if an argument is missing, whose bytes are the model's own, or which could set an expiry of a few ms. */
const RANDOM: ReadonlySet<string> = new Set([
  'spop',
  'srandmember',
  'hrandfield',
  'zrandmember',
  'scan',
  'hscan',
  'sscan',
  'zscan',
  'xadd',
  'eval',
  'evalsha',
  'script',
  'pfadd',
  'pfmerge',
  'restore',
  'object',
])
/** The number of last requests that a failure shows. */
const STORY = 40
const ODD_ARGUMENTS = ['', 'abc', '-1', '9223372036854775808', '1.5', ' 1', '0', '-7', 'nan', 'COUNT', 'LIMIT']

/** The connection that receives all keyspace events. */
const OBSERVER = WORKERS.length + SUBSCRIBERS.length
/** The connection that compares all keys. */
const AUDITOR = OBSERVER + 1
/** The number of commands between two comparisons of all keys. */
const AUDIT = 500

/** Returns true if each reply on this connection can be matched to its command. */
function isLabelled(at: number): boolean {
  return at < WORKERS.length || at === AUDITOR
}

interface Pair {
  readonly real: RealConnection
  readonly model: ModelSide
  readonly labels: Label[]
}

const READS: Readonly<Record<Type, (key: string) => Request>> = {
  string: key => ['GET', key],
  list: key => ['LRANGE', key, '0', '-1'],
  hash: key => ['HGETALL', key],
  set: key => ['SMEMBERS', key],
  zset: key => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  stream: key => ['XRANGE', key, '-', '+'],
}

/** Resolves after all commands; rejects with the first difference. */
export async function check(options: CheckOptions): Promise<void> {
  const run = new Run(options)
  try {
    await run.start()
    await run.go()
  } finally {
    run.close()
  }
}

class Run {
  readonly #options: CheckOptions
  readonly #dice: Dice
  readonly #model: ModelServer
  readonly #pairs: Pair[] = []
  readonly #ids = new Map<string, string>()
  #realIds: number[] = []
  #modelIds: number[] = []
  readonly #story: string[] = []
  #sent = 0
  /** The payload of the last DUMP, on the model and on the real server. */
  #dumps: readonly [string, string] = ['', '']
  /** The commands that EXEC has run; the record of EXEC itself follows them. */
  #queue: (readonly string[])[] = []

  constructor(options: CheckOptions) {
    this.#options = options
    this.#dice = diceOf(options.random)
    this.#model = newModel(options, record => this.#label(record))
  }

  /** Keeps the command of each record, because each reply on a worker's connection belongs to one record. */
  #label({ connection, args, reply, phase }: ModelRecord): void {
    if (phase === 'exec') this.#queue.push(args)
    if (phase === 'exec' || phase === 'script' || phase === 'blocked') return
    const pair = this.#pairs.find(({ model }, at) => isLabelled(at) && model.connection.id === connection)
    const isExec = args[0]?.toLowerCase() === 'exec'
    if (!(reply instanceof Nothing)) pair?.labels.push({ args, queue: isExec ? this.#queue : [] })
    if (isExec) this.#queue = []
  }

  async start(): Promise<void> {
    const { host, port } = this.#options
    for (const protocol of [...WORKERS, ...SUBSCRIBERS, 3, 3]) {
      const real = await RealConnection.open(host, port)
      const pair = { real, model: new ModelSide(this.#model), labels: [] }
      const at = this.#pairs.push(pair) - 1
      this.#modelIds[at] = pair.model.connection.id
      real.write(encodeRequest(['CLIENT', 'ID'], []))
      await real.has(1)
      this.#realIds[at] = Number(real.frames.take()?.text)
      this.#ids.set(String(this.#realIds[at]), String(pair.model.connection.id))
      if (protocol === 3) {
        real.write(encodeRequest(['HELLO', '3'], []))
        await real.has(1)
        real.frames.take()
        pair.model.connection.protocol = 3
      }
    }
    const observer = OBSERVER
    await this.#send(0, [['FLUSHALL'], ['CONFIG', 'SET', 'notify-keyspace-events', 'KEA'], ['SCRIPT', 'FLUSH']])
    await this.#send(observer, [['PSUBSCRIBE', '__key*__:*']])
  }

  async go(): Promise<void> {
    const { commands, progress } = this.#options
    for (let next = AUDIT; this.#sent < commands; ) {
      await this.#step()
      if (this.#sent < next) continue
      progress?.(this.#sent)
      await this.#audit()
      next = this.#sent + AUDIT
    }
    for (let at = 0; at < WORKERS.length; at++) await this.#free(at)
  }

  close(): void {
    for (const { real } of this.#pairs) real.close()
  }

  async #step(): Promise<void> {
    const dice = this.#dice
    if (dice.chance(0.03)) {
      const at = WORKERS.length + dice.below(SUBSCRIBERS.length)
      return this.#send(at, [dice.pick(SUBSCRIBING)(dice), ...(dice.chance(0.2) ? [['PING']] : [])])
    }
    if (dice.chance(0.001)) return this.#timed()
    const free = WORKERS.flatMap((_, at) => (this.#isBlocked(at) ? [] : [at]))
    if (free.length <= 1 || dice.chance(0.02)) {
      const blocked = WORKERS.flatMap((_, at) => (this.#isBlocked(at) ? [at] : []))
      if (blocked.length > 0) return this.#free(dice.pick(blocked), dice.chance(0.5))
    }
    const at = dice.pick(free)
    let inMulti = this.#pairs[at]!.model.connection.queue !== undefined
    const requests = Array.from({ length: 1 + dice.below(dice.chance(0.3) ? 12 : 3) }, () => {
      const request = this.#request(inMulti, WORKERS[at]!)
      const name = request[0]!.toLowerCase()
      if (name === 'multi') inMulti = true
      else if (name === 'exec' || name === 'discard') inMulti = false
      return request
    })
    await this.#send(at, requests)
  }

  #request(inMulti: boolean, protocol: 2 | 3): Request {
    const dice = this.#dice
    if (inMulti && dice.chance(0.2)) return dice.chance(0.9) ? ['EXEC'] : ['DISCARD']
    const chance = dice.below(100)
    const [group, mayBend] = ((): [readonly Make[], boolean] => {
      if (chance < 3) return [dice.pick([BLOCKING, BLOCKING_SORTED_SETS, BLOCKING_STREAMS]), false]
      if (chance < 7) return [TRANSACTIONS, false]
      if (chance < 10) return [CONNECTIONS, false]
      if (chance < 14) return [PUBLISHING, true]
      if (chance < 16) return [protocol === 2 && dice.chance(0.4) ? REDIRECTING : TRACKING, false]
      return [dice.pick(DATA), true]
    })()
    const args = [...dice.pick(group)(dice)]
    // In EXEC, some servers leave out the reply of an AUTH that fails, so that the array has a reply less than it says.
    if (args[0] === 'AUTH' && inMulti) return ['PING']
    if (args[0] === 'SWAPDB' && !this.#maySwap(inMulti)) return ['PING']
    if (mayBend && !RANDOM.has(args[0]!.toLowerCase()) && dice.chance(0.03)) this.#bend(args)
    return dice.chance(0.1) ? [args[0]!.toLowerCase(), ...args.slice(1)] : args
  }

  /** The order in which SWAPDB serves several keys is undefined. */
  #maySwap(inMulti: boolean): boolean {
    const waits = WORKERS.flatMap((_, at) => this.#model.blocking.waitOf(this.#pairs[at]!.model.connection) ?? [])
    return !inMulti && waits.flatMap(({ keys }) => keys).length < 2
  }

  /** Removes, adds or replaces one argument, so that the command is most often invalid. */
  #bend(args: string[]): void {
    const dice = this.#dice
    // The members of these sets must all keep the same score.
    if (args[1]?.startsWith('{t}y') === true) return
    const how = dice.below(3)
    if (how === 0 && args.length > 1) args.pop()
    else if (how === 1) args.push(dice.pick(ODD_ARGUMENTS))
    else if (args.length > 1) args[1 + dice.below(args.length - 1)] = dice.pick(ODD_ARGUMENTS)
  }

  /** Tests timeouts and expiry. Nothing else runs meanwhile, so that the order of events is certain. */
  async #timed(): Promise<void> {
    const dice = this.#dice
    const at = WORKERS.findIndex((_, i) => !this.#isBlocked(i) && this.#pairs[i]!.model.connection.queue === undefined)
    if (at < 0) return
    const key = `{t}t${dice.below(3)}`
    const blocks = dice.chance(0.5)
    await this.#send(at, [
      blocks ? ['BLPOP', key, '0.02'] : ['SET', key, 'v', 'PX', '60'],
      ...(blocks ? [] : [['WATCH', key]]),
    ])
    await new Promise(resolve => setTimeout(resolve, 250))
    this.#model.wake()
    await this.#compare()
    if (!blocks) await this.#send(at, [['MULTI'], ['GET', key], ['EXEC'], ['EXISTS', key]])
  }

  /** Compares the values and the expiry of all keys of the databases in use. */
  async #audit(): Promise<void> {
    for (const db of [0, 1]) {
      await this.#send(AUDITOR, [
        ['SELECT', String(db)],
        ['KEYS', '*'],
      ])
      const database = this.#model.databases[db]!
      const requests = database.keys().flatMap((key): Request[] => {
        const type = database.find(key)?.type
        if (type === undefined) return []
        // The lock stores times of the server's clock in its keys, which differ between the two servers.
        if (/lock|fencing/.test(key)) return [['TYPE', key]]
        // The bytes of a HyperLogLog are the model's own.
        return [type === 'string' && key.startsWith('{t}p') ? ['PFCOUNT', key] : READS[type](key), ['PTTL', key]]
      })
      if (requests.length > 0) await this.#send(AUDITOR, requests)
    }
  }

  #isBlocked(at: number): boolean {
    return this.#model.blocking.waitOf(this.#pairs[at]!.model.connection) !== undefined
  }

  /** Ends the blocking call of a connection by CLIENT UNBLOCK. Repeats that, because the commands sent after it may block again. */
  async #free(at: number, asError = false): Promise<void> {
    const observer = OBSERVER
    while (this.#isBlocked(at)) {
      await this.#send(observer, [['CLIENT', 'UNBLOCK', `{id:${at}}`, ...(asError ? ['ERROR'] : [])]])
    }
  }

  async #send(at: number, requests: readonly Request[]): Promise<void> {
    const { real, model } = this.#pairs[at]!
    for (const args of requests) {
      this.#story.push(`${at} (RESP${model.connection.protocol}): ${args.map(arg => JSON.stringify(arg)).join(' ')}`)
      this.#sent++
    }
    // One write for all requests: commands of connections that they unblock then run after the last request, on both servers.
    model.connection.receive(Buffer.concat(requests.map(args => encodeRequest(args, this.#modelIds, this.#dumps[0]))))
    real.write(Buffer.concat(requests.map(args => encodeRequest(args, this.#realIds, this.#dumps[1]))))
    await this.#compare()
  }

  async #compare(): Promise<void> {
    for (const [at, { real, model, labels }] of this.#pairs.entries()) {
      if (at >= WORKERS.length && at < WORKERS.length + SUBSCRIBERS.length) await this.#compareMessages(at)
      const expected = model.frames.count
      const came = await real.has(expected)
      while (model.frames.count > 0) {
        const ours = model.frames.take()!
        const theirs = real.frames.take()
        const label = (ours.sign === '>' ? undefined : labels.shift()) ?? { args: [], queue: [] }
        const found =
          theirs === undefined
            ? `model:  ${shown(ours)}\nserver: nothing came`
            : difference(ours, theirs, label, this.#ids)
        if (found !== undefined) throw this.#failure(at, label, found)
        const isDump = label.args[0]?.toLowerCase() === 'dump' && ours.sign === '$' && ours.text !== 'null'
        if (isDump && theirs !== undefined) this.#dumps = [ours.text, theirs.text]
      }
      const extra = came ? real.frames.take() : undefined
      if (extra !== undefined)
        throw this.#failure(at, { args: [], queue: [] }, `model:  nothing\nserver: ${shown(extra)}`)
    }
  }

  /** Compares messages without their order: it is undefined for patterns and for an UNSUBSCRIBE from all topics. */
  async #compareMessages(at: number): Promise<void> {
    const { real, model } = this.#pairs[at]!
    const expected = model.frames.count
    await real.has(expected)
    const [ours, theirs] = [model, real].map(({ frames }) => allMessages(frames))
    if (ours !== theirs) throw this.#failure(at, { args: [], queue: [] }, `model:\n${ours}\nserver:\n${theirs}`)
  }

  #failure(at: number, { args }: Label, found: string): Error {
    const last = this.#story.slice(-STORY).join('\n')
    return new Error(
      `The replies differ after ${this.#sent} commands, on connection ${at}, for ${args.join(' ') || 'a command of another connection'}:\n${found}\nThe last requests:\n${last}`,
    )
  }
}
