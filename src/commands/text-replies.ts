/**
 * Parsers for text replies with lines: INFO, CLIENT LIST, CLUSTER NODES. They use no regular expression on whole
 * replies.
 */

import { bare, camelCase, plain, word } from './core/decoders.js'
import type { Reply } from './core/reply.js'

/** A value of INFO: text, a number, or an object of these for lists such as `keys=1,expires=0`. */
export type InfoValue = string | number | { [field: string]: string | number }

/**
 * INFO by section and field. Section names are in lower case, field names are the server's, and modules have their own
 * names.
 */
export type Info = Record<string, Record<string, InfoValue>>

/** Fields that can look like a number or like a list of fields, but are text. */
const TEXT_OF_INFO = new Set([
  'redis_version',
  'valkey_version',
  'redis_git_sha1',
  'redis_build_id',
  'run_id',
  'executable',
  'config_file',
])

/** INFO as an object of sections. */
export function info(reply: Reply): unknown {
  const text = word(reply)
  if (typeof text !== 'string') return text
  const sections = bare<Record<string, InfoValue>>()
  let section = bare<InfoValue>()
  for (const line of text.split('\r\n')) {
    if (line.startsWith('# ')) {
      section = bare<InfoValue>()
      sections[line.slice(2).trim().toLowerCase()] = section
      continue
    }
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon)
    const value = TEXT_OF_INFO.has(name) ? line.slice(colon + 1) : infoValue(line.slice(colon + 1))
    // There is one line named `module` for each module.
    section[name === 'module' && typeof value === 'object' ? String(value.name) : name] = value
  }
  for (const each of Object.values(sections)) plain(each)
  return plain(sections)
}

function infoValue(text: string): InfoValue {
  if (!text.includes('=') || text.includes(' ')) return valueIn(text)
  const fields = bare<string | number>()
  for (const part of text.split(',')) {
    const equals = part.indexOf('=')
    if (equals < 0) return text
    fields[part.slice(0, equals)] = valueIn(part.slice(equals + 1))
  }
  return plain(fields)
}

/** Returns a number if the text is the shortest or a fixed-point form of a safe number, else the text. */
export function valueIn(text: string): string | number {
  if (text === '' || text.length > 16) return text
  const value = Number(text)
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return text
  return String(value) === text || (text.includes('.') && value.toFixed(text.length - text.indexOf('.') - 1) === text)
    ? value
    : text
}

/** A connection of the server, with the fields of CLIENT LIST: `qbuf-free` is `qbufFree`. */
export interface ClientInfo {
  id: number
  addr: string
  laddr: string
  name: string
  db: number
  age: number
  idle: number
  flags: string
  cmd: string
  user: string
  [field: string]: string | number
}

const TEXT = new Set([
  'addr',
  'laddr',
  'name',
  'flags',
  'events',
  'cmd',
  'user',
  'lib-name',
  'lib-ver',
  'io-thread',
  'capa',
])

function clientOf(line: string): Record<string, string | number> {
  const client = bare<string | number>()
  const put = (name: string, text: string) => {
    client[camelCase(name)] = TEXT.has(name) ? text : valueIn(text)
  }
  // The path of a socket may contain spaces, and even text that looks like a field. It occurs twice.
  const path = / addr=(.* .*) laddr=\1 (?=fd=)/.exec(line)
  const others = path === null ? line : `${line.slice(0, path.index)} ${line.slice(path.index + path[0].length)}`
  for (const part of others.split(' ')) {
    const equals = part.indexOf('=')
    if (equals >= 0) put(part.slice(0, equals), part.slice(equals + 1))
  }
  if (path !== null) for (const name of ['addr', 'laddr']) put(name, path[1] ?? '')
  return plain(client)
}

/** CLIENT INFO. */
export function client(reply: Reply): unknown {
  const text = word(reply)
  return typeof text === 'string' ? clientOf(text.trim()) : text
}

/** CLIENT LIST. */
export function clients(reply: Reply): unknown {
  const text = word(reply)
  return typeof text === 'string' ? linesOf(text).map(clientOf) : text
}

/** The lines of a text that are not empty. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map(line => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .filter(line => line !== '')
}

/** A text of `name:value` lines, for example CLUSTER INFO. Names are converted to camel case. */
export function properties(reply: Reply): unknown {
  const text = word(reply)
  if (typeof text !== 'string') return text
  const fields = bare<string | number>()
  for (const line of linesOf(text)) {
    const colon = line.indexOf(':')
    if (colon > 0) fields[camelCase(line.slice(0, colon))] = valueIn(line.slice(colon + 1))
  }
  return plain(fields)
}
