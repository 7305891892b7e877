/**
 * What is said to Redis. A Spec says what a command is, once for all its calls; a Command is one call of it.
 */
import { types } from 'node:util'
import { DataError, type RedisError } from '../errors/errors.js'
import type { Argument, Arguments, Key } from './argument.js'
import { type Decoder, raw } from './decoder.js'
import { type Access, findKeys, isToken, type KeySpec, keyAt, numberOf } from './key-specs.js'
import type { Reply } from './reply.js'
import { PLAIN, type Shape } from './shape.js'
import type { SignalWatcher } from './signals.js'
import { isBytes } from './values.js'

/** Where the server's time-out of a blocking command is, and in which unit. 0 there means for ever. */
export type Blocking = 'last, seconds' | 'last, ms' | 'first, seconds' | 'after BLOCK, ms'

/** How a cluster is asked: each shard's primary, each node, split by slot, or one node chosen at random. */
export type Ask = 'shards' | 'nodes' | 'split' | 'special'

/** Makes one raw reply of those of several nodes, before the decoder sees it. */
export type Join = (replies: readonly Reply[]) => Reply

export interface Spec {
  /** Upper case, the subcommand behind a space: `CLIENT KILL`. */
  readonly name: string
  /** False for a name that only `call` brought: nobody knows its keys. */
  readonly known: boolean
  /** The name as it goes over the wire, each word as a bulk string. */
  readonly head: string
  /** How many bulk strings `head` holds. */
  readonly words: number
  /** `head` behind the count of words and arguments, by the number of arguments; made as they are used. */
  readonly frames: string[]
  readonly decode: Decoder
  readonly keys: readonly KeySpec[]
  /** Positions that hold no keys but names of the same space, such as channels. A prefix applies to them too. */
  readonly names: readonly KeySpec[]
  /** Positions of glob-style patterns of keys or channels. A prefix before one matches itself, whatever letters it has. */
  readonly patterns: readonly KeySpec[]
  /** The words before a pattern where a call may do without one: a prefix makes it give one. */
  readonly beforePattern: readonly string[] | undefined
  /** Index of the first key if it is always there, -1 if there is none, -2 if `keys` must be searched. */
  readonly firstKey: number
  /** The key at `firstKey` is the only one. */
  readonly oneKey: boolean
  /** The server's own flag: it changes nothing. */
  readonly readonly: boolean
  /** May be sent again although it may have run: read-only, or without any effect on data. */
  readonly repeatable: boolean
  readonly blocks: Blocking | undefined
  readonly ask: Ask | undefined
  readonly join: Join | undefined
  /** Its text reply is bytes that no string can hold: a Buffer in every view. */
  readonly binary: boolean
  /** Set for a script or a function: it can return any text, also one that looks like the server's refusal. */
  readonly script: boolean
  /** Why the shared connection of a client refuses it, and what to do instead; a session may take it, or may not either. */
  readonly reserved: Reserved | undefined
}

export interface Reserved {
  readonly session: boolean
  readonly instead: string
}

export interface Traits {
  readonly keys?: readonly KeySpec[]
  readonly names?: readonly KeySpec[]
  readonly patterns?: readonly KeySpec[]
  readonly beforePattern?: readonly string[]
  readonly repeatable?: boolean
  readonly blocks?: Blocking
  readonly ask?: Ask
  readonly join?: Join
  readonly binary?: boolean
  readonly script?: boolean
  readonly reserved?: Reserved
}

const specs = new Map<string, Spec>()

