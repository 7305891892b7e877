import type { Argument, Arguments } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import {
  bare,
  camelCase,
  count,
  int,
  itemsOf,
  list,
  orNull,
  pairsOf,
  plain,
  record,
  scalar,
  text,
  texts,
  word,
} from './core/decoders.js'
import type { AtMostOne } from './core/exclusive-options.js'
import { exclusive, option, plainOptions } from './core/option-tokens.js'
import type { Reply } from './core/reply.js'
import { unexpectedReply } from './core/reply-errors.js'
import { PLAIN, type ReplyFormat } from './core/reply-format.js'
import { keyless } from './core/spec.js'

const COMMAND = keyless('COMMAND', list(orNull(about)))
const COUNT = keyless('COMMAND COUNT', int)
const DOCS = keyless('COMMAND DOCS', record(named))
const GETKEYS = keyless('COMMAND GETKEYS', texts)
const GETKEYSANDFLAGS = keyless('COMMAND GETKEYSANDFLAGS', list(keyAndFlags))
const HELP = keyless('COMMAND HELP', list(word))
const INFO = keyless('COMMAND INFO', list(orNull(about)))
const LIST = keyless('COMMAND LIST', list(word))

/** Information about a command. */
export interface CommandInfo {
  name: string
  /** The number of words of a call, including the name; negative: at least this number. */
  arity: number
  flags: string[]
  firstKey: number
  lastKey: number
  step: number
  /** @since 6.0 */
  categories: string[]
  /** @since 7.0 */
  tips: string[]
  /** @since 7.0 */
  keySpecs: Record<string, unknown>[]
  /** @since 7.0 */
  subcommands: CommandInfo[]
}

function about(reply: Reply): unknown {
  const items = itemsOf(reply)
  if (items === undefined) return unexpectedReply(reply, 'a list')
  // Data that an older server does not have is an empty list.
  const words = (index: number) => list(word)(items[index] ?? [], PLAIN)
  return {
    name: word(items[0] ?? null),
    arity: count(items[1] ?? null),
    flags: words(2),
    firstKey: count(items[3] ?? null),
    lastKey: count(items[4] ?? null),
    step: count(items[5] ?? null),
    categories: words(6),
    tips: words(7),
    keySpecs: (itemsOf(items[8] ?? null) ?? []).map(named),
    subcommands: (itemsOf(items[9] ?? null) ?? []).map(about),
  }
}

/** Maps at any depth, as objects with names in camel case. Under RESP2 they are lists that begin with a word. */
function named(reply: Reply): unknown {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return wordsOf(reply)
  const object = bare()
  for (let i = 0; i < pairs.length; i += 2) {
    const name = String(word(pairs[i] ?? null))
    const value = pairs[i + 1] ?? null
    object[camelCase(name)] = NESTED.has(name) ? nested(name, value) : wordsOf(value)
  }
  return plain(object)
}

const NESTED = new Set(['arguments', 'subcommands', 'begin_search', 'find_keys', 'spec', 'history', 'key_specs'])

function nested(name: string, value: Reply): unknown {
  if (name === 'arguments') return itemsOf(value)?.map(named) ?? wordsOf(value)
  if (name === 'history') return itemsOf(value)?.map(each => itemsOf(each)?.map(word) ?? scalar(each)) ?? wordsOf(value)
  if (name === 'subcommands') return record(named)(value, PLAIN)
  return named(value)
}

function wordsOf(reply: Reply): unknown {
  return itemsOf(reply)?.map(wordsOf) ?? scalar(reply)
}

function keyAndFlags(reply: Reply, shape: ReplyFormat): unknown {
  const [key, flags] = itemsOf(reply) ?? []
  if (key === undefined || flags === undefined) return unexpectedReply(reply, 'a key and its flags')
  return { key: text(key, shape), flags: list(word)(flags, shape) }
}

/** The commands to list; at most one of these options. */
export type CommandListFilter = AtMostOne<{
  readonly module: string
  /** A category of the ACL. */
  readonly aclcat: string
  /** A glob-style pattern. */
  readonly pattern: string
}>

/** Commands that return information about the server's commands. */
export abstract class CommandDocs<C extends Context> extends Runner<C> {
  /** Returns all commands. @since 2.8.13 [COMMAND](https://redis.io/commands/command) */
  command(): Outcome<C, CommandInfo[]> {
    return this.run(new Command(COMMAND, []))
  }

  /** Returns the number of commands. @since 2.8.13 [COMMAND COUNT](https://redis.io/commands/command-count) */
  commandCount(): Outcome<C, C['int']> {
    return this.run(new Command(COUNT, []))
  }

  /**
   * Returns the documentation of commands, by name; of all commands if no name is given. @since 7.0
   * [COMMAND DOCS](https://redis.io/commands/command-docs)
   */
  commandDocs(...names: readonly string[]): Outcome<C, Record<string, Record<string, unknown>>> {
    return this.run(new Command(DOCS, [...names]))
  }

  /**
   * Returns the keys in the words of a call. @since 2.8.13 [COMMAND GETKEYS](https://redis.io/commands/command-getkeys)
   */
  commandGetkeys(...words: readonly [string, ...Argument[]]): Outcome<C, C['text'][]> {
    return this.run(new Command(GETKEYS, [...words]))
  }

  /**
   * Returns the keys in the words of a call, and how the command accesses each of them. @since 7.0
   * [COMMAND GETKEYSANDFLAGS](https://redis.io/commands/command-getkeysandflags)
   */
  commandGetkeysandflags(
    ...words: readonly [string, ...Argument[]]
  ): Outcome<C, { key: C['text']; flags: string[] }[]> {
    return this.run(new Command(GETKEYSANDFLAGS, [...words]))
  }

  /**
   * Returns the help text of COMMAND, line by line. @since 5.0 [COMMAND HELP](https://redis.io/commands/command-help)
   */
  commandHelp(): Outcome<C, string[]> {
    return this.run(new Command(HELP, []))
  }

  /**
   * Returns information about commands, null for an unknown command; about all commands if no name is given.
   * @since 2.8.13 [COMMAND INFO](https://redis.io/commands/command-info)
   */
  commandInfo(...names: readonly string[]): Outcome<C, (CommandInfo | null)[]> {
    return this.run(new Command(INFO, [...names]))
  }

  /** Returns the names of commands. @since 7.0 [COMMAND LIST](https://redis.io/commands/command-list) */
  commandList(filter: CommandListFilter = {}): Outcome<C, string[]> {
    const args: Arguments = []
    filter = plainOptions(args, filter)
    exclusive(args, filter, 'module', 'aclcat', 'pattern')
    if (Object.values(filter).some(value => value !== undefined)) args.push('FILTERBY')
    option(args, 'MODULE', filter.module)
    option(args, 'ACLCAT', filter.aclcat)
    option(args, 'PATTERN', filter.pattern)
    return this.run(new Command(LIST, args))
  }
}
