import type { Command } from '../commands/command.js'

/**
 * What a lock needs of a client: it runs commands. `Redis`, `RedisCluster`, their views and their mocks all fit.
 */
export interface LockClient {
  run<R>(command: Command): Promise<R>
  /** The same client with a signal for each call: what is given up before it is written is never sent. */
  with?(options: { readonly signal: AbortSignal }): LockClient
  /** Listens to channels. A lock that waits is woken through it; without it, it asks again and again. */
  subscribe?(channels: readonly string[], handler: (message: string | Buffer) => void): Promise<LockListener>
}

/** A subscription of a lock that waits. */
export interface LockListener {
  unsubscribe(): Promise<unknown>
}
