import type { Argument } from './argument.js'
import { type Decoder, raw } from './decoder.js'
import { type Access, type KeySpec, keyAt } from './key-specs.js'
import { hasOwn } from './own-properties.js'
import type { Reply } from './reply.js'
import { isBytes } from './value-types.js'

/** Position and unit of a blocking command's timeout. A timeout of 0 means for ever. */
export type BlockingArgument = 'last, seconds' | 'last, ms' | 'first, seconds' | 'after BLOCK, ms'

/** @deprecated Renamed `BlockingArgument`. */
export type Blocking = BlockingArgument

/** Where a cluster sends a command: to each shard's primary, to each node, split by slot, or as its method decides. */
export type RequestPolicy = 'all_shards' | 'all_nodes' | 'multi_shard' | 'special'

const FORMER_POLICIES = { shards: 'all_shards', nodes: 'all_nodes', split: 'multi_shard', special: 'special' } as const

/** @deprecated The former names of a `RequestPolicy`. */
export type Ask = keyof typeof FORMER_POLICIES

/** Merges the raw replies of several nodes into one, before the decoder runs. */
export type ResponsePolicy = (replies: readonly Reply[]) => Reply

/** @deprecated Renamed `ResponsePolicy`. */
export type Join = ResponsePolicy

export interface Spec {
  /** In upper case, with the subcommand after a space: `CLIENT KILL`. */
  readonly name: string
  /** False for a name that is known only from `call`: its key positions are unknown. */
  readonly known: boolean
  /** The encoded name, each word as a bulk string. */
  readonly head: string
  /** The number of bulk strings in `head`. */
  readonly words: number
  /** The array header and `head`, by number of arguments; created on first use. */
  readonly frames: string[]
  readonly decode: Decoder
  readonly keys: readonly KeySpec[]
  /** Positions of names that are not keys but share their namespace, such as channels. A prefix applies to them too. */
  readonly names: readonly KeySpec[]
  /** Positions of glob-style patterns of keys or channels. A prefix before a pattern is escaped. */
  readonly patterns: readonly KeySpec[]
  /**
   * The words before an optional pattern, undefined if the pattern is not optional. A view with a prefix adds a missing
   * pattern.
   */
  readonly beforePattern: readonly string[] | undefined
  /** The index of the first key if it is fixed; -1 if there is no key, -2 if `keys` must be searched. */
  readonly firstKey: number
  /** Whether the key at `firstKey` is the only one. */
  readonly oneKey: boolean
  /** The server's own flag: the command does not write. */
  readonly readonly: boolean
  /** Whether it may be sent again although it may have run: it is read-only, or has no effect on data. */
  readonly repeatable: boolean
  readonly blocks: BlockingArgument | undefined
  readonly requestPolicy: RequestPolicy | undefined
  readonly responsePolicy: ResponsePolicy | undefined
  /** Whether its text reply is binary: a Buffer in every view. */
  readonly binary: boolean
  /**
   * Whether it runs a script or a function, which can return any text, also one that is equal to an error of the
   * server.
   */
  readonly script: boolean
  /** Why the shared connection of a client rejects the command, and the alternative. Some are allowed in a session. */
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
      keys.length === 0 ? -1 : typeof keys[0]?.begin === 'number' && hasOwn(keys[0].find, 'last') ? keys[0].begin : -2,
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
  return keys.length === 1 && typeof only?.begin === 'number' && hasOwn(only.find, 'last') && only.find.last === 0
}

/**
 * Defines a command that the server flags read-only. Its first argument is its only key unless `traits.keys` is given.
 */
export function read(name: string, decode: Decoder, traits: Traits = {}): Spec {
  return define(name, decode, 'read', true, traits)
}

/**
 * Defines a command that is not flagged read-only. Its first argument is its only key unless `traits.keys` is given.
 */
export function write(name: string, decode: Decoder, traits: Traits = {}): Spec {
  return define(name, decode, 'write', false, traits)
}

/** Defines a command without keys that is not flagged read-only. */
export function keyless(name: string, decode: Decoder, traits: Traits = {}): Spec {
  return define(name, decode, undefined, false, traits)
}
let loadLate: (() => void) | undefined

/** Registers the function that loads the specs of modules. It runs before a name with a dot counts as unknown. */
export function loadModulesWith(load: () => void): void {
  loadLate = load
}

/** Every spec, by name. */
export function allSpecs(): ReadonlyMap<string, Spec> {
  loadModules()
  return specs
}

function loadModules(): void {
  loadLate?.()
  loadLate = undefined
}

/**
 * Returns the spec for the words of a raw call; `spec.words` of them are its name. An unknown name gets a new spec: not
 * repeatable, key positions unknown.
 */
export function specOf(words: readonly Argument[]): Spec {
  const first = nameOf(words[0])
  const two = words.length > 1 ? specs.get(`${first} ${nameOf(words[1])}`) : undefined
  // One word that contains a space is not two words.
  const spec = first.includes(' ') ? undefined : (two ?? specs.get(first))
  if (spec !== undefined) return spec
  // Names of module commands contain a dot: load their specs now.
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
  // A value that is not a word is rejected later, by `measure`.
  return typeof word === 'object' ? '' : String(word)
}
