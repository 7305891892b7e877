import { key, type Make, maybe, word, words } from './vocabulary.js'

export const CONNECTIONS: readonly Make[] = [
  d => ['PING', ...maybe(d, 0.5, word(d)), ...maybe(d, 0.1, word(d))],
  d => ['ECHO', word(d)],
  d => ['SELECT', d.pick(['0', '0', '0', '1', '16', '-1', 'x'])],
  d => ['CLIENT', 'SETNAME', d.pick(['', 'me', 'a b', 'c\n'])],
  () => ['CLIENT', 'GETNAME'],
  d => ['CLIENT', d.pick(['FOO', 'ID', 'GETNAME', 'REPLY']), word(d)],
  d => [
    'CLIENT',
    'UNBLOCK',
    d.pick(['{id:0}', '{id:1}', '{id:2}', '99999999', 'x']),
    ...maybe(d, 0.4, d.pick(['TIMEOUT', 'ERROR', 'foo'])),
  ],
  d => ['CLIENT', 'NO-EVICT', d.pick(['on', 'OFF', 'x'])],
  d => ['CLIENT', 'PAUSE', d.pick(['x', '-1']), ...maybe(d, 0.3, 'FOO')],
  d => ['AUTH', ...words(d, 4)],
  d => ['HELLO', d.pick(['1', '4', 'x', '']), ...maybe(d, 0.3, 'FOO')],
  d => [d.pick(['FOO', 'BAR\r\n', '', 'CLIENT', 'OBJECT', 'SCRIPT']), ...words(d, 3)],
  d => ['WAIT', '0', d.pick(['0', '10', '-1', 'x'])],
  () => ['READONLY'],
  () => ['ASKING'],
]

export const TRANSACTIONS: readonly Make[] = [
  () => ['MULTI'],
  () => ['MULTI'],
  () => ['EXEC'],
  () => ['DISCARD'],
  d => ['WATCH', key(d, 's'), ...maybe(d, 0.3, key(d, 'l'))],
  d => ['WATCH', key(d, 'l')],
  () => ['UNWATCH'],
]

const channel = (d: Parameters<Make>[0]) => d.pick(['c1', 'c2', 'd1', ''])
const pattern = (d: Parameters<Make>[0]) => d.pick(['c*', '?1', '[cd]1', 'd1'])

export const PUBLISHING: readonly Make[] = [
  d => ['PUBLISH', channel(d), word(d)],
  d => ['SPUBLISH', channel(d), word(d)],
  d => ['PUBSUB', 'NUMSUB', channel(d), channel(d)],
  d => ['PUBSUB', 'SHARDNUMSUB', channel(d)],
  () => ['PUBSUB', 'NUMPAT'],
]

export const SUBSCRIBING: readonly Make[] = [
  d => ['SUBSCRIBE', channel(d), ...maybe(d, 0.3, channel(d))],
  d => ['PSUBSCRIBE', pattern(d)],
  d => ['SSUBSCRIBE', channel(d)],
  d => ['UNSUBSCRIBE', ...maybe(d, 0.5, channel(d))],
  d => ['PUNSUBSCRIBE', ...maybe(d, 0.5, pattern(d))],
  d => ['SUNSUBSCRIBE', ...maybe(d, 0.5, channel(d))],
]
