import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AskError,
  AuthenticationError,
  AuthenticationWrongNumberOfArgsError,
  BusyLoadingError,
  ClusterCrossSlotError,
  ClusterDownError,
  ConnectionError,
  ExecAbortError,
  MasterDownError,
  ModuleError,
  MovedError,
  NoPermissionError,
  NoScriptError,
  OutOfMemoryError,
  ReadOnlyError,
  RedisError,
  ResponseError,
  TryAgainError,
} from '../../src/errors/errors.js'
import { errorFromReply } from '../../src/errors/from-reply.js'

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }

const TEXTS: [string, new (...args: never[]) => RedisError][] = [
  ['LOADING Redis is loading the dataset in memory', BusyLoadingError],
  ['NOAUTH Authentication required.', AuthenticationError],
  ['NOAUTH HELLO must be called with the client already authenticated', AuthenticationError],
  ['WRONGPASS invalid username-password pair or user is disabled.', AuthenticationError],
  ["NOPERM this user has no permissions to run the 'config|get' command", NoPermissionError],
  ['NOSCRIPT No matching script. Please use EVAL.', NoScriptError],
  ['EXECABORT Transaction discarded because of previous errors.', ExecAbortError],
  ["READONLY You can't write against a read only replica.", ReadOnlyError],
  ["OOM command not allowed when used memory > 'maxmemory'.", OutOfMemoryError],
  ['TRYAGAIN Multiple keys request during rehashing of slot', TryAgainError],
  ["CROSSSLOT Keys in request don't hash to the same slot", ClusterCrossSlotError],
  ['CLUSTERDOWN Hash slot not served', ClusterDownError],
  ['CLUSTERDOWN The cluster is down and only accepts read commands', ClusterDownError],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", MasterDownError],
  ['DENIED Redis is running in protected mode because protected mode is enabled', ConnectionError],
  ['MOVED 3999 127.0.0.1:6381', MovedError],
  ['ASK 3999 127.0.0.1:6381', AskError],
  ['ERR max number of clients reached', ConnectionError],
  ['ERR max number of clients + cluster connections reached', ConnectionError],
  ['ERR problem with LDAP service', ConnectionError],
  ['ERR invalid password', AuthenticationError],
  ['ERR Client sent AUTH, but no password is set', AuthenticationError],
  [
    'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    AuthenticationError,
  ],
  ['ERR invalid username-password pair', AuthenticationError],
  ['ERR invalid username-password pair or user is disabled.', AuthenticationError],
  ["ERR wrong number of arguments for 'auth' command", AuthenticationWrongNumberOfArgsError],
  ["ERR wrong number of arguments for 'AUTH' command", AuthenticationWrongNumberOfArgsError],
  ["ERR wrong number of arguments for 'Auth' command", AuthenticationWrongNumberOfArgsError],
  ['ERR Error loading the extension. Please check the server logs.', ModuleError],
  ['ERR Error unloading module: no such module with that name', ModuleError],
  ['ERR Error unloading module: operation not possible.', ModuleError],
  ["ERR Error unloading module: the module exports one or more module-side data types, can't unload", ModuleError],
  ['ERR Error unloading module: the module exports APIs used by other modules. Please unload them first', ModuleError],
  ['ERR Error unloading module: the module has blocked clients. Please wait for them to be unblocked', ModuleError],
  ['ERR Error unloading module: the module holds timer that is not fired. Please stop the timer', ModuleError],
  // texts that resemble a rule but match none
  ['WRONGTYPE Operation against a key holding the wrong kind of value', ResponseError],
  ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', ResponseError],
  ['BUSYGROUP Consumer Group name already exists', ResponseError],
  ['MISCONF Redis is configured to save RDB snapshots', ResponseError],
  ['NOREPLICAS Not enough good replicas to write.', ResponseError],
  ['NOPROTO unsupported protocol version', ResponseError],
  ['UNBLOCKED client unblocked via CLIENT UNBLOCK', ResponseError],
  ['ERR syntax error', ResponseError],
  ['ERR no such fieldset', ResponseError],
  ["ERR wrong number of arguments for 'get' command", ResponseError],
  ["ERR wrong number of arguments for 'hello' command", ResponseError],
  ["ERR wrong number of arguments for 'auth' command, said somebody", ResponseError],
  ['ERR max number of clients reached, said somebody', ResponseError],
  ['max number of clients reached', ResponseError],
  ['invalid password', ResponseError],
  ['ERR', ResponseError],
  ['ERR ', ResponseError],
  ['', ResponseError],
  [' LOADING', ResponseError],
  ['loading Redis', ResponseError],
  ['LOADINGS Redis', ResponseError],
  ['LOADING', BusyLoadingError],
  ['OOM', OutOfMemoryError],
  ['my own text', ResponseError],
]

