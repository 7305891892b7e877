/**
 * All groups of commands on one class. The groups are plain classes over a Context; their methods are copied on one
 * prototype at load, so that a client is one object with one prototype chain of two.
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
// Specs without methods: `call` must know that these are not for the shared connection.
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

/** What reads nested arguments, and is called seldom. */
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

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface says what the loop below puts on the prototype
export abstract class Commands<C extends Context> extends Runner<C> {
  /**
   * Any command by its name, the reply as it came: maps as Map, sets as Set. It counts as what its name is: a known
   * read-only command may be sent again after a loss, an unknown one never is.
   */
  call(...words: readonly [string, ...Argument[]]): Outcome<C, unknown> {
    if (!isWord(words[0])) return this.run(new Command(specOf(['CALL']), [nameless()], raw))
    const spec = specOf(words)
    return this.run(new Command(spec, words.slice(spec.words), raw))
  }
}

/**
 * What parameters and mocks are typed with: a client, a cluster, a session, a view, another installed copy of this package, and
 * an object literal with the methods that are used all fit.
 */
export type RedisCommands<F extends ReplyTypes = Plain> = Commands<Promised<F>>

/**
 * Returns the spec of every command by its name, those of the modules included. It is defined here, and not beside
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
