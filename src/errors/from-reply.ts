import { withoutStack } from './bulk.js'
import {
  AskError,
  AuthenticationError,
  AuthenticationWrongNumberOfArgsError,
  BusyLoadingError,
  ClusterCrossSlotError,
  ClusterDownError,
  ConnectionError,
  type ErrorDetails,
  ExecAbortError,
  MasterDownError,
  ModuleError,
  MovedError,
  NoPermissionError,
  NoScriptError,
  OutOfMemoryError,
  ReadOnlyError,
  type RedirectDetails,
  type RedisError,
  ResponseError,
  TryAgainError,
} from './errors.js'

type FromText = new (message: string, details?: ErrorDetails) => RedisError

/** The first word of a reply, where it decides. */
const BY_CODE: ReadonlyMap<string, FromText> = new Map<string, FromText>([
  ['CLUSTERDOWN', ClusterDownError],
  ['CROSSSLOT', ClusterCrossSlotError],
  // Said in place of a welcome, by a server in protected mode, which then hangs up.
  ['DENIED', ConnectionError],
  ['EXECABORT', ExecAbortError],
  ['LOADING', BusyLoadingError],
  ['MASTERDOWN', MasterDownError],
  ['NOAUTH', AuthenticationError],
  ['NOPERM', NoPermissionError],
  ['NOSCRIPT', NoScriptError],
  ['OOM', OutOfMemoryError],
  ['READONLY', ReadOnlyError],
  ['TRYAGAIN', TryAgainError],
  ['WRONGPASS', AuthenticationError],
])

/** What follows ERR, in lower case, where the whole of it decides. */
const BY_TEXT: ReadonlyMap<string, FromText> = new Map<string, FromText>([
  ['max number of clients reached', ConnectionError],
  ['max number of clients + cluster connections reached', ConnectionError],
  // The server cannot ask its own directory. That passes, unlike a wrong password.
  ['problem with ldap service', ConnectionError],
  ['invalid password', AuthenticationError],
  ['client sent auth, but no password is set', AuthenticationError],
  [
    'auth <password> called without any password configured for the default user. are you sure your configuration is correct?',
    AuthenticationError,
  ],
  ['invalid username-password pair', AuthenticationError],
  ['invalid username-password pair or user is disabled.', AuthenticationError],
  // AUTH's only: HELLO takes any number of arguments and answers a wrong one as a syntax error.
  ["wrong number of arguments for 'auth' command", AuthenticationWrongNumberOfArgsError],
])

/** What follows ERR for a module: each server version has more reasons to refuse. */
const MODULE_TEXTS = ['Error loading the extension.', 'Error unloading module: ']

/**
 * What Redis 7 says right before it repeats arguments of the command; some are of 6, of 8, of Valkey, RedisJSON and RediSearch.
 * One that ends in a quote is followed by the value and a quote, any other by the value and nothing we need.
 *
 * Not here: names of commands (`wrong number of arguments for 'get' command`) and of variables in a script. What a script
 * says in words of its own stays as it is: no list can know it.
 */
const ECHOES = [
  'with args beginning with: ',
  "unknown subcommand '",
  "subcommand or wrong number of arguments for '",
  "Syntax error in HELLO option '",
  'Unknown argument ',
  'unknown argument: ',
  "Unrecognized option '",
  'Unknown option given: ',
  'Unrecognized REPLCONF option: ',
  'Unsupported option ',
  // keys, groups, events, prefixes, places
  "No such key '",
  "No such consumer group '",
  "Unrecognized XCLAIM option '",
  "No samples available for event '",
  "Prefix '",
  "Path '",
  'invalid longitude,latitude pair ',
  // users, passwords, permissions
  "Error in ACL SETUSER modifier '",
  "Error in applying operation '",
  "acl selector starting at '",
  "Unknown category '",
  "Unknown client type '",
  "No such user '",
  "User '",
  "Command '",
  "permissions to access the '",
  // settings
  "Invalid argument '",
  "Invalid value '",
  'Unsupported CONFIG parameter: ',
  "Unknown option or number of arguments for CONFIG SET - '",
  "Unknown option or number of arguments for SENTINEL SET '",
  "Unknown option or number of arguments for SENTINEL DEBUG '",
  'arguments to loadex around ',
  // source texts: of scripts, libraries, queries
  ' near ',
  'in script shebang: ',
  'lua shebang option: ',
  "Engine '",
  "Library '",
  // nodes
  'Unknown node ',
  "I don't know about node ",
  'Invalid node address specified: ',
  'port specified: ',
]