describe('the class of an error reply', () => {
  it.each(TEXTS)('the reply "%s" becomes an error of its class', (text, type) => {
    const error = errorFromReply(text)
    expect(error.constructor).toBe(type)
    expect(error.message).toBe(text)
    expect(error.code).toBe(text.split(' ')[0])
  })

  it('a ConnectionError made of a reply has outcome not sent', () => {
    for (const [text] of TEXTS) {
      const error = errorFromReply(text)
      expect([text, error.outcome]).toEqual([text, error instanceof ConnectionError ? 'not sent' : undefined])
    }
  })
})

describe('redirect errors', () => {
  const longest = 'a'.repeat(255)

  it.each([
    ['0 127.0.0.1:1', 0, '127.0.0.1', 1],
    ['16383 h:65535', 16383, 'h', 65535],
    ['1 redis-1.example.com:6379', 1, 'redis-1.example.com', 6379],
    ['1 under_scored:6379', 1, 'under_scored', 6379],
    ['1 ::1:6379', 1, '::1', 6379],
    ['1 2001:db8::2:6379', 1, '2001:db8::2', 6379],
    ['1 fe80::1%eth0:6379', 1, 'fe80::1%eth0', 6379],
    ['1 :6379', 1, '', 6379],
    ['1 ?:6379', 1, '?', 6379],
    [`16383 ${longest}:65535`, 16383, longest, 65535],
  ] as const)('the redirect "%s" is parsed', (rest, slot, host, port) => {
    const moved = errorFromReply(`MOVED ${rest}`)
    expect(moved.constructor).toBe(MovedError)
    expect(moved).toMatchObject({ slot, host, port, code: 'MOVED', message: `MOVED ${rest}` })
    const ask = errorFromReply(`ASK ${rest}`)
    expect(ask.constructor).toBe(AskError)
    expect(ask).toMatchObject({ slot, host, port, code: 'ASK', message: `ASK ${rest}` })
  })

  it.each([
    '',
    ' ',
    '1',
    '1 ',
    '1 h',
    '1 h:',
    '1 h:0',
    '1 h:65536',
    '1 h:99999999999999999999',
    '1 h:06379',
    '1 h:+1',
    '1 h:1e3',
    '1 h:0x10',
    '1 h:6379x',
    '1 h: 6379',
    '1 h:6379 ',
    '1 h:6379 script: f00, on @user_script:1.',
    '1  h:6379',
    ' 1 h:6379',
    '-1 h:6379',
    '16384 h:6379',
    '99999 h:6379',
    '00 h:6379',
    '1.0 h:6379',
    '१ h:6379',
    '1 h\u0000:6379',
    '1 h\n:6379',
    '1 h\r\n:6379',
    '1 h:6379\n',
    '1\n h:6379',
    '1 h\u007f:6379',
    '1 h/../x:6379',
    '1 user@h:6379',
    '1 [::1]:6379',
    '1 ??:6379',
    '1 hôte:6379',
    `1 ${longest}a:6379`,
    `1 ${'a'.repeat(65_000)}:6379`,
  ])('the text %j is not a redirect', rest => {
    for (const code of ['MOVED', 'ASK']) {
      const text = `${code} ${rest}`
      const error = errorFromReply(text)
      expect(error.constructor).toBe(ResponseError)
      expect(error).toMatchObject({ code, message: text })
    }
  })

  it('MOVED and ASK alone are not redirects', () => {
    expect(errorFromReply('MOVED').constructor).toBe(ResponseError)
    expect(errorFromReply('ASK').constructor).toBe(ResponseError)
  })
})