function define(name: string, decode: Decoder, access: Access | undefined, readonly: boolean, traits: Traits): Spec {
  if (specs.has(name)) throw new Error(`${name} is defined twice`)
  const keys = traits.keys ?? (access === undefined ? [] : [keyAt(0, access)])
  const words = name.split(' ')
  const spec: Spec = {
    name,
    known: true,
    head: words.map(word => `$${word.length}\r\n${word}\r\n`).join(''),
    words: words.length,
    frames: [],
    decode,
    keys,
    names: traits.names ?? [],
    patterns: traits.patterns ?? [],
    beforePattern: traits.beforePattern,
    firstKey:
      keys.length === 0 ? -1 : typeof keys[0]?.begin === 'number' && 'last' in keys[0].find ? keys[0].begin : -2,
    oneKey: isOne(keys),
    readonly,
    repeatable: traits.repeatable ?? readonly,
    blocks: traits.blocks,
    ask: traits.ask,
    join: traits.join,
    binary: traits.binary ?? false,
    script: traits.script ?? false,
    reserved: traits.reserved,
  }
  specs.set(name, spec)
  return spec
}

function isOne(keys: readonly KeySpec[]): boolean {
  const [only] = keys
  return keys.length === 1 && typeof only?.begin === 'number' && 'last' in only.find && only.find.last === 0
}

/** A command that the server flags read-only; its first argument is its only key unless `traits.keys` says otherwise. */
export function read(name: string, decode: Decoder, traits: Traits = {}): Spec {
  return define(name, decode, 'read', true, traits)
}

/** A command that is not flagged read-only; its first argument is its only key unless `traits.keys` says otherwise. */
export function write(name: string, decode: Decoder, traits: Traits = {}): Spec {
  return define(name, decode, 'write', false, traits)
}

/** A command without keys that is not flagged read-only. */
export function keyless(name: string, decode: Decoder, traits: Traits = {}): Spec {
  return define(name, decode, undefined, false, traits)
}

let loadLate: (() => void) | undefined

/** Names who brings the specs of modules, before a name with a dot is taken for unknown. */
export function bringLate(load: () => void): void {
  loadLate = load
}

/** Every spec by its name. */
export function allSpecs(): ReadonlyMap<string, Spec> {
  return specs
}

/**
 * The spec for the words of a raw call and how many of them are its name. An unknown name gets a spec of its own: not
 * safe to repeat, key positions unknown.
 */
export function specOf(words: readonly Argument[]): Spec {
  const first = nameOf(words[0])
  const two = words.length > 1 ? specs.get(`${first} ${nameOf(words[1])}`) : undefined
  // A word with a blank in it is not two words.
  const spec = first.includes(' ') ? undefined : (two ?? specs.get(first))
  if (spec !== undefined) return spec
  // Commands of modules have a dot in their names; what is loaded when it is needed is needed now.
  if (first.includes('.') && loadLate !== undefined) {
    loadLate()
    loadLate = undefined
    return specOf(words)
  }
  const byteLength = Buffer.byteLength(first)
  return {
    name: first,
    known: false,
    head: `$${byteLength}\r\n${first}\r\n`,
    words: 1,
    frames: [],
    decode: raw,
    keys: [],
    names: [],
    patterns: [],
    beforePattern: undefined,
    firstKey: -1,
    oneKey: false,
    readonly: false,
    repeatable: false,
    blocks: undefined,
    ask: undefined,
    join: undefined,
    binary: false,
    script: false,
    reserved: undefined,
  }
}

function nameOf(word: Argument | undefined): string {
  if (typeof word === 'string') return word.toUpperCase()
  if (isBytes(word)) return Buffer.from(word).toString().toUpperCase()
  // What is no word at all is refused when it is measured.
  return typeof word === 'object' ? '' : String(word)
}

/** What the caller said about one call, beyond the command itself. */
export interface Circumstances {
  /** Deadline of the call, ms; 0 or Infinity is none. */
  readonly timeout?: number
  /** Aborts the call in any phase. */
  readonly signal?: AbortSignal
  /** The caller declares that it may run twice. */
  readonly idempotent?: boolean
  /** Where a cluster sends a command whose keys are not known. */
  readonly key?: Key
}

/** What is called once a command has settled, before its promise does. */
export type WhenSettled = (command: Command, value: unknown, error: unknown) => void

