import type { Command } from '../commands/core/command.js'

/**
 * What a lock needs of a client: it runs commands. `Redis`, `RedisCluster`, their views and their mocks all fit.
 */
export interface LockClient {
  run<R>(command: Command): Promise<R>
  /** The same client with a signal for each call: what is given up before it is written is never sent. */
  with?(options: { readonly signal: AbortSignal }): LockClient
  /** Listens to channels. A lock that waits is woken through it; without it, it asks again and again. */
  subscribe?(channels: readonly string[], handler: (message: string | Buffer) => void): Promise<LockListener>
  /**
   * Of a client that puts a prefix before keys and channels: the prefix, and the client without it. The prefix is a part of the
   * lock's name then, since it decides which slot its keys share.
   */
  readonly '~prefix'?: LockPrefix | undefined
}

export interface LockPrefix {
  readonly prefix: string
  readonly unprefixed: LockClient
}

/** A subscription of a lock that waits. */
export interface LockListener {
  unsubscribe(): Promise<unknown>
  /** Calls `handler` when it has ended, whoever ended it. Without it, a lock that waits finds that out by asking. */
  once?(name: 'close', handler: () => void): unknown
}