describe('arguments that a server repeats', () => {
  const secret = "hunter2' it's \"s3cret`"

  it.each([
    [
      `ERR unknown command 'FOO', with args beginning with: '${secret}' 'b' `,
      "ERR unknown command 'FOO', with args beginning with: …",
    ],
    [
      `ERR unknown command \`FOO\`, with args beginning with: \`${secret}\`, `,
      'ERR unknown command `FOO`, with args beginning with: …',
    ],
    [
      `ERR unknown command 'SET k ${secret}', with args beginning with: `,
      "ERR unknown command '…', with args beginning with: …",
    ],
    [
      `ERR unknown command 'FOO' ${secret}', with args beginning with: `,
      "ERR unknown command '…', with args beginning with: …",
    ],
    ["ERR unknown command 'JSON.SET'", "ERR unknown command 'JSON.SET'"],
    [`ERR unknown subcommand '${secret}'. Try CONFIG HELP.`, "ERR unknown subcommand '…'. Try CONFIG HELP."],
    [
      `ERR Unknown subcommand or wrong number of arguments for '${secret}'. Try ACL HELP.`,
      "ERR Unknown subcommand or wrong number of arguments for '…'. Try ACL HELP.",
    ],
    [
      `ERR Error in ACL SETUSER modifier '>${secret}': Syntax error`,
      "ERR Error in ACL SETUSER modifier '…': Syntax error",
    ],
    [
      `ERR Unmatched parenthesis in acl selector starting at '(>${secret}'.`,
      "ERR Unmatched parenthesis in acl selector starting at '…'.",
    ],
    [`ERR Syntax error in HELLO option '${secret}'`, "ERR Syntax error in HELLO option '…'"],
    [`ERR Invalid argument '${secret}' for CONFIG SET 'requirepass'`, "ERR Invalid argument '…'"],
    [
      `ERR Unknown option or number of arguments for CONFIG SET - '${secret}'`,
      "ERR Unknown option or number of arguments for CONFIG SET - '…'",
    ],
    [`NOGROUP No such key '${secret}' or consumer group '${secret}'`, "NOGROUP No such key '…'"],
    [
      `NOGROUP No such key '${secret}' or consumer group 'g' in XREADGROUP with GROUP option`,
      "NOGROUP No such key '…' in XREADGROUP with GROUP option",
    ],
    [`NOGROUP No such consumer group '${secret}' for key name '${secret}'`, "NOGROUP No such consumer group '…'"],
    [`ERR Unrecognized XCLAIM option '${secret}'`, "ERR Unrecognized XCLAIM option '…'"],
    [`ERR No such user '${secret}'`, "ERR No such user '…'"],
    [`ERR User '${secret}' not found`, "ERR User '…' not found"],
    // An empty value has nothing to hide.
    ["ERR Engine '' not found", "ERR Engine '' not found"],
    [`ERR Engine ''${secret}' not found`, "ERR Engine '…' not found"],
    [`ERR Unknown argument ${secret}`, 'ERR Unknown argument …'],
    [`ERR Unknown option given: ${secret}`, 'ERR Unknown option given: …'],
    [`ERR Prefix '${secret}' overlaps with another provided prefix '${secret}'.`, "ERR Prefix '…'."],
    [
      `ERR Error compiling script (new function): user_script:1: '=' expected near '"${secret}"'`,
      "ERR Error compiling script (new function): user_script:1: '=' expected near …",
    ],
    [`Syntax error at offset 27 near ${secret}`, 'Syntax error at offset 27 near …'],
    [
      `NOPERM this user has no permissions to access the '${secret}' key`,
      "NOPERM this user has no permissions to access the '…' key",
    ],
    [
      `EXECABORT Transaction discarded because of: ERR unknown subcommand '${secret}'. Try X HELP.`,
      "EXECABORT Transaction discarded because of: ERR unknown subcommand '…'. Try X HELP.",
    ],
    // without a closing quote the value extends to the end
    ["ERR Invalid argument 'hunter2 s3cret", "ERR Invalid argument '…"],
    ["ERR No such user ''", "ERR No such user '…'"],
  ])('the value in "%s" is cut out', (text, message) => {
    const error = errorFromReply(text)
    expect(error.message).toBe(message)
    const shown = [String(error), inspect(error), error.stack, JSON.stringify(error), inspect({ ...error })].join()
    expect(shown).not.toMatch(/hunter2|s3cret/)
  })
})

