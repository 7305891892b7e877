import type { Argument, Arguments, Key, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import { int, itemsOf, list, ok, word } from './core/decoders.js'
import { keyAt, keysFrom } from './core/key-specs.js'
import { pushSeveral } from './core/option-tokens.js'
import { keyless, read, write } from './core/spec.js'

/** A word, an integer, or a list of integers. */
const debugged: Decoder = (reply, shape) => {
  if (itemsOf(reply) !== undefined) return list(int)(reply, shape)
  return typeof reply === 'number' ? int(reply, shape) : word(reply)
}

const PFADD = write('PFADD', int)
// It is read-only, although its key is flagged as written: the server may cache the count in the first key.
const PFCOUNT = read('PFCOUNT', int, { keys: [keysFrom(0, 'write')] })
const PFDEBUG = write('PFDEBUG', debugged, { keys: [keyAt(1, 'write')] })
const PFMERGE = write('PFMERGE', ok, { keys: [keyAt(0, 'write'), keysFrom(1, 'read')] })
const PFSELFTEST = keyless('PFSELFTEST', ok)

export abstract class HyperLogLogs<C extends Context> extends Runner<C> {
  /**
   * Adds elements; without elements it only creates the key. Returns 1 if the estimate changed, else 0. @since 2.8.9
   * [PFADD](https://redis.io/commands/pfadd)
   */
  pfadd(key: Key, ...elements: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(PFADD, [key, ...flat(elements)]))
  }

  /**
   * Returns the approximate number of distinct elements in `keys` together, with an error of about 0.81 %. @since 2.8.9
   * [PFCOUNT](https://redis.io/commands/pfcount)
   */
  pfcount(...keys: Several<Key>): Outcome<C, C['int']> {
    const args: Arguments = []
    pushSeveral(args, keys)
    return this.run(new Command(PFCOUNT, args))
  }

  /**
   * Returns internals of a HyperLogLog: its registers (GETREG), sparse encoding (DECODE) or encoding (ENCODING);
   * TODENSE makes it dense. For developers of the server. @since 2.8.9 [PFDEBUG](https://redis.io/commands/pfdebug)
   */
  pfdebug(subcommand: 'encoding' | 'decode', key: Key): Outcome<C, string>
  pfdebug(subcommand: 'getreg', key: Key): Outcome<C, C['int'][]>
  pfdebug(subcommand: 'todense', key: Key): Outcome<C, C['int']>
  pfdebug(subcommand: string, key: Key): Outcome<C, unknown> {
    return this.run(new Command(PFDEBUG, [subcommand, key]))
  }

  /**
   * Merges `keys` into `destination`, which keeps its own elements. Returns `'OK'`. @since 2.8.9
   * [PFMERGE](https://redis.io/commands/pfmerge)
   */
  pfmerge(destination: Key, ...keys: Several<Key>): Outcome<C, 'OK'> {
    return this.run(new Command(PFMERGE, [destination, ...flat(keys)]))
  }

  /**
   * Runs the server's own test of HyperLogLogs, which takes seconds. Returns `'OK'`. @since 2.8.9
   * [PFSELFTEST](https://redis.io/commands/pfselftest)
   */
  pfselftest(): Outcome<C, 'OK'> {
    return this.run(new Command(PFSELFTEST, []))
  }
}

/** The rest arguments, or the items of one array; an empty list is allowed. */
function flat(given: Several<Argument>): readonly Argument[] {
  return given.length === 1 && Array.isArray(given[0]) ? given[0] : (given as readonly Argument[])
}
