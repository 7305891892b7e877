/** The public door: every export of `@respire/redis`, named one by one. Nothing inside imports it. */

export type { CallOptions } from './client/call-options.js'
export type { RetryOptions } from './client/optimism.js'
export { type BatchError, type Piped, Pipeline, type Settled } from './client/pipeline.js'
export { type CloseOptions, Redis, type RedisEvents, type RedisStats } from './client/redis.js'
export type { Scan } from './client/scan.js'
export type { Session } from './client/session.js'
export { type Queued, Transaction } from './client/transaction.js'
export type { SessionOptions, View } from './client/view.js'
export type { AddressMap, ReadFrom, RedisClusterOptions, Seed } from './cluster/cluster-options.js'
export type { PartOutcome } from './cluster/fan-out.js'
export type { Redirect } from './cluster/redirects.js'
export { type NodeRole, RedisCluster, type RedisClusterEvents, type RedisClusterStats } from './cluster/redis-cluster.js'
export type { Address, Topology, TopologyNode, TopologyShard } from './cluster/topology.js'
export {
  type Argument,
  type Ask,
  type Blocking,
  Command,
  type Join,
  type Key,
  keyless,
  type Reserved,
  read,
  type Spec,
  type Traits,
  write,
} from './commands/command.js'
export type { RedisCommands } from './commands/commands.js'
export type { Bigints, Bytes, Context, Form, Outcome, Plain, Promised, Runner } from './commands/context.js'
export type { Decoder } from './commands/decoder.js'
export { allAfter, countedKeys, halfAfter, type KeySpec, keyAfter, keyAt, keysFrom } from './commands/key-specs.js'
export { MapReply, type Reply, SetReply } from './commands/reply.js'
export type {
  Credentials,
  CredentialsProvider,
  Endpoint,
  PoolOptions,
  QueueOptions,
  ReconnectOptions,
  RedisOptions,
} from './connection/options.js'
export type { PoolStats } from './connection/pool.js'
export {
  AskError,
  AuthenticationError,
  AuthenticationWrongNumberOfArgsError,
  AuthorizationError,
  BusyLoadingError,
  ChildDeadlockedError,
  ClusterCrossSlotError,
  ClusterDownError,
  ClusterError,
  ConnectionError,
  DataError,
  ExecAbortError,
  InvalidResponse,
  LockError,
  LockNotOwnedError,
  type LockReason,
  MasterDownError,
  MaxConnectionsError,
  ModuleError,
  MovedError,
  NoPermissionError,
  NoScriptError,
  OutOfMemoryError,
  PubSubError,
  ReadOnlyError,
  RedisClusterException,
  RedisError,
  ResponseError,
  SlotNotCoveredError,
  TimeoutError,
  TryAgainError,
  WatchError,
} from './errors/errors.js'
export { type AcquireOptions, type ExtendOptions, Lock } from './lock/lock.js'
export type { LockClient, LockListener } from './lock/lock-client.js'
export type { LockOptions } from './lock/options.js'
