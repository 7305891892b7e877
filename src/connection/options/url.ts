/** Parses the URL of a server: `redis://`, `rediss://` (TLS) or `unix://`. */

import { knownNames } from '../../commands/core/check-options.js'
import { ownProperties } from '../../commands/core/own-properties.js'
import { isUrl } from '../../commands/core/value-types.js'
import { DataError } from '../../errors/errors.js'
import { checkOptions, checkTls, mergeOptions, type RedisOptions, withoutBrackets } from './options.js'

type Mutable = { -readonly [K in keyof RedisOptions]: RedisOptions[K] }

const QUERY: ReadonlyMap<string, (options: Mutable, value: string) => void> = new Map([
  [
    'db',
    (options: Mutable, value: string) => {
      options.db = wholeNumber('db', value)
    },
  ],
  [
    'clientName',
    (options: Mutable, value: string) => {
      options.clientName = value
    },
  ],
  [
    'protocol',
    (options: Mutable, value: string) => {
      if (value !== '2' && value !== '3') throw bad('protocol', 'must be 2 or 3')
      options.protocol = value === '2' ? 2 : 3
    },
  ],
  [
    'connectTimeout',
    (options: Mutable, value: string) => {
      options.connectTimeout = wholeNumber('connectTimeout', value)
    },
  ],
  [
    'commandTimeout',
    (options: Mutable, value: string) => {
      options.commandTimeout = wholeNumber('commandTimeout', value)
    },
  ],
  [
    'healthCheckInterval',
    (options: Mutable, value: string) => {
      options.healthCheckInterval = wholeNumber('healthCheckInterval', value)
    },
  ],
])

/**
 * The options in a URL. The message of an error names the part, and never contains the URL, because it has the password.
 * @throws DataError for every part that is not understood
 */
export function parseUrl(text: string): RedisOptions {
  // A WHATWG URL with a user needs a host, and the URL of a socket has none.
  const nameless = /^unix:\/\/[^/?#]*@\//i.test(text)
  let url: URL
  try {
    url = new URL(nameless ? text.replace('@/', '@socket/') : text)
  } catch {
    throw new DataError(
      'The URL cannot be parsed: expected redis://[[user]:password@]host[:port][/db], rediss://… or unix:///path. Percent-encode special characters.',
    )
  }
  const options = ownProperties<Mutable>()
  switch (url.protocol) {
    case 'redis:':
    case 'rediss:':
      if (!/^rediss?:\/\//i.test(text)) throw new DataError('The URL lacks // after its scheme: expected redis://host.')
      readHost(url, options)
      if (url.protocol === 'rediss:') options.tls = true
      break
    case 'unix:':
      if (url.hostname !== '' && !nameless) throw bad('path', 'must be absolute: unix:///path')
      if (url.pathname === '' || url.pathname === '/') throw bad('path', 'is missing: unix:///path')
      options.path = decoded('path', url.pathname)
      break
    default:
      throw bad('scheme', 'must be redis, rediss (TLS) or unix: redis://host:port')
  }
  if (url.username !== '') options.username = decoded('user', url.username)
  // A WHATWG URL does not distinguish `user:@`, an empty password, from `user@`, none.
  const isEmpty = /^[a-z]+:\/\/[^/?#]*:@/i.test(text) && options.username !== undefined
  if (url.password !== '' || isEmpty) options.password = decoded('password', url.password)
  if (options.username !== undefined && options.password === undefined) {
    throw bad('password', 'is missing: write user:@host for an empty password, or :password@host for a password alone')
  }
  if (url.hash !== '') throw bad('fragment', 'must be removed; write a # in a password as %23')
  readQuery(url, options)
  return options
}

function readHost(url: URL, options: Mutable): void {
  if (url.hostname !== '') options.host = decoded('host', withoutBrackets(url.hostname))
  if (url.port !== '') options.port = Number(url.port)
  if (options.port === 0) throw bad('port', 'must be from 1 to 65535')
  const path = url.pathname.replace(/^\//, '')
  if (path !== '') options.db = wholeNumber('path', path, 'must be the number of a database')
}

function readQuery(url: URL, options: Mutable): void {
  const seen = new Set<string>()
  for (const [name, value] of url.searchParams) {
    const set = QUERY.get(name)
    if (set === undefined) throw bad('query', `has an unknown option; ${knownNames([...QUERY.keys()].sort())}`)
    if (seen.has(name)) throw bad('query', `has ${name} twice`)
    if (name === 'db' && options.db !== undefined) throw bad('query', 'has db, and the path has a database too')
    seen.add(name)
    set(options, value)
  }
  if (options.clientName !== undefined && !/^[!-~]+$/.test(options.clientName)) {
    throw bad('query', 'has a clientName with a character other than visible ASCII')
  }
}

function wholeNumber(name: string, value: string, message = 'must be a whole number from 0'): number {
  if (!/^\d{1,10}$/.test(value)) throw bad(name, message)
  return Number(value)
}

function decoded(part: string, value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw bad(part, 'has a % that does not begin an escape: write it as %25')
  }
}

function bad(part: string, message: string): DataError {
  return new DataError(`In the URL, the ${part} ${message}.`)
}

/** The options of a constructor call: a URL, options, or both (options win). */
export function readOptions(
  target: string | URL | RedisOptions | undefined,
  more: RedisOptions | undefined,
): RedisOptions {
  if (target === undefined || typeof target === 'string' || isUrl(target)) {
    const fromUrl = target === undefined ? {} : parseUrl(String(target))
    if (more !== undefined) checkOptions(more)
    checkTls(fromUrl, more)
    return mergeOptions(fromUrl, more)
  }
  checkOptions(target)
  if (more !== undefined) checkOptions(more)
  return mergeOptions(target, more)
}
