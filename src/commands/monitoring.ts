import type { Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import {
  bare,
  count,
  double,
  int,
  intOrNull,
  list,
  named,
  ok,
  pairsOf,
  plain,
  record,
  texts,
  tuple,
  word,
} from './core/decoders.js'
import { keyAt } from './core/key-specs.js'
import { option, plainOptions } from './core/option-tokens.js'
import type { Reply } from './core/reply.js'
import { unexpectedReply } from './core/reply-errors.js'
import type { ReplyFormat } from './core/reply-format.js'
import { concat, first, sum } from './core/response-policies.js'
import { keyless, read } from './core/spec.js'

const COMMANDLOG_GET = keyless('COMMANDLOG GET', list(slow), { requestPolicy: 'all_nodes', responsePolicy: concat })
const COMMANDLOG_HELP = keyless('COMMANDLOG HELP', list(word))
const COMMANDLOG_LEN = keyless('COMMANDLOG LEN', int, { requestPolicy: 'all_nodes', responsePolicy: sum })
const COMMANDLOG_RESET = keyless('COMMANDLOG RESET', ok, { requestPolicy: 'all_nodes', responsePolicy: first })

const LATENCY_DOCTOR = keyless('LATENCY DOCTOR', word, { requestPolicy: 'special' })
const LATENCY_GRAPH = keyless('LATENCY GRAPH', word, { requestPolicy: 'special' })
const LATENCY_HELP = keyless('LATENCY HELP', list(word))
const LATENCY_HISTOGRAM = keyless('LATENCY HISTOGRAM', record(histogram), { requestPolicy: 'special' })
const LATENCY_HISTORY = keyless('LATENCY HISTORY', list(fieldsOf('timestamp', 'latency')), { requestPolicy: 'special' })
const LATENCY_LATEST = keyless(
  'LATENCY LATEST',
  list(fieldsOf('event', 'timestamp', 'latest', 'max', 'sum', 'count')),
  {
    requestPolicy: 'special',
  },
)
const LATENCY_RESET = keyless('LATENCY RESET', int, { requestPolicy: 'all_nodes', responsePolicy: sum })

const MEMORY_DOCTOR = keyless('MEMORY DOCTOR', word, { requestPolicy: 'special' })
const MEMORY_HELP = keyless('MEMORY HELP', list(word))
const MEMORY_MALLOC_STATS = keyless('MEMORY MALLOC-STATS', word, { requestPolicy: 'special' })
const MEMORY_PURGE = keyless('MEMORY PURGE', ok, { requestPolicy: 'all_shards', responsePolicy: first })
const MEMORY_STATS = keyless('MEMORY STATS', memory, { requestPolicy: 'special' })
const MEMORY_USAGE = read('MEMORY USAGE', intOrNull, { keys: [keyAt(0, 'read')] })

const SLOWLOG_GET = keyless('SLOWLOG GET', list(slow), { requestPolicy: 'all_nodes', responsePolicy: concat })
const SLOWLOG_HELP = keyless('SLOWLOG HELP', list(word))
const SLOWLOG_LEN = keyless('SLOWLOG LEN', int, { requestPolicy: 'all_nodes', responsePolicy: sum })
const SLOWLOG_RESET = keyless('SLOWLOG RESET', ok, { requestPolicy: 'all_nodes', responsePolicy: first })

const MODULE_HELP = keyless('MODULE HELP', list(word))
const MODULE_LIST = keyless('MODULE LIST', list(named({ name: word, ver: count, path: word, args: texts })))
const MODULE_LOAD = keyless('MODULE LOAD', ok)
const MODULE_LOADEX = keyless('MODULE LOADEX', ok)
const MODULE_UNLOAD = keyless('MODULE UNLOAD', ok)

/**
 * Converts a list to an object with as many fields as the list has items. A field named `event` is text, the others are
 * counts.
 */
function fieldsOf(...names: readonly string[]): Decoder {
  return tuple(2, items => {
    const present = names.slice(0, items.length)
    return Object.fromEntries(present.map((name, i) => [name, (name === 'event' ? word : count)(items[i] ?? null)]))
  })
}

function histogram(reply: Reply): unknown {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'a map')
  const fields = new Map<unknown, Reply>()
  for (let i = 0; i < pairs.length; i += 2) fields.set(word(pairs[i] ?? null), pairs[i + 1] ?? null)
  const buckets = bare<number>()
  const flat = pairsOf(fields.get('histogram_usec') ?? null) ?? []
  for (let i = 0; i < flat.length; i += 2) buckets[String(flat[i])] = count(flat[i + 1] ?? null) as number
  return { calls: count(fields.get('calls') ?? null), histogramUsec: plain(buckets) }
}

