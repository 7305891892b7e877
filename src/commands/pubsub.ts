import type { Argument, Arguments, Key } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import { bare, fieldName, int, key as keyName, keys, list, pairsOf, plain, put, word } from './core/decoders.js'
import { keyAt, keysFrom } from './core/key-specs.js'
import { pushAll, type Several } from './core/option-tokens.js'
import type { Reply } from './core/reply.js'
import { keyless } from './core/spec.js'
import { unexpectedReply } from './core/unexpected-reply.js'

/** Numbers by channel. */
const numbers: Decoder = (reply, shape) => {
  const pairs = pairsOf(reply)
  if (pairs === undefined) return unexpectedReply(reply, 'a map')
  const object = bare()
  for (let i = 0; i < pairs.length; i += 2) {
    put(object, fieldName(keyName(pairs[i] ?? null, shape) as Reply), int(pairs[i + 1] ?? null, shape))
  }
  return plain(object)
}

const pattern = { patterns: [keyAt(0, 'read')], beforePattern: [] }
const channels = { names: [keysFrom(0, 'read')] }

const PUBLISH = keyless('PUBLISH', int, { names: [keyAt(0, 'write')] })
const PUBSUB_CHANNELS = keyless('PUBSUB CHANNELS', keys, pattern)
const PUBSUB_HELP = keyless('PUBSUB HELP', list(word))
const PUBSUB_NUMPAT = keyless('PUBSUB NUMPAT', int)
const PUBSUB_NUMSUB = keyless('PUBSUB NUMSUB', numbers, channels)
const PUBSUB_SHARDCHANNELS = keyless('PUBSUB SHARDCHANNELS', keys, pattern)
const PUBSUB_SHARDNUMSUB = keyless('PUBSUB SHARDNUMSUB', numbers, channels)
// A sharded channel is no key, but it has a slot like one.
const SPUBLISH = keyless('SPUBLISH', int, { keys: [keyAt(0, 'write')] })

/** Sending messages, and asking who listens. Listening itself is `subscribe` of the client. */
export abstract class PubSub<C extends Context> extends Runner<C> {
  /**
   * Sends a message to those who listen to a channel, and tells how many of them are on this server. @since 2.0
   * [PUBLISH](https://redis.io/commands/publish)
   */
  publish(channel: Key, message: Argument): Outcome<C, C['int']> {
    return this.run(new Command(PUBLISH, [channel, message]))
  }

  /**
   * The channels of this server that somebody listens to, not by a pattern; only those of a glob-style pattern if given.
   * @since 2.8 [PUBSUB CHANNELS](https://redis.io/commands/pubsub-channels)
   */
  pubsubChannels(pattern?: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(PUBSUB_CHANNELS, pattern === undefined ? [] : [pattern]))
  }

  /** The server's own help on PUBSUB. @since 6.2 [PUBSUB HELP](https://redis.io/commands/pubsub-help) */
  pubsubHelp(): Outcome<C, string[]> {
    return this.run(new Command(PUBSUB_HELP, []))
  }

  /**
   * How many patterns are listened to on this server. @since 2.8 [PUBSUB NUMPAT](https://redis.io/commands/pubsub-numpat)
   */
  pubsubNumpat(): Outcome<C, C['int']> {
    return this.run(new Command(PUBSUB_NUMPAT, []))
  }

  /**
   * How many listen to each channel on this server, not by a pattern. @since 2.8
   * [PUBSUB NUMSUB](https://redis.io/commands/pubsub-numsub)
   */
  pubsubNumsub(...channels: Several<Key>): Outcome<C, Record<string, C['int']>> {
    return this.run(new Command(PUBSUB_NUMSUB, flat(channels)))
  }

  /**
   * The sharded channels of this server that somebody listens to; only those of a glob-style pattern if given. @since 7.0
   * [PUBSUB SHARDCHANNELS](https://redis.io/commands/pubsub-shardchannels)
   */
  pubsubShardchannels(pattern?: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(PUBSUB_SHARDCHANNELS, pattern === undefined ? [] : [pattern]))
  }

  /**
   * How many listen to each sharded channel on this server. @since 7.0
   * [PUBSUB SHARDNUMSUB](https://redis.io/commands/pubsub-shardnumsub)
   */
  pubsubShardnumsub(...channels: Several<Key>): Outcome<C, Record<string, C['int']>> {
    return this.run(new Command(PUBSUB_SHARDNUMSUB, flat(channels)))
  }

  /**
   * Sends a message to those who listen to a sharded channel, and tells how many of them are on this server. @since 7.0
   * [SPUBLISH](https://redis.io/commands/spublish)
   */
  spublish(channel: Key, message: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SPUBLISH, [channel, message]))
  }
}

/** None at all is fine: the answer is empty then. */
function flat(channels: Several<Key>): Arguments {
  const args: Arguments = []
  for (const each of channels) if (!Array.isArray(each) || each.length > 0) pushAll(args, each as Key | readonly Key[])
  return args
}
