/**
 * All groups of commands on one class. The groups are plain classes over a Context. Their methods are copied to one
 * prototype when the package is loaded, so that a client has a prototype chain of length two.
 */
import { DataError } from '../errors/errors.js'
import { Acl } from './acl.js'
import { Bitmaps } from './bitmaps.js'
import { ClusterCommands } from './cluster-commands.js'
import { CommandDocs } from './command-docs.js'
import { Connections } from './connections.js'
import type { Argument } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, type Plain, type Promised, type ReplyTypes, Runner } from './core/context.js'
import { raw } from './core/decoder.js'
import { allSpecs, type Spec, specOf } from './core/spec.js'
import { isBytes } from './core/value-types.js'
// Specs without methods, so that `call` can reject these commands on the shared connection.
import { rejectWrongCalls } from './core/wrong-calls.js'
import { Geo } from './geo.js'
import { HashExpiry } from './hash-expiry.js'
import { Hashes } from './hashes.js'
import { HyperLogLogs } from './hyperloglog.js'
import { Expiry } from './key-expiry.js'
import { Keys } from './keys.js'
import { Lists } from './lists.js'
import { Observing } from './monitoring.js'
import { Namespaces } from './namespaces.js'
import { PubSub } from './pubsub.js'
import { Scripting } from './scripting.js'
import { ServerCommands } from './server.js'
import { Sets } from './sets.js'
import { SortedSetAlgebra } from './sorted-set-algebra.js'
import { SortedSetRanges } from './sorted-set-ranges.js'
import { SortedSets } from './sorted-sets.js'
import { Sorting } from './sorting.js'
import { StreamGroups } from './stream-groups.js'
import { Streams } from './streams.js'
import { Strings } from './strings.js'
import { VectorSets } from './vector-sets.js'

const groups = [
  Strings,
  Keys,
  Expiry,
  Sorting,
  Hashes,
  HashExpiry,
  Lists,
  Sets,
  Bitmaps,
  HyperLogLogs,
  SortedSets,
  SortedSetRanges,
  SortedSetAlgebra,
  Streams,
  StreamGroups,
  Geo,
  Scripting,
  PubSub,
  VectorSets,
  ServerCommands,
  Connections,
  Acl,
  ClusterCommands,
  Observing,
  CommandDocs,
  Namespaces,
]

/** The groups whose methods read nested arguments and are called seldom. */
const SELDOM = [Bitmaps, Geo, VectorSets, ServerCommands, Connections, Acl, ClusterCommands, Observing, CommandDocs]

export interface Commands<C extends Context>
  extends Strings<C>,
    Keys<C>,
    Expiry<C>,
    Sorting<C>,
    Hashes<C>,
    HashExpiry<C>,
    Lists<C>,
    Sets<C>,
    Bitmaps<C>,
    HyperLogLogs<C>,
    SortedSets<C>,
    SortedSetRanges<C>,
    SortedSetAlgebra<C>,
    Streams<C>,
    StreamGroups<C>,
    Geo<C>,
    Scripting<C>,
    PubSub<C>,
    VectorSets<C>,
    ServerCommands<C>,
    Connections<C>,
    Acl<C>,
    ClusterCommands<C>,
    Observing<C>,
    CommandDocs<C>,
    Namespaces<C> {}

const isWord = (word: unknown): boolean => (typeof word === 'string' || isBytes(word)) && word.length > 0

const nameless = (): DataError =>
  new DataError("The first argument of call() must be the name of a command: call('OBJECT', 'ENCODING', 'key').")

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface declares the methods that the loop below adds to the prototype
export abstract class Commands<C extends Context> extends Runner<C> {
  /**
   * Runs any command by its name. Returns the reply as it came: maps as Map, sets as Set. `call<string>('PING')` gives it a
   * type, which is not checked. A known read-only command may be sent again after a lost connection, an unknown command
   * never is.
   */
  call<R = unknown>(...words: readonly [string, ...Argument[]]): Outcome<C, R> {
    if (!isWord(words[0])) return this.run(new Command(specOf(['CALL']), [nameless()], raw))
    const spec = specOf(words)
    return this.run(new Command(spec, words.slice(spec.words), raw))
  }
}

/**
 * The type for parameters and mocks. A client, a cluster, a session, a view, a client of another installed copy of this
 * package, and an object literal with the used methods are all assignable to it.
 */
export type RedisCommands<F extends ReplyTypes = Plain> = Commands<Promised<F>>

/**
 * Returns the spec of every command by its name, including those of the modules. It is defined here instead of next to
 * `allSpecs`, because its importer must load every group.
 */
export function commandSpecs(): ReadonlyMap<string, Spec> {
  return allSpecs()
}

for (const group of SELDOM) rejectWrongCalls(group)
for (const group of groups) {
  for (const name of Object.getOwnPropertyNames(group.prototype)) {
    if (name === 'constructor') continue
    if (Object.hasOwn(Commands.prototype, name)) throw new Error(`two groups define ${name}`)
    Object.defineProperty(
      Commands.prototype,
      name,
      Object.getOwnPropertyDescriptor(group.prototype, name) as PropertyDescriptor,
    )
  }
}
