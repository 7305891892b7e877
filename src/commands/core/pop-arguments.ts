/** The arguments of the commands that remove items of the first list or sorted set that is not empty. */
import type { Arguments, Key, OneOrMore } from './argument.js'
import { option, plainOptions, pushAll, pushCounted } from './option-tokens.js'

/** Returns the keys and the timeout: `BLPOP a b 10`. */
export function blockingArguments(keys: OneOrMore<Key>, timeout: number): Arguments {
  const args: Arguments = []
  pushAll(args, keys, 'key')
  args.push(timeout)
  return args
}

/** Returns the number of keys, the keys, the end to remove from, and COUNT if it is given: `LMPOP 2 a b LEFT COUNT 3`. */
export function popArguments(keys: OneOrMore<Key>, end: string, options: { readonly count?: number }): Arguments {
  const args: Arguments = []
  pushCounted(args, Array.isArray(keys) ? keys : [keys as Key])
  args.push(end)
  option(args, 'COUNT', plainOptions(args, options).count)
  return args
}