/** What is kept of a call that did not go the usual way; most calls have none. */
export class Keep {
  circumstances: Circumstances | undefined = undefined
  /** How often it was lost with its connection. */
  attempts = 0
  /** Redirects followed (cluster). */
  redirects = 0
  /** How often it waited for its slot to be served (cluster). */
  waits = 0
  /** The refusal (LOADING, TRYAGAIN…) after which it waits to be sent again. */
  refusal: RedisError | undefined = undefined
  /** Called when what was refused with `error` is sent again as another command: the text of a script for its hash. */
  onReplaced: ((error: unknown) => void) | undefined = undefined
  #whenSettled: WhenSettled[] | undefined = undefined

  /** Calls `done` once, before the promise settles; the first that asked is called first. */
  whenSettled(done: WhenSettled): void {
    if (this.#whenSettled === undefined) this.#whenSettled = [done]
    else this.#whenSettled.push(done)
  }

  /** Takes back what `whenSettled` was asked. */
  ignoreSettled(done: WhenSettled): void {
    const all = this.#whenSettled
    const index = all?.indexOf(done) ?? -1
    if (index >= 0) all?.splice(index, 1)
  }

  settled(command: Command, value: unknown, error: unknown): void {
    const all = this.#whenSettled
    if (all === undefined) return
    // A pipeline that is sent again asks anew.
    this.#whenSettled = undefined
    for (const done of all) done(command, value, error)
  }
}

/** Calls `done` once `command` has settled, before its promise does. */
export function whenSettled(command: Command, done: WhenSettled): void {
  command.keep ??= new Keep()
  command.keep.whenSettled(done)
}

/** Bits of a command's `state`. */
export const State = {
  /** Handed to a socket at least once, and not refused since. */
  written: 1,
  /** May be sent again although it may have run. */
  repeatable: 2,
  /** Belongs to one connection: never sent again on another. */
  bound: 4,
  /** Written, and its reply is still to come on a connection that lives. */
  flying: 8,
  /** One of several with one promise: `resolve` gets the error of a failed one as it is, and `failed` is set. */
  collected: 16,
  failed: 32,
  /** One of a pipeline that changes something: never sent again alone, since its neighbours would be overtaken. */
  ordered: 64,
  /** A unit: its lines are written in its place. */
  unit: 128,
  /** A line of a unit; its holder is the unit. */
  line: 256,
  /** The next write says ASKING before it (cluster). */
  asking: 512,
  /** Its reply has a form that it cannot have: replies may belong to other commands. */
  suspected: 1024,
  /** The server may block on it: whatever is written behind it waits. */
  blocking: 2048,
  /** Nothing is written after it until the server has replied: it blocks the connection, or selects a database. */
  fence: 2048,
  /** It was accepted before, and is sent again: a link that closes takes it. */
  accepted: 4096,
  /** A script of a pipeline: the connection that writes it decides whether its text is sent, or its hash. */
  scripted: 8192,
  /** It was lost twice: nothing else is in flight on its connection when it is written. */
  alone: 16384,
} as const

/** Who has an unsettled command. */
export interface Holder {
  /**
   * The deadline of `command` has passed, `elapsed` ms after the call, and the sockets were read `round` times since. True if
   * it was settled; false asks to come again after the next read: its reply may still be in the kernel.
   */
  expire(command: Command, elapsed: number, round: number): boolean
  /** The caller gave `command` up: it is settled now, and if it was not written it never will be. */
  abandon(command: Command, reason: unknown): void
  /** The server refused `command`: settles it, or sends it again. */
  refuse(command: Command, error: RedisError): void
}

const NOTHING: readonly Argument[] = []

/**
 * One call of a command. The first half says what is sent and how the reply is read; the second half belongs to who
 * runs it, for the one run that a Command has.
 */
export class Command implements SignalWatcher {
  /** Another one only where the text of a script is sent instead of its hash. */
  spec: Spec
  args: readonly Argument[]
  /** Reads the reply; the spec's unless the options of this call change what comes back. */
  readonly decode: Decoder

