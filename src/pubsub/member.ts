/** What the registry knows of a subscription: which topics it listens to, and where their messages go. */
import { Events } from '../connection/events.js'
import type { Key } from '../commands/command.js'
import type { Reply } from '../commands/reply.js'
import type { RedisError } from '../errors/errors.js'
import { RedisError as AnyRedisError } from '../errors/errors.js'
