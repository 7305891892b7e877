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
import { withoutStack } from './without-stack.js'

type FromText = new (message: string, details?: ErrorDetails) => RedisError

/** Classes by the first word of a reply. */
const BY_CODE: ReadonlyMap<string, FromText> = new Map<string, FromText>([
  ['CLUSTERDOWN', ClusterDownError],
  ['CROSSSLOT', ClusterCrossSlotError],
  // Sent by a server in protected mode at the start of a connection, which it then closes.
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

/** Classes by the whole text after ERR, in lower case. */
const BY_TEXT: ReadonlyMap<string, FromText> = new Map<string, FromText>([
  ['max number of clients reached', ConnectionError],
  ['max number of clients + cluster connections reached', ConnectionError],
  // The server cannot reach its directory. This is temporary, unlike a wrong password.
  ['problem with ldap service', ConnectionError],
  ['invalid password', AuthenticationError],
  ['client sent auth, but no password is set', AuthenticationError],
  [
    'auth <password> called without any password configured for the default user. are you sure your configuration is correct?',
    AuthenticationError,
  ],
  ['invalid username-password pair', AuthenticationError],
  ['invalid username-password pair or user is disabled.', AuthenticationError],
  // For AUTH only: HELLO accepts any number of arguments, and replies to a wrong one with a syntax error.
  ["wrong number of arguments for 'auth' command", AuthenticationWrongNumberOfArgsError],
])

/** The beginnings of the texts after ERR for modules: newer servers append further reasons. */
const MODULE_TEXTS = ['Error loading the extension.', 'Error unloading module: ']

/**
 * The texts after which a server repeats arguments of the command. Most are of Redis 7, some of 6, 8, Valkey, RedisJSON and
 * RediSearch. If a text ends in a quote, the value and a quote follow; otherwise the value follows, and nothing of use after it.
 *
 * Names of commands (`wrong number of arguments for 'get' command`) and of variables in a script are not cut out. An error text
 * that a script makes itself stays as it is, because no list can contain it.
 */
const ECHOES = [
  'with args beginning with: ',
  " subcommand '",
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
 * Returns the error for an error reply. `text` is the reply without its type byte (`-` or `!`) and its line end. It may be any
 * text; if no rule matches, the error is a {@link ResponseError}.
 *
 * A {@link ConnectionError} created here has outcome `'not sent'`, because the server sends these texts before it runs anything.
 * A script can return any text, so the sender of a script must decide the outcome itself.
 */
export function errorFromReply(text: string): RedisError {
  // Created while a socket is read: its stack would show the reader instead of the caller, at ten times the cost.
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

/** Returns `text` without arguments. The last result is cached, because the same error often comes thousands of times. */
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

/** Parses exactly `MOVED <slot> <host>:<port>`. Any other text is not an address to dial. */
function redirect(text: string, space: number): RedirectDetails | undefined {
  const gap = text.indexOf(' ', space + 1)
  // IPv6 addresses have no brackets here: the port follows the last colon.
  const colon = text.lastIndexOf(':')
  if (gap < 0 || colon < gap) return undefined
  const slot = decimal(text.slice(space + 1, gap))
  const host = text.slice(gap + 1, colon)
  const port = decimal(text.slice(colon + 1))
  // An empty host is the host of the node that replied; `?` is a host that the server does not know.
  if (!(slot <= 16383 && port >= 1 && port <= 65535 && (host === '' || host === '?' || isHost(host)))) return undefined
  return { slot, host, port }
}

/** Parses a number as the server writes it: without sign, leading zero or exponent. Returns NaN for other texts. */
function decimal(text: string): number {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Number.NaN
}

/** Whether `text` is a name or an address, with or without an IPv6 zone: nothing else is dialled, whatever a server replies. */
export function isHost(text: string): boolean {
  return text.length <= 255 && /^[\w:][\w.:%-]*$/.test(text)
}

/** Returns the text without the values that follow {@link ECHOES}. */
function withoutArguments(text: string): string {
  let kept = text
  for (const lead of ECHOES) {
    const at = kept.indexOf(lead)
    if (at >= 0) kept = cut(kept, at + lead.length)
  }
  return withoutLongName(kept)
}

/** The end of a text whose value is empty. Any other end could be a value that begins with a quote and was cut short. */
const AFTER_EMPTY_VALUE = /^' not found$/

/** Cuts a value out. It may contain quotes, so it extends to the last quote, or to the end of the text. */
function cut(text: string, start: number): string {
  if (AFTER_EMPTY_VALUE.test(text.slice(start))) return text
  const quote = text.charAt(start - 1)
  const end = quote === "'" || quote === '`' ? text.lastIndexOf(quote) : -1
  return `${text.slice(0, start)}…${end < start ? '' : text.slice(end)}`
}

/** Keeps the name of an unknown command, unless it is a whole line: `call('SET key value')` is a common mistake. */
function withoutLongName(text: string): string {
  const start = /unknown command ['`](?![\w.|:-]{1,64}['`](?:, with args|$))/.exec(text)
  return start === null ? text : cut(text, start.index + start[0].length)
}