  /** The form of text and integers, and the key prefix, of the view that runs it. */
  shape: Shape = PLAIN
  /** What the arguments take, in bytes, roughly; 0 until it was measured. */
  size = 0
  /** On the process's own clock, in whole ms (a fraction would be an object of its own); 0 is none. */
  deadline = 0
  /** Bits of `State`. */
  state = 0
  /** Settles it; undefined before its run and behind it. The command is handed along for those that serve many. */
  resolve: ((value: unknown, command: Command) => void) | undefined = undefined
  keep: Keep | undefined = undefined
  /** What a collected command came to. */
  result: unknown = undefined
  /** Who has it now: a link, a router; asked what phase it is in when its deadline passes. */
  holder: Holder | undefined = undefined

  /** The same for all commands of a pipeline. */
  get batch(): unknown {
    return this.resolve
  }

  constructor(spec: Spec, args: Arguments, decode: Decoder = spec.decode) {
    this.spec = spec
    // A DataError among them is found by `measure`, which every run begins with.
    this.args = args as readonly Argument[]
    this.decode = decode
  }

  /** The signal of its caller aborted. */
  aborted(reason: unknown): void {
    this.holder?.abandon(this, reason)
  }

  /** Lets go of the arguments: what has settled must not hold a big value. */
  release(): void {
    this.args = NOTHING
  }
}

/**
 * The bytes that the arguments take (text counted by characters, numbers as 8), or the DataError that they are.
 * The message tells the position and the type, never the value.
 */
export function measure(command: Command): number | DataError {
  const { args } = command
  let size = 16
  for (let i = 0; i < args.length; i++) {
    const argument: unknown = args[i]
    if (typeof argument === 'string') size += argument.length
    else if (typeof argument === 'number') {
      if (!Number.isFinite(argument)) return wrongArgument(command, i, `the number ${argument}`)
      size += 8
    } else if (typeof argument === 'bigint') size += 8
    else if (isBytes(argument)) size += argument.byteLength
    else if (argument instanceof DataError) {
      argument.command ??= command.spec.name
      return argument
    } else return wrongArgument(command, i, kindOf(argument))
  }
  return size
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (types.isPromise(value)) return 'a Promise'
  if (types.isDate(value)) return 'a Date'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
}

/** What to do about an argument of this kind. */
function adviceFor(kind: string): string {
  switch (kind) {
    case 'a Promise':
      return 'Await it first.'
    case 'a function':
      return 'Calls take no callback: await the promise that they return.'
    case 'undefined':
    case 'null':
      return 'Redis has no value for nothing: leave it out, or delete the key or field.'
    case 'a Date':
      return 'Convert it first, for instance with getTime() or toISOString().'
    default:
      return 'Convert it first, for instance with String() or JSON.stringify().'
  }
}

function wrongArgument(command: Command, index: number, found: string): DataError {
  const { name } = command.spec
  return new DataError(
    `Argument ${index + 1} of ${name} is ${found}: expected a string, a Buffer or Uint8Array, a finite number or a ` +
      `bigint. ${adviceFor(found)}`,
    { command: name },
  )
}

/** Indexes of the arguments that are keys, in the order of the spec. */
export function keyIndexes(command: Command): number[] {
  const found: number[] = []
  for (const spec of command.spec.keys) findKeys(spec, command.args, found)
  return found
}

/** How long the server may block on it, in ms: 0 for ever, undefined if this call does not block. */
export function blockTime(command: Command): number | undefined {
  const { args, spec } = command
  switch (spec.blocks) {
    case undefined:
      return undefined
    case 'first, seconds':
      return Math.ceil(numberOf(args[0]) * 1000)
    case 'last, seconds':
      return Math.ceil(numberOf(args[args.length - 1]) * 1000)
    case 'last, ms':
      return Math.ceil(numberOf(args[args.length - 1]))
    case 'after BLOCK, ms': {
      // The token stands before STREAMS; a stream may be named BLOCK, and a group or a consumer too.
      for (let i = isToken(args[0], 'GROUP') ? 3 : 0; i < args.length - 1; i++) {
        if (isToken(args[i], 'STREAMS')) return undefined
        if (isToken(args[i], 'BLOCK')) return Math.ceil(numberOf(args[i + 1]))
      }
      return undefined
    }
  }
}
