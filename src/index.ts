/** The public door: every export of `@respire/redis`, named one by one. Nothing inside imports it. */

export type { CallOptions } from './client/call-options.js'
export type { MonitorEntry } from './client/monitor.js'
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
export {
  type NodeRole,
  RedisCluster,
  type RedisClusterEvents,
  type RedisClusterStats,
} from './cluster/redis-cluster.js'
export type { Address, Topology, TopologyNode, TopologyShard } from './cluster/topology.js'
export type { AclLogEntry, AclUser } from './commands/acl.js'
export type { Argument, Key } from './commands/argument.js'
export type { Bloom, BloomInfo } from './commands/bloom.js'
export type {
  ClusterLink,
  ClusterNodeInfo,
  ClusterShard,
  ClusterShardNode,
  ClusterSlotNode,
  ClusterSlotRange,
  SlotMigration,
  SlotRange,
  SlotStats,
} from './commands/cluster-commands.js'
export {
  type Ask,
  type Blocking,
  Command,
  type Join,
  keyless,
  type Reserved,
  read,
  type Spec,
  type Traits,
  write,
} from './commands/command.js'
export type { CommandInfo, CommandListFilter } from './commands/command-docs.js'
export type { RedisCommands } from './commands/commands.js'
export type { ClientKillFilter, ClientListFilter, TrackingInfo } from './commands/connections.js'
export type { Bigints, Bytes, Context, Form, Outcome, Plain, Promised, Runner } from './commands/context.js'
export type { CountMin } from './commands/count-min.js'
export type { Cuckoo } from './commands/cuckoo.js'
export type { Decoder } from './commands/decoder.js'
export type { GeoFound, GeoMember, GeoUnit, Position } from './commands/geo.js'
export type { Json, JsonSetOptions } from './commands/json.js'
export type { JsonPath } from './commands/json-values.js'
export { allAfter, countedKeys, halfAfter, type KeySpec, keyAfter, keyAt, keysFrom } from './commands/key-specs.js'
export type {
  LatencyEvent,
  LatencyHistogram,
  LatencySample,
  MemoryStats,
  ModuleInfo,
  SlowlogEntry,
} from './commands/observing.js'
export type { Scored } from './commands/replies.js'
export type {
  ClaimedEntry,
  ConsumerInfo,
  DeliveredEntry,
  FullStreamInfo,
  GroupInfo,
  StreamEntries,
  StreamEntry,
  StreamInfo,
} from './commands/replies-streams.js'
export { MapReply, type Reply, SetReply } from './commands/reply.js'
export type { Bound, ScoredMember } from './commands/scores.js'
export { Script, type ScriptDecoding, type ScriptOptions } from './commands/script.js'
export type { FunctionLibrary, FunctionStats, LibraryFunction, RunningScript } from './commands/scripting.js'
export type { Search } from './commands/search.js'
export type { AggregateOptions, AggregateStep } from './commands/search-aggregate.js'
export type { HybridOptions } from './commands/search-hybrid.js'
export type { IndexInfo, Suggestion } from './commands/search-index-replies.js'
export type { SearchOptions } from './commands/search-query.js'
export type {
  AggregatePart,
  AggregateReply,
  FoundDocument,
  FoundKey,
  HybridReply,
  SearchReply,
} from './commands/search-replies.js'
export type { CreateOptions, Schema, SchemaField } from './commands/search-schema.js'
export type { FailoverOptions, Role, ServerTime, ShutdownOptions } from './commands/server.js'
export type { ClientInfo, Info, InfoValue } from './commands/server-text.js'
export type { Limit, ZrangeOptions } from './commands/sorted-set-ranges.js'
export type { PoppedScored, PoppedSeveralScored, Ranked, ZaddOptions } from './commands/sorted-sets.js'
export type { Autoclaimed, AutoclaimedIds, PendingEntry, PendingSummary } from './commands/stream-groups.js'
export type { RangeOptions, StreamIds, TrimOptions, XaddOptions } from './commands/streams.js'
export type { TDigest } from './commands/t-digest.js'
export type { Aggregation, TimeSeries } from './commands/time-series.js'
export type { GroupRange, Sample, SeriesInfo, SeriesRange } from './commands/time-series-replies.js'
export type { TopK } from './commands/top-k.js'
export type { RawVector, Vector, VectorLink, VectorSetInfo, VsimFound } from './commands/vector-sets.js'
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
export type { MessageHandler, SubscribeArguments, SubscribeOptions, WhenFull } from './pubsub/arguments.js'
export type { Gap } from './pubsub/gap.js'
export type {
  KeyspaceEvent,
  KeyspaceHandler,
  KeyspaceOptions,
  KeyspaceSubscription,
} from './pubsub/keyspace.js'
export type { SubscriptionEvents } from './pubsub/member.js'
export type { Message, Subscription } from './pubsub/subscription.js'