/** MEMORY STATS contains counts, doubles as text and, for each database, a map. */
function memory(reply: Reply): unknown {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'a map')
  const fields = bare()
  for (let i = 0; i < pairs.length; i += 2) {
    const value = pairs[i + 1] ?? null
    fields[String(word(pairs[i] ?? null))] = pairsOf(value) === undefined ? double(value) : memory(value)
  }
  return plain(fields)
}

function slow(reply: Reply, shape: ReplyFormat): unknown {
  return logged(reply, shape)
}

const logged: Decoder = tuple(
  4,
  ([id = null, timestamp = null, duration = null, args = null, client, name], shape) => ({
    id: count(id),
    timestamp: count(timestamp),
    duration: count(duration),
    args: texts(args, shape),
    client: word(client ?? ''),
    name: word(name ?? ''),
  }),
)

export interface LatencyEvent {
  event: string
  /** Seconds since the Unix epoch. */
  timestamp: number
  /** Milliseconds. */
  latest: number
  /** Milliseconds. */
  max: number
  /** Sum of all samples, in milliseconds. Valkey only, @since 8.1 */
  sum?: number
  /** Number of samples. Valkey only, @since 8.1 */
  count?: number
}

export interface LatencySample {
  /** Seconds since the Unix epoch. */
  timestamp: number
  /** Milliseconds. */
  latency: number
}

/** The number of calls of a command, and how many of them took at most the time of each bucket, in microseconds. */
export interface LatencyHistogram {
  calls: number
  histogramUsec: Record<string, number>
}

/** Numbers, by the names of the server; for each database an object of numbers. */
export type MemoryStats = { [name: string]: number | MemoryStats }

export interface SlowlogEntry<T> {
  id: number
  /** Seconds since the Unix epoch. */
  timestamp: number
  /** Microseconds. */
  duration: number
  args: T[]
  /** `host:port`. @since 4.0 */
  client: string
  /** The name of the connection. @since 4.0 */
  name: string
}

export type CommandLogType = 'slow' | 'large-request' | 'large-reply'

export interface ModuleInfo {
  name: string
  ver: number
  path: string
  args: string[]
}

/** Commands to monitor a server: latency, memory, slow commands, modules. */
export abstract class Observing<C extends Context> extends Runner<C> {
  /**
   * Returns the latest commands that were slow or had large requests or replies. For large ones `duration` is in bytes.
   * Valkey only, @since 8.1 [COMMANDLOG GET](https://valkey.io/commands/commandlog-get)
   */
  commandlogGet(count: number, type: CommandLogType): Outcome<C, SlowlogEntry<C['text']>[]> {
    return this.run(new Command(COMMANDLOG_GET, [count, type]))
  }

  /**
   * Returns the help text of COMMANDLOG, line by line. Valkey only, @since 8.1
   * [COMMANDLOG HELP](https://valkey.io/commands/commandlog-help)
   */
  commandlogHelp(): Outcome<C, string[]> {
    return this.run(new Command(COMMANDLOG_HELP, []))
  }

