/** Channels, patterns and shard channels. */
import { ALL, type Call, type CommandSpec, command, FIRST } from '../command.js'
import type { Kind } from '../pubsub.js'
import { Failure, NOTHING, type Reply } from '../reply.js'
import { matches } from '../text.js'

const ANYWHERE = 'pubsub loading stale noscript'

export const PUBSUB: readonly CommandSpec[] = [
  command('subscribe', -2, ANYWHERE, undefined, call => subscribe(call, 'channels')),
  command('psubscribe', -2, ANYWHERE, undefined, call => subscribe(call, 'patterns')),
  command('ssubscribe', -2, ANYWHERE, ALL, call => subscribe(call, 'shards')),
  command('unsubscribe', -1, ANYWHERE, undefined, call => unsubscribe(call, 'channels')),
  command('punsubscribe', -1, ANYWHERE, undefined, call => unsubscribe(call, 'patterns')),
  command('sunsubscribe', -1, ANYWHERE, ALL, call => unsubscribe(call, 'shards')),
  command('publish', 3, 'pubsub loading stale publishes', undefined, ({ server, args }) => {
    const [, channel, message] = args as [string, string, string]
    if (server.cluster === undefined) server.log.add({ what: 'publish', channel, message })
    else server.cluster.broadcast('channels', channel, message)
    return server.pubsub.publish(channel, message)
  }),
  command('spublish', 3, 'pubsub loading stale publishes', FIRST, ({ server, args }) => {
    const [, channel, message] = args as [string, string, string]
    if (server.cluster === undefined) server.log.add({ what: 'spublish', channel, message })
    else server.cluster.broadcast('shards', channel, message)
    return server.pubsub.publishToShard(channel, message)
  }),
  command('pubsub|channels', -2, ANYWHERE, undefined, call => topics(call, 'channels')),
  command('pubsub|shardchannels', -2, ANYWHERE, undefined, call => topics(call, 'shards')),
  command('pubsub|numsub', -2, ANYWHERE, undefined, call => counts(call, 'channels')),
  command('pubsub|shardnumsub', -2, ANYWHERE, undefined, call => counts(call, 'shards')),
  command('pubsub|numpat', 2, ANYWHERE, undefined, ({ server }) => server.pubsub.patterns.size),
]

const VERBS: Readonly<Record<Kind, string>> = {
  channels: 'subscribe',
  patterns: 'psubscribe',
  shards: 'ssubscribe',
}

function subscribe(call: Call, kind: Kind): Reply {
  const { connection, server } = call
  if (call.atOnce && connection.protocol === 2) {
    return new Failure(`ERR ${VERBS[kind].toUpperCase()} isn't allowed for a DENY BLOCKING client`)
  }
  for (const topic of call.args.slice(1)) {
    server.pubsub.add(kind, topic, connection)
    connection.push([VERBS[kind], topic, countOf(call, kind)])
  }
  return NOTHING
}

function countOf({ connection }: Call, kind: Kind): number {
  return kind === 'shards' ? connection.shards.size : connection.subscriptions
}

/** Unsubscribes from the given topics, or from all. One message is sent even if there is no subscription. */
function unsubscribe(call: Call, kind: Kind): Reply {
  const { connection, server, args } = call
  const verb = VERBS[kind].replace('sub', 'unsub')
  const topics = args.length > 1 ? args.slice(1) : [...connection[kind]]
  for (const topic of topics) {
    server.pubsub.remove(kind, topic, connection)
    connection.push([verb, topic, countOf(call, kind)])
  }
  if (topics.length === 0) connection.push([verb, null, countOf(call, kind)])
  return NOTHING
}

function topics({ server, args }: Call, kind: Kind): Reply {
  if (args.length > 3) return new Failure(`ERR Unknown PUBSUB subcommand or wrong number of arguments for '${args[1]}'`)
  const [, , pattern] = args
  return [...server.pubsub[kind].keys()].filter(topic => pattern === undefined || matches(pattern, topic))
}

function counts({ server, args }: Call, kind: Kind): Reply {
  return args.slice(2).flatMap(topic => [topic, server.pubsub[kind].get(topic)?.size ?? 0])
}
