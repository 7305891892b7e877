/** ACL: users, their passwords and their permissions. */
import { createHash } from 'node:crypto'
import { type CommandSpec, keysOf } from './command.js'
import { Failure } from './reply.js'
import { lower, matches } from './text.js'

export class User {
  readonly name: string
  enabled = false
  noPassword = false
  readonly passwords: Set<string> = new Set()
  /** Rules in order: the last rule that matches a command decides. */
  commands: string[] = []
  keys: { pattern: string; read: boolean; write: boolean }[] = []
  channels: string[] = []

  constructor(name: string) {
    this.name = name
  }

  accepts(password: string): boolean {
    return this.enabled && (this.noPassword || this.passwords.has(sha256(password)))
  }

  mayRun(spec: CommandSpec, categories: (spec: CommandSpec) => ReadonlySet<string>): boolean {
    const last = this.commands.findLast(rule => fits(rule.slice(1), spec, categories))
    return last?.[0] === '+'
  }

  mayUseKey(key: string, writes: boolean): boolean {
    return this.keys.some(
      ({ pattern, read, write }) => (writes ? write : read) && (pattern === '*' || matches(pattern, key)),
    )
  }

  get mayReadEveryKey(): boolean {
    return this.keys.some(({ pattern, read }) => read && pattern === '*')
  }

  /** Returns true if the user may use a channel. A pattern of PSUBSCRIBE must be literally equal to one of the user's patterns. */
  mayUseChannel(channel: string, literally: boolean): boolean {
    return this.channels.some(each => each === '*' || (literally ? each === channel : matches(each, channel)))
  }
}

function fits(name: string, spec: CommandSpec, categories: (spec: CommandSpec) => ReadonlySet<string>): boolean {
  if (name === '@all') return true
  if (name.startsWith('@')) return categories(spec).has(name.slice(1))
  return name === spec.name || spec.name.startsWith(`${name}|`)
}

export class Users {
  readonly all: Map<string, User> = new Map()
  readonly #categories: (spec: CommandSpec) => ReadonlySet<string>

  constructor(categories: (spec: CommandSpec) => ReadonlySet<string>) {
    this.#categories = categories
    this.set('default', ['on', 'nopass', '~*', '&*', '+@all'])
  }

  get default(): User {
    return this.all.get('default')!
  }

  /** Returns the user of a new connection before AUTH. */
  atConnect(): User | undefined {
    return this.default.enabled && this.default.noPassword ? this.default : undefined
  }

  authenticate(name: string, password: string): User | undefined {
    const user = this.all.get(name)
    return user?.accepts(password) === true ? user : undefined
  }

  /** ACL SETUSER. Throws a Failure for an unknown rule, and then changes nothing. */
  set(name: string, rules: readonly string[]): User {
    const user = this.all.get(name) ?? new User(name)
    const draft = Object.assign(new User(name), {
      ...user,
      passwords: new Set(user.passwords),
      commands: [...user.commands],
      keys: [...user.keys],
      channels: [...user.channels],
    })
    for (const rule of rules) {
      if (!apply(draft, rule)) {
        throw new Failure(`ERR Error in ACL SETUSER modifier '${rule}': Syntax error`)
      }
    }
    Object.assign(user, draft)
    this.all.set(name, user)
    return user
  }

  /** Returns the error reply if the user may not run the command. */
  refusal(user: User, spec: CommandSpec, args: readonly string[]): Failure | undefined {
    if (!spec.flags.has('noauth') && !user.mayRun(spec, this.#categories)) {
      return new Failure(`NOPERM this user has no permissions to run the '${spec.name}' command`)
    }
    const writes = spec.flags.has('write')
    if (!keysOf(spec, args).every(key => user.mayUseKey(key, writes))) {
      return new Failure('NOPERM this user has no permissions to access one of the keys used as arguments')
    }
    const literally = spec.name === 'psubscribe'
    if (!channelsOf(spec, args).every(channel => user.mayUseChannel(channel, literally))) {
      return new Failure('NOPERM this user has no permissions to access one of the channels used as arguments')
    }
    return undefined
  }
}

const SUBSCRIBING: ReadonlySet<string> = new Set(['subscribe', 'psubscribe', 'ssubscribe'])

function channelsOf({ name }: CommandSpec, args: readonly string[]): readonly string[] {
  if (SUBSCRIBING.has(name)) return args.slice(1)
  return name === 'publish' || name === 'spublish' ? args.slice(1, 2) : []
}

function apply(user: User, rule: string): boolean {
  const rest = rule.slice(1)
  switch (lower(rule)) {
    case 'on':
      user.enabled = true
      return true
    case 'off':
      user.enabled = false
      return true
    case 'nopass':
      user.noPassword = true
      user.passwords.clear()
      return true
    case 'resetpass':
      user.noPassword = false
      user.passwords.clear()
      return true
    case 'allkeys':
      return apply(user, '~*')
    case 'resetkeys':
      user.keys = []
      return true
    case 'allchannels':
      return apply(user, '&*')
    case 'resetchannels':
      user.channels = []
      return true
    case 'allcommands':
      return apply(user, '+@all')
    case 'nocommands':
      return apply(user, '-@all')
    case 'reset':
      Object.assign(user, { enabled: false, noPassword: false, commands: [], keys: [], channels: [] })
      user.passwords.clear()
      return true
    case 'sanitize-payload':
    case 'skip-sanitize-payload':
      return true
  }
  const [, access = '', pattern = ''] = /^%([rw]+)~(.*)$/is.exec(rule) ?? []
  if (access !== '') {
    user.keys.push({ pattern, read: /r/i.test(access), write: /w/i.test(access) })
    return true
  }
  switch (rule[0]) {
    case '>':
      user.noPassword = false
      user.passwords.add(sha256(rest))
      return true
    case '<':
      return user.passwords.delete(sha256(rest))
    case '#':
      user.passwords.add(rest)
      return true
    case '~':
      user.keys.push({ pattern: rest, read: true, write: true })
      return true
    case '&':
      user.channels.push(rest)
      return true
    case '+':
    case '-':
      user.commands.push(lower(rule))
      return true
  }
  return false
}

function sha256(password: string): string {
  return createHash('sha256').update(password, 'latin1').digest('hex')
}