  /**
   * Returns the number of entries of a log. Valkey only, @since 8.1
   * [COMMANDLOG LEN](https://valkey.io/commands/commandlog-len)
   */
  commandlogLen(type: CommandLogType): Outcome<C, C['int']> {
    return this.run(new Command(COMMANDLOG_LEN, [type]))
  }

  /**
   * Empties a log. Returns `'OK'`. Valkey only, @since 8.1
   * [COMMANDLOG RESET](https://valkey.io/commands/commandlog-reset)
   */
  commandlogReset(type: CommandLogType): Outcome<C, 'OK'> {
    return this.run(new Command(COMMANDLOG_RESET, [type]))
  }

  /**
   * Returns a report on the latency of the server. @since 2.8.13
   * [LATENCY DOCTOR](https://redis.io/commands/latency-doctor)
   */
  latencyDoctor(): Outcome<C, string> {
    return this.run(new Command(LATENCY_DOCTOR, []))
  }

  /**
   * Returns a drawing of the samples of an event. @since 2.8.13
   * [LATENCY GRAPH](https://redis.io/commands/latency-graph)
   */
  latencyGraph(event: string): Outcome<C, string> {
    return this.run(new Command(LATENCY_GRAPH, [event]))
  }

  /**
   * Returns the help text of LATENCY, line by line. @since 2.8.13
   * [LATENCY HELP](https://redis.io/commands/latency-help)
   */
  latencyHelp(): Outcome<C, string[]> {
    return this.run(new Command(LATENCY_HELP, []))
  }

  /**
   * Returns how long commands took, by command. @since 7.0
   * [LATENCY HISTOGRAM](https://redis.io/commands/latency-histogram)
   */
  latencyHistogram(...commands: readonly string[]): Outcome<C, Record<string, LatencyHistogram>> {
    return this.run(new Command(LATENCY_HISTOGRAM, [...commands]))
  }

  /** Returns the samples of an event. @since 2.8.13 [LATENCY HISTORY](https://redis.io/commands/latency-history) */
  latencyHistory(event: string): Outcome<C, LatencySample[]> {
    return this.run(new Command(LATENCY_HISTORY, [event]))
  }

  /**
   * Returns the latest sample of each event. @since 2.8.13 [LATENCY LATEST](https://redis.io/commands/latency-latest)
   */
  latencyLatest(): Outcome<C, LatencyEvent[]> {
    return this.run(new Command(LATENCY_LATEST, []))
  }

  /**
   * Deletes the samples of all events or of some. Returns the number of events. @since 2.8.13
   * [LATENCY RESET](https://redis.io/commands/latency-reset)
   */
  latencyReset(...events: readonly string[]): Outcome<C, C['int']> {
    return this.run(new Command(LATENCY_RESET, [...events]))
  }

  /**
   * Returns a report on the memory of the server. @since 4.0 [MEMORY DOCTOR](https://redis.io/commands/memory-doctor)
   */
  memoryDoctor(): Outcome<C, string> {
    return this.run(new Command(MEMORY_DOCTOR, []))
  }

  /** Returns the help text of MEMORY, line by line. @since 4.0 [MEMORY HELP](https://redis.io/commands/memory-help) */
  memoryHelp(): Outcome<C, string[]> {
    return this.run(new Command(MEMORY_HELP, []))
  }

  /**
   * Returns the statistics of the memory allocator. @since 4.0
   * [MEMORY MALLOC-STATS](https://redis.io/commands/memory-malloc-stats)
   */
  memoryMallocStats(): Outcome<C, string> {
    return this.run(new Command(MEMORY_MALLOC_STATS, []))
  }

  /**
   * Returns unused memory to the operating system. Returns `'OK'`. @since 4.0
   * [MEMORY PURGE](https://redis.io/commands/memory-purge)
   */
  memoryPurge(): Outcome<C, 'OK'> {
    return this.run(new Command(MEMORY_PURGE, []))
  }

