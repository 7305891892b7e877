import type { Argument, Arguments, Key, Several } from './core/argument.js'
import { Command } from './core/command.js'
import { type Context, type Outcome, Runner } from './core/context.js'
import type { Decoder } from './core/decoder.js'
import { bare, fieldName, int, key as keyName, keys, list, pairsOf, plain, put, word } from './core/decoders.js'
import { keyAt, keysFrom } from './core/key-specs.js'
import { pushAll } from './core/option-tokens.js'
import type { Reply } from './core/reply.js'
import { unexpectedReply } from './core/reply-errors.js'
import { keyless } from './core/spec.js'

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
// A sharded channel is not a key, but it has a slot like a key.
const SPUBLISH = keyless('SPUBLISH', int, { keys: [keyAt(0, 'write')] })

/** Commands to publish messages and to list subscriptions. To subscribe, use `subscribe` of the client. */
export abstract class PubSub<C extends Context> extends Runner<C> {
  /**
   * Publishes a message to a channel. Returns the number of subscribers on this server that receive it. @since 2.0
   * [PUBLISH](https://redis.io/commands/publish)
   */
  publish(channel: Key, message: Argument): Outcome<C, C['int']> {
    return this.run(new Command(PUBLISH, [channel, message]))
  }

  /**
   * Returns the channels of this server that have subscribers, without pattern subscriptions; if a glob-style pattern
   * is given, only matching channels. @since 2.8 [PUBSUB CHANNELS](https://redis.io/commands/pubsub-channels)
   */
  pubsubChannels(pattern?: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(PUBSUB_CHANNELS, pattern === undefined ? [] : [pattern]))
  }

  /** Returns the server's own help on PUBSUB. @since 6.2 [PUBSUB HELP](https://redis.io/commands/pubsub-help) */
  pubsubHelp(): Outcome<C, string[]> {
    return this.run(new Command(PUBSUB_HELP, []))
  }

  /**
   * Returns the number of patterns with subscribers on this server. @since 2.8
   * [PUBSUB NUMPAT](https://redis.io/commands/pubsub-numpat)
   */
  pubsubNumpat(): Outcome<C, C['int']> {
    return this.run(new Command(PUBSUB_NUMPAT, []))
  }

  /**
   * Returns the number of subscribers of each channel on this server, without pattern subscriptions. @since 2.8
   * [PUBSUB NUMSUB](https://redis.io/commands/pubsub-numsub)
   */
  pubsubNumsub(...channels: Several<Key>): Outcome<C, Record<string, C['int']>> {
    return this.run(new Command(PUBSUB_NUMSUB, flat(channels)))
  }

  /**
   * Returns the sharded channels of this server that have subscribers; if a glob-style pattern is given, only matching
   * channels. @since 7.0 [PUBSUB SHARDCHANNELS](https://redis.io/commands/pubsub-shardchannels)
   */
  pubsubShardchannels(pattern?: Key): Outcome<C, C['text'][]> {
    return this.run(new Command(PUBSUB_SHARDCHANNELS, pattern === undefined ? [] : [pattern]))
  }

  /**
   * Returns the number of subscribers of each sharded channel on this server. @since 7.0
   * [PUBSUB SHARDNUMSUB](https://redis.io/commands/pubsub-shardnumsub)
   */
  pubsubShardnumsub(...channels: Several<Key>): Outcome<C, Record<string, C['int']>> {
    return this.run(new Command(PUBSUB_SHARDNUMSUB, flat(channels)))
  }

  /**
   * Publishes a message to a sharded channel. Returns the number of subscribers on this server that receive it.
   * @since 7.0 [SPUBLISH](https://redis.io/commands/spublish)
   */
  spublish(channel: Key, message: Argument): Outcome<C, C['int']> {
    return this.run(new Command(SPUBLISH, [channel, message]))
  }
}

/** An empty list is allowed: the reply is then empty. */
function flat(channels: Several<Key>): Arguments {
  const args: Arguments = []
  for (const each of channels) if (!Array.isArray(each) || each.length > 0) pushAll(args, each as Key | readonly Key[])
  return args
}