describe('any text', () => {
  it.each([
    '__proto__ x',
    'constructor',
    'toString x',
    'hasOwnProperty',
    'ERR __proto__',
    'ERR constructor',
    '\u0000',
    '\ud800 x',
    '\r\n',
    ' ',
    '\u2028 x',
  ])('the odd text %j becomes a ResponseError', text => {
    const error = errorFromReply(text)
    expect(error.constructor).toBe(ResponseError)
    expect(error.message).toBe(text)
    expect(error.code).toBe(text.split(' ')[0])
  })

  it('long error texts of any form become errors', () => {
    const size = 64 * 1024
    for (const piece of [
      'x',
      ' ',
      "'",
      'ERR ',
      "ERR unknown command '",
      'MOVED 1 ',
      ':1',
      ' near ',
      "No such key '",
      'a.|:-',
    ]) {
      const text = piece.repeat(size / piece.length)
      expect(errorFromReply(text)).toBeInstanceOf(RedisError)
      expect(errorFromReply(`ERR ${text}`)).toBeInstanceOf(ResponseError)
      expect(errorFromReply(`MOVED ${text}`)).toBeInstanceOf(ResponseError)
    }
  })

  it('any text becomes a RedisError and never throws', { timeout: 30_000 }, () => {
    const known = fc.constantFrom(...TEXTS.flatMap(([text]) => [text, ...text.split(' '), "'", ':', ' ']))
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(known, fc.string(), fc.nat().map(String)), { maxLength: 8 }).map(words => words.join(' ')),
      fc.array(known, { maxLength: 6 }).map(pieces => pieces.join('')),
    )
    fc.assert(
      fc.property(texts, text => {
        const error = errorFromReply(text)
        expect(error).toBeInstanceOf(RedisError)
        expect(error.code).toBe(text.split(' ')[0])
        expect(error instanceof ResponseError || error instanceof ConnectionError).toBe(true)
        expect(JSON.parse(JSON.stringify(error))).toMatchObject({ name: error.constructor.name })
      }),
      { numRuns: 2_000, ...seed },
    )
  })

  it('a redirect contains exactly the address of its text', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.domain().filter(name => name.length <= 255),
      fc.constantFrom('', '?'),
    )
    fc.assert(
      fc.property(fc.nat(16383), host, fc.integer({ min: 1, max: 65535 }), (slot, name, port) => {
        expect(errorFromReply(`MOVED ${slot} ${name}:${port}`)).toMatchObject({
          name: 'MovedError',
          slot,
          host: name,
          port,
        })
        expect(errorFromReply(`ASK ${slot} ${name}:${port}`)).toMatchObject({
          name: 'AskError',
          slot,
          host: name,
          port,
        })
      }),
      { numRuns: 500, ...seed },
    )
  })

  it('an error text of a known form keeps no argument, whatever the argument contains', () => {
    const forms: ((value: string) => string)[] = [
      value => `ERR unknown command 'FOO', with args beginning with: '${value}' `,
      value => `ERR unknown subcommand '${value}'. Try CONFIG HELP.`,
      value => `ERR Error in ACL SETUSER modifier '${value}': Syntax error`,
      value => `NOGROUP No such key '${value}' or consumer group '${value}'`,
      value => `ERR Unknown argument ${value}`,
    ]
    // The marker is a Cyrillic letter, which no text of a server contains.
    const value = fc
      .array(fc.oneof(fc.constantFrom("'", '`', '"', "': ", "', ", 'Ж'), fc.string()), { maxLength: 8 })
      .map(parts => `Ж${parts.join('')}Ж`)
    fc.assert(
      fc.property(fc.constantFrom(...forms), value, (form, argument) => {
        expect(errorFromReply(form(argument)).message).not.toContain('Ж')
      }),
      { numRuns: 1_000, ...seed },
    )
  })
})
