import type { Command } from '../commands/core/command.js'

/** A client that a lock can use: an object that runs commands. `Redis`, `RedisCluster`, their views and mocks of them fit. */
export interface LockClient {
  /** Resolves with the decoded reply to `command`. */
  run<R>(command: Command): Promise<R>
  /** Returns the same client with a signal for each call: a command that is aborted before it is written is never sent. */
  with?(options: { readonly signal: AbortSignal }): LockClient
  /** Subscribes to channels, over which a waiting lock is woken. Without this method a waiting lock polls. */
  subscribe?(channels: readonly string[], handler: (message: string | Buffer) => void): Promise<LockListener>
  /**
   * The key prefix of the client, and the same client without it. The prefix is then a part of the lock's name, because it may
   * decide in which slot the keys are.
   */
  readonly '~prefix'?: LockPrefix | undefined
  /** Aborts when the client accepts no more calls: a waiting lock then rejects at once. Without it, at its next try. */
  readonly '~closing'?: AbortSignal | undefined
}

export interface LockPrefix {
  readonly prefix: string
  readonly unprefixed: LockClient
}

/** The subscription of a waiting lock. */
export interface LockListener {
  /** Resolves when the subscription has ended. */
  unsubscribe(): Promise<unknown>
  /** Calls `handler` when the subscription has ended for any reason. Without this method a waiting lock notices it by polling. */
  once?(name: 'close', handler: () => void): unknown
}