  /**
   * Returns how memory is used, by the names of the server. @since 4.0
   * [MEMORY STATS](https://redis.io/commands/memory-stats)
   */
  memoryStats(): Outcome<C, MemoryStats> {
    return this.run(new Command(MEMORY_STATS, []))
  }

  /**
   * Returns the bytes that a key and its value take, or null if the key does not exist. @since 4.0
   * [MEMORY USAGE](https://redis.io/commands/memory-usage)
   */
  memoryUsage(key: Key, options: { readonly samples?: number } = {}): Outcome<C, C['int'] | null> {
    const args: Arguments = [key]
    options = plainOptions(args, options)
    option(args, 'SAMPLES', options.samples)
    return this.run(new Command(MEMORY_USAGE, args))
  }

  /** Returns the help text of MODULE, line by line. @since 5.0 [MODULE HELP](https://redis.io/commands/module-help) */
  moduleHelp(): Outcome<C, string[]> {
    return this.run(new Command(MODULE_HELP, []))
  }

  /** Returns the loaded modules. @since 4.0 [MODULE LIST](https://redis.io/commands/module-list) */
  moduleList(): Outcome<C, ModuleInfo[]> {
    return this.run(new Command(MODULE_LIST, []))
  }

  /**
   * Loads a module. Returns `'OK'`. Rejects with ModuleError if it cannot be loaded. @since 4.0
   * [MODULE LOAD](https://redis.io/commands/module-load)
   */
  moduleLoad(path: string, ...args: readonly string[]): Outcome<C, 'OK'> {
    return this.run(new Command(MODULE_LOAD, [path, ...args]))
  }

  /**
   * Loads a module with parameters. Returns `'OK'`. @since 7.0 [MODULE LOADEX](https://redis.io/commands/module-loadex)
   */
  moduleLoadex(
    path: string,
    options: { readonly config?: Readonly<Record<string, string>>; readonly args?: readonly string[] } = {},
  ): Outcome<C, 'OK'> {
    const args: Arguments = [path]
    options = plainOptions(args, options)
    for (const [name, value] of Object.entries(options.config ?? {})) args.push('CONFIG', name, value)
    if (options.args !== undefined) args.push('ARGS', ...options.args)
    return this.run(new Command(MODULE_LOADEX, args))
  }

  /**
   * Unloads a module. Returns `'OK'`. Rejects with ModuleError if it cannot be unloaded. @since 4.0
   * [MODULE UNLOAD](https://redis.io/commands/module-unload)
   */
  moduleUnload(name: string): Outcome<C, 'OK'> {
    return this.run(new Command(MODULE_UNLOAD, [name]))
  }

  /**
   * Returns the latest slow commands, the newest first: 10, or `count` of them, -1 for all. @since 2.2.12
   * [SLOWLOG GET](https://redis.io/commands/slowlog-get)
   */
  slowlogGet(count?: number): Outcome<C, SlowlogEntry<C['text']>[]> {
    return this.run(new Command(SLOWLOG_GET, count === undefined ? [] : [count]))
  }

  /**
   * Returns the help text of SLOWLOG, line by line. @since 6.2 [SLOWLOG HELP](https://redis.io/commands/slowlog-help)
   */
  slowlogHelp(): Outcome<C, string[]> {
    return this.run(new Command(SLOWLOG_HELP, []))
  }

  /** Returns the number of entries in the log. @since 2.2.12 [SLOWLOG LEN](https://redis.io/commands/slowlog-len) */
  slowlogLen(): Outcome<C, C['int']> {
    return this.run(new Command(SLOWLOG_LEN, []))
  }

  /** Empties the log. Returns `'OK'`. @since 2.2.12 [SLOWLOG RESET](https://redis.io/commands/slowlog-reset) */
  slowlogReset(): Outcome<C, 'OK'> {
    return this.run(new Command(SLOWLOG_RESET, []))
  }
}