/**
 * The error that a server's error reply stands for. `text` is the reply without its type byte (`-` or `!`) and its line
 * end. It may hold anything: a text that no rule knows is a {@link ResponseError}.
 *
 * A {@link ConnectionError} made here is `'not sent'`: with these the server refuses before it runs anything. A script
 * can answer with any text, so whoever sent one has to judge that anew.
 */
export function errorFromReply(text: string): RedisError {
  // Made while a socket is read: its stack would show the reader and nothing of the caller, at ten times the cost.
  return withoutStack(() => classified(text))
}

function classified(text: string): RedisError {
  const space = text.indexOf(' ')
  const code = space < 0 ? text : text.slice(0, space)
  if (code === 'MOVED' || code === 'ASK') {
    const target = redirect(text, space)
    if (target !== undefined) return code === 'MOVED' ? new MovedError(text, target) : new AskError(text, target)
  }
  const type = BY_CODE.get(code) ?? (code === 'ERR' ? byText(text.slice(4)) : ResponseError)
  const error = new type(shownOf(text), { code })
  if (error instanceof ConnectionError) error.outcome = 'not sent'
  return error
}

let lastText = ''
let lastShown = ''

/** What may be shown of `text`. Refusals come in thousands of the same: the last one is remembered. */
function shownOf(text: string): string {
  if (text !== lastText) {
    lastShown = withoutArguments(text)
    lastText = text
  }
  return lastShown
}

function byText(text: string): FromText {
  if (MODULE_TEXTS.some(start => text.startsWith(start))) return ModuleError
  return BY_TEXT.get(text.toLowerCase()) ?? ResponseError
}

/** `MOVED <slot> <host>:<port>`, to the letter: whatever else it is, it is not an address to dial. */
function redirect(text: string, space: number): RedirectDetails | undefined {
  const gap = text.indexOf(' ', space + 1)
  // IPv6 comes without brackets: the port is behind the last colon.
  const colon = text.lastIndexOf(':')
  if (gap < 0 || colon < gap) return undefined
  const slot = decimal(text.slice(space + 1, gap))
  const host = text.slice(gap + 1, colon)
  const port = decimal(text.slice(colon + 1))
  if (!(slot <= 16383 && port >= 1 && port <= 65535 && isHost(host))) return undefined
  return { slot, host, port }
}

/** A number as the server writes it, or NaN: no sign, no leading zero, no exponent. */
function decimal(text: string): number {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Number.NaN
}

/** A name, an address with an IPv6 zone or without; empty or `?` where the server does not know. */
function isHost(text: string): boolean {
  return text === '?' || (text.length <= 255 && /^[\w.:%-]*$/.test(text))
}

/** The text without the values that {@link ECHOES} announce. */
function withoutArguments(text: string): string {
  let kept = text
  for (const lead of ECHOES) {
    const at = kept.indexOf(lead)
    if (at >= 0) kept = cut(kept, at + lead.length)
  }
  return withoutLongName(kept)
}

/** A value may hold quotes, so it reaches to the last one, and to the end if there is none. */
function cut(text: string, start: number): string {
  const quote = text.charAt(start - 1)
  const end = quote === "'" || quote === '`' ? text.lastIndexOf(quote) : -1
  return `${text.slice(0, start)}…${end < start ? '' : text.slice(end)}`
}

/** An unknown command is named, unless its name is a whole line: `call('SET key value')` is a mistake that people make. */
function withoutLongName(text: string): string {
  const start = /unknown command ['`](?![\w.|:-]{1,64}['`](?:, with args|$))/.exec(text)
  return start === null ? text : cut(text, start.index + start[0].length)
}
