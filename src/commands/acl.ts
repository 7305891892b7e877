import type { Argument } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import { count, double, int, itemsOf, list, named, ok, orNull, text, texts, word } from './core/decoders.js'
import { first } from './core/response-policies.js'
import { keyless } from './core/spec.js'

const ACL_CAT = keyless('ACL CAT', list(word))
const ACL_DELUSER = keyless('ACL DELUSER', int, { requestPolicy: 'all_nodes', responsePolicy: first })
const ACL_DRYRUN = keyless('ACL DRYRUN', word)
const ACL_GENPASS = keyless('ACL GENPASS', word)
/** A server before 7.0 lists the patterns without the character for their kind. */
function patterns(sign: string): Decoder {
  return reply => {
    const items = itemsOf(reply)
    return items === undefined ? word(reply) : items.map(each => `${sign}${word(each)}`).join(' ')
  }
}

const ACL_GETUSER = keyless(
  'ACL GETUSER',
  orNull(
    named({
      flags: list(word),
      passwords: list(word),
      commands: word,
      keys: patterns('~'),
      channels: patterns('&'),
      selectors: list(named({ commands: word, keys: word, channels: word })),
    }),
  ),
)
const ACL_HELP = keyless('ACL HELP', list(word))
const ACL_LIST = keyless('ACL LIST', list(word))
const ACL_LOAD = keyless('ACL LOAD', ok)
const ACL_LOG = keyless(
  'ACL LOG',
  list(
    named({
      count,
      reason: word,
      context: word,
      object: word,
      username: word,
      'age-seconds': double,
      'client-info': word,
      'entry-id': count,
      'timestamp-created': count,
      'timestamp-last-updated': count,
    }),
  ),
)
const ACL_SAVE = keyless('ACL SAVE', ok, { requestPolicy: 'all_nodes', responsePolicy: first })
const ACL_SETUSER = keyless('ACL SETUSER', ok, { requestPolicy: 'all_nodes', responsePolicy: first })
const ACL_USERS = keyless('ACL USERS', texts)
const ACL_WHOAMI = keyless('ACL WHOAMI', text)

/** A user, as returned by ACL GETUSER. */
export interface AclUser {
  flags: string[]
  /** Hashes of the passwords. */
  passwords: string[]
  commands: string
  keys: string
  channels: string
  /** @since 7.0 */
  selectors: { commands: string; keys: string; channels: string }[]
}

/** An action that a user was not allowed to do. */
export interface AclLogEntry {
  count: number
  reason: string
  context: string
  object: string
  username: string
  ageSeconds: number
  clientInfo: string
  entryId: number
  timestampCreated: number
  timestampLastUpdated: number
}

export abstract class Acl<C extends Context> extends Runner<C> {
  /**
   * Returns the categories of commands, or the commands of one category. @since 6.0
   * [ACL CAT](https://redis.io/commands/acl-cat)
   */
  aclCat(category?: string): Outcome<C, string[]> {
    return this.run(new Command(ACL_CAT, category === undefined ? [] : [category]))
  }

  /**
   * Deletes users. Returns the number of users that existed. @since 6.0
   * [ACL DELUSER](https://redis.io/commands/acl-deluser)
   */
  aclDeluser(...users: readonly string[]): Outcome<C, C['int']> {
    return this.run(new Command(ACL_DELUSER, [...users]))
  }

  /**
   * Returns `'OK'` if `user` may run the command, else the reason. @since 7.0
   * [ACL DRYRUN](https://redis.io/commands/acl-dryrun)
   */
  aclDryrun(user: string, ...words: readonly [string, ...Argument[]]): Outcome<C, string> {
    return this.run(new Command(ACL_DRYRUN, [user, ...words]))
  }

  /**
   * Returns a random password of 256 bits, or of `bits`. @since 6.0
   * [ACL GENPASS](https://redis.io/commands/acl-genpass)
   */
  aclGenpass(bits?: number): Outcome<C, string> {
    return this.run(new Command(ACL_GENPASS, bits === undefined ? [] : [bits]))
  }

  /**
   * Returns the rules of a user, or null if the user does not exist. @since 6.0
   * [ACL GETUSER](https://redis.io/commands/acl-getuser)
   */
  aclGetuser(user: string): Outcome<C, AclUser | null> {
    return this.run(new Command(ACL_GETUSER, [user]))
  }

  /** Returns the help text of ACL, line by line. @since 6.0 [ACL HELP](https://redis.io/commands/acl-help) */
  aclHelp(): Outcome<C, string[]> {
    return this.run(new Command(ACL_HELP, []))
  }

  /**
   * Returns the rules of all users, as lines of an ACL file. @since 6.0 [ACL LIST](https://redis.io/commands/acl-list)
   */
  aclList(): Outcome<C, string[]> {
    return this.run(new Command(ACL_LIST, []))
  }

  /**
   * Loads the ACL file. Closes connections of changed users, maybe this one. Returns `'OK'`. @since 6.0
   * [ACL LOAD](https://redis.io/commands/acl-load)
   */
  aclLoad(): Outcome<C, 'OK'> {
    return this.run(new Command(ACL_LOAD, []))
  }

  /**
   * Returns the actions that users were not allowed to do, the newest first. @since 6.0
   * [ACL LOG](https://redis.io/commands/acl-log)
   */
  aclLog(count?: number): Outcome<C, AclLogEntry[]> {
    return this.run(new Command(ACL_LOG, count === undefined ? [] : [count]))
  }

  /** Empties the log. Returns `'OK'`. @since 6.0 [ACL LOG](https://redis.io/commands/acl-log) */
  aclLogReset(): Outcome<C, 'OK'> {
    return this.run(new Command(ACL_LOG, ['RESET'], ok))
  }

  /** Saves the ACL file. Returns `'OK'`. @since 6.0 [ACL SAVE](https://redis.io/commands/acl-save) */
  aclSave(): Outcome<C, 'OK'> {
    return this.run(new Command(ACL_SAVE, []))
  }

  /**
   * Creates or changes a user: `aclSetuser('alice', 'on', '>secret', '~app:*', '+@read')`. Returns `'OK'`. @since 6.0
   * [ACL SETUSER](https://redis.io/commands/acl-setuser)
   */
  aclSetuser(user: string, ...rules: readonly string[]): Outcome<C, 'OK'> {
    return this.run(new Command(ACL_SETUSER, [user, ...rules]))
  }

  /** Returns the names of all users. @since 6.0 [ACL USERS](https://redis.io/commands/acl-users) */
  aclUsers(): Outcome<C, C['text'][]> {
    return this.run(new Command(ACL_USERS, []))
  }

  /** Returns the user of the connection. @since 6.0 [ACL WHOAMI](https://redis.io/commands/acl-whoami) */
  aclWhoami(): Outcome<C, C['text']> {
    return this.run(new Command(ACL_WHOAMI, []))
  }
}
