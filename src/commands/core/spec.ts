import type { Argument } from './argument.js'
import { type Decoder, raw } from './decoder.js'
import { type Access, type KeySpec, keyAt } from './key-specs.js'
import type { Reply } from './reply.js'
import { isBytes } from './value-types.js'

/** Where the server's time-out of a blocking command is, and in which unit. 0 there means for ever. */
export type BlockingArgument = 'last, seconds' | 'last, ms' | 'first, seconds' | 'after BLOCK, ms'

/** @deprecated Renamed `BlockingArgument`. */
export type Blocking = BlockingArgument

/** Where a cluster client sends a command: to each shard's primary, to each node, split by slot, or as its method decides. */
export type RequestPolicy = 'all_shards' | 'all_nodes' | 'multi_shard' | 'special'

const FORMER_POLICIES = { shards: 'all_shards', nodes: 'all_nodes', split: 'multi_shard', special: 'special' } as const

/** @deprecated The names that a `RequestPolicy` had before. */
export type Ask = keyof typeof FORMER_POLICIES

/** Makes one raw reply of those of several nodes, before the decoder sees it. */
export type ResponsePolicy = (replies: readonly Reply[]) => Reply

/** @deprecated Renamed `ResponsePolicy`. */
export type Join = ResponsePolicy

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
  readonly blocks: BlockingArgument | undefined
  readonly requestPolicy: RequestPolicy | undefined
  readonly responsePolicy: ResponsePolicy | undefined
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
  readonly blocks?: BlockingArgument
  readonly requestPolicy?: RequestPolicy
  readonly responsePolicy?: ResponsePolicy
  /** @deprecated Renamed `requestPolicy`. */
  readonly ask?: Ask
  /** @deprecated Renamed `responsePolicy`. */
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
    requestPolicy: traits.requestPolicy ?? (traits.ask && FORMER_POLICIES[traits.ask]),
    responsePolicy: traits.responsePolicy ?? traits.join,
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
export function loadModulesWith(load: () => void): void {
  loadLate = load
}

/** Every spec by its name. */
export function allSpecs(): ReadonlyMap<string, Spec> {
  loadModules()
  return specs
}

function loadModules(): void {
  loadLate?.()
  loadLate = undefined
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
    loadModules()
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
    requestPolicy: undefined,
    responsePolicy: undefined,
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
