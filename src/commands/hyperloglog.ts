import type { Argument, Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import { int, itemsOf, list, ok, word } from './core/decoders.js'
import { keyAt, keysFrom } from './core/key-specs.js'
import { pushSeveral, type Several } from './core/option-tokens.js'
import { keyless, read, write } from './core/spec.js'

/** A word, an integer, or a list of integers. */
const debugged: Decoder = (reply, shape) => {
  if (itemsOf(reply) !== undefined) return list(int)(reply, shape)
  return typeof reply === 'number' ? int(reply, shape) : word(reply)
}

const PFADD = write('PFADD', int)
// Read-only, although the server may write what it counted into the first key: its key is flagged as written.
const PFCOUNT = read('PFCOUNT', int, { keys: [keysFrom(0, 'write')] })
const PFDEBUG = write('PFDEBUG', debugged, { keys: [keyAt(1, 'write')] })
const PFMERGE = write('PFMERGE', ok, { keys: [keyAt(0, 'write'), keysFrom(1, 'read')] })
const PFSELFTEST = keyless('PFSELFTEST', ok)

export abstract class HyperLogLogs<C extends Context> extends Runner<C> {
  /**
   * Adds elements; without any the key is made all the same. 1 if the estimate changed, else 0. @since 2.8.9
   * [PFADD](https://redis.io/commands/pfadd)
   */
  pfadd(key: Key, ...elements: Several<Argument>): Outcome<C, C['int']> {
    return this.run(new Command(PFADD, [key, ...flat(elements)]))
  }

  /**
   * How many different elements were added to `keys` together, within 0.81 % or so. @since 2.8.9
   * [PFCOUNT](https://redis.io/commands/pfcount)
   */
  pfcount(...keys: Several<Key>): Outcome<C, C['int']> {
    const args: Arguments = []
    pushSeveral(args, keys)
    return this.run(new Command(PFCOUNT, args))
  }

  /**
   * Looks inside a HyperLogLog: its registers (GETREG), its sparse form (DECODE), its encoding (ENCODING), or makes it
   * dense (TODENSE). For those who work on the server. @since 2.8.9 [PFDEBUG](https://redis.io/commands/pfdebug)
   */
  pfdebug(subcommand: 'encoding' | 'decode', key: Key): Outcome<C, string>
  pfdebug(subcommand: 'getreg', key: Key): Outcome<C, C['int'][]>
  pfdebug(subcommand: 'todense', key: Key): Outcome<C, C['int']>
  pfdebug(subcommand: string, key: Key): Outcome<C, unknown> {
    return this.run(new Command(PFDEBUG, [subcommand, key]))
  }

  /**
   * Merges `keys` into `destination`, what it held included. @since 2.8.9 [PFMERGE](https://redis.io/commands/pfmerge)
   */
  pfmerge(destination: Key, ...keys: Several<Key>): Outcome<C, 'OK'> {
    return this.run(new Command(PFMERGE, [destination, ...flat(keys)]))
  }

  /**
   * The server's own test of its HyperLogLogs; it takes seconds. @since 2.8.9
   * [PFSELFTEST](https://redis.io/commands/pfselftest)
   */
  pfselftest(): Outcome<C, 'OK'> {
    return this.run(new Command(PFSELFTEST, []))
  }
}

/** What was given as rest arguments or as one array; none at all is fine. */
function flat(given: Several<Argument>): readonly Argument[] {
  return given.length === 1 && Array.isArray(given[0]) ? given[0] : (given as readonly Argument[])
}
