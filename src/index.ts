/** The public entry point: every export of `@respire/redis` by name. No other file of `src` imports it. */

export type { CloseOptions } from './client/close-options.js'
export { type FakeMethods, fakeCommands } from './client/fake-commands.js'
export type { MonitorEntry } from './client/monitor.js'
export { type BatchError, type Piped, Pipeline, type Settled } from './client/pipeline.js'
export { Redis, type RedisEvents, type RedisStats } from './client/redis.js'
export type { Scan } from './client/scan.js'
export type { Session } from './client/session.js'
export { type Queued, Transaction } from './client/transaction.js'
export type { RetryOptions } from './client/transaction-retry.js'
export type { SessionOptions, View } from './client/view.js'
export type { AddressMap, ReadFrom, RedisClusterOptions, Seed } from './cluster/cluster-options.js'
export type { Redirect } from './cluster/cluster-state.js'
export type { PartOutcome } from './cluster/fan-out.js'
export {
  type NodeRole,
  RedisCluster,
  type RedisClusterEvents,
  type RedisClusterStats,
} from './cluster/redis-cluster.js'
export type { Address, Topology, TopologyNode, TopologyShard } from './cluster/topology.js'
export type { AclLogEntry, AclUser } from './commands/acl.js'
export type { BitfieldGet, BitfieldOperation, BitOperation, BitUnit } from './commands/bitmaps.js'
export type { SetslotOptions, SlotMigrationTask, SlotRange } from './commands/cluster-commands.js'
export type {
  ClusterLink,
  ClusterNodeInfo,
  ClusterShard,
  ClusterShardNode,
  ClusterSlotNode,
  ClusterSlotRange,
  SlotMigration,
  SlotStats,
} from './commands/cluster-replies.js'
export type { CommandInfo, CommandListFilter } from './commands/command-docs.js'
export type { RedisCommands } from './commands/commands.js'
export type { ClientKillFilter, ClientListFilter, TrackingInfo } from './commands/connections.js'
export type { Argument, Fields, Key, OneOrMore, Several } from './commands/core/argument.js'
export type { CallOptions } from './commands/core/call-options.js'
export { Command } from './commands/core/command.js'
export type {
  Bigints,
  Bytes,
  Context,
  Form,
  Outcome,
  Plain,
  Promised,
  ReplyTypes,
  Runner,
} from './commands/core/context.js'
export type { Decoder } from './commands/core/decoder.js'
export type { Scored } from './commands/core/decoders.js'
export type { AtMostOne, NoneOf } from './commands/core/exclusive-options.js'
export { allAfter, countedKeys, halfAfter, type KeySpec, keyAfter, keyAt, keysFrom } from './commands/core/key-specs.js'
export { MapReply, type Reply, SetReply } from './commands/core/reply.js'
export type { ScanOptions } from './commands/core/scan-options.js'
export {
  type Ask,
  type Blocking,
  type BlockingArgument,
  type Join,
  keyless,
  type RequestPolicy,
  type Reserved,
  type ResponsePolicy,
  read,
  type Spec,
  type Traits,
  write,
} from './commands/core/spec.js'
export type {
  GeoArea,
  GeoaddOptions,
  GeoDetails,
  GeoFound,
  GeoMember,
  GeoSelection,
  GeoStore,
  GeoUnit,
  Position,
} from './commands/geo.js'
export type { HexpireOptions, HsetexOptions } from './commands/hash-expiry.js'
export type { FieldValue, HscanOptions, ScannedEntries, ScannedFields } from './commands/hashes.js'
export type { ExpireOptions, Lifetime, NewLifetime } from './commands/key-expiry.js'
export type { CopyOptions, KeyScanOptions, MigrateOptions, RestoreOptions, ScannedKeys } from './commands/keys.js'
export type { LmpopOptions, LposOptions, Popped, PoppedSeveral, Side } from './commands/lists.js'
export type {
  Bloom,
  BloomField,
  BloomGrowth,
  BloomInfo,
  BloomInsertOptions,
  FilterChunk,
} from './commands/modules/bloom.js'
export type { CountMin, CountMinInfo, CountMinMergeOptions } from './commands/modules/count-min.js'
export type { Cuckoo, CuckooInfo, CuckooInsertOptions, CuckooReserveOptions } from './commands/modules/cuckoo.js'
export type { Json, JsonEntry, JsonSetOptions, RawJson, RawJsonFormat } from './commands/modules/json.js'
export type { JsonPath, Matches } from './commands/modules/json-values.js'
export type { Search, SpellcheckOptions, SuggestOptions } from './commands/modules/search.js'
export type { AggregateOptions, AggregateStep, WithCursor } from './commands/modules/search-aggregate.js'
export type { HybridOptions, HybridQuery, HybridVector } from './commands/modules/search-hybrid.js'
export type { ConfigHelp, Correction, IndexInfo, Suggestion } from './commands/modules/search-index-replies.js'
export type { SearchOptions } from './commands/modules/search-query.js'
export type {
  AggregatePart,
  AggregateReply,
  FoundDocument,
  FoundKey,
  HybridReply,
  Profiled,
  SearchReply,
} from './commands/modules/search-replies.js'
export type { CreateOptions, Schema, SchemaField } from './commands/modules/search-schema.js'
export type { TDigest, TDigestInfo, TDigestMergeOptions } from './commands/modules/t-digest.js'
export type {
  Aggregation,
  Aggregator,
  NewSample,
  SeriesAddOptions,
  SeriesAlteration,
  SeriesCountOptions,
  SeriesGrouping,
  SeriesLabelOptions,
  SeriesOptions,
  SeriesRangeOptions,
  SeriesRangesOptions,
  TimeSeries,
  Timestamp,
} from './commands/modules/time-series.js'
export type {
  GroupRange,
  Sample,
  SeriesDetails,
  SeriesInfo,
  SeriesRange,
  SeriesSample,
} from './commands/modules/time-series-replies.js'
export type { CountedItem, TopK, TopKInfo, TopKReserveOptions } from './commands/modules/top-k.js'
export type {
  CommandLogType,
  LatencyEvent,
  LatencyHistogram,
  LatencySample,
  MemoryStats,
  ModuleInfo,
  SlowlogEntry,
} from './commands/monitoring.js'
export { Script, type ScriptDecoding, type ScriptOptions } from './commands/script.js'
export type {
  FlushOptions,
  FunctionLibrary,
  FunctionListOptions,
  FunctionRestoreOptions,
  FunctionStats,
  LibraryFunction,
  RunningScript,
} from './commands/scripting.js'
export type { FailoverOptions, FlushMode, Role, ServerTime, ShutdownOptions } from './commands/server.js'
export type { ScannedMembers, SintercardOptions } from './commands/sets.js'
export type { Combination, ZintercardOptions } from './commands/sorted-set-algebra.js'
export type { Limit, ZrangeOptions } from './commands/sorted-set-ranges.js'
export type { Bound, ScoredMember } from './commands/sorted-set-scores.js'
export type {
  Extreme,
  PoppedScored,
  PoppedSeveralScored,
  Ranked,
  ZaddOptions,
  ZmpopOptions,
  ZscanOptions,
} from './commands/sorted-sets.js'
export type { SortOptions, SortStoreOptions } from './commands/sorting.js'
export type {
  Autoclaimed,
  AutoclaimedIds,
  NackMode,
  PendingEntry,
  PendingSummary,
  XautoclaimOptions,
  XclaimOptions,
  XgroupCreateOptions,
  XnackOptions,
  XpendingOptions,
  XreadgroupOptions,
} from './commands/stream-groups.js'
export type {
  ClaimedEntry,
  ConsumerInfo,
  DeliveredEntry,
  FullStreamInfo,
  GroupInfo,
  StreamEntries,
  StreamEntry,
  StreamInfo,
} from './commands/stream-replies.js'
export type {
  RangeOptions,
  References,
  StreamId,
  StreamIds,
  TrimOptions,
  XaddOptions,
  XcfgsetOptions,
  XreadOptions,
  XsetidOptions,
} from './commands/streams.js'
export type {
  Comparison,
  LcsIdxOptions,
  LcsMatch,
  LcsMatches,
  LcsOptions,
  MsetexOptions,
  SetConditions,
  SetOptions,
} from './commands/strings.js'
export type { ClientInfo, Info, InfoValue } from './commands/text-replies.js'
export type {
  RawVector,
  VaddOptions,
  Vector,
  VectorLink,
  VectorSetInfo,
  VsimFound,
  VsimOptions,
} from './commands/vector-sets.js'
export type { BatchContext, CommandContext, ConnectContext, HandlerContext } from './connection/diagnostics.js'
export type { LinkState } from './connection/link/link-owner.js'
export type {
  Credentials,
  CredentialsProvider,
  Endpoint,
  PoolOptions,
  QueueOptions,
  ReconnectOptions,
  RedisOptions,
} from './connection/options/options.js'
export type { PoolStats } from './connection/pool/pool.js'
export type { ReaderLimits } from './connection/resp/protocol.js'
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
  type DeliveryOutcome,
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
  type Phase,
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
export type { AcquireOptions, ExtendOptions } from './lock/acquire-options.js'
export { Lock } from './lock/lock.js'
export type { LockClient, LockListener } from './lock/lock-client.js'
export type { LockOptions } from './lock/options.js'
export type { Gap } from './pubsub/gap.js'
export type { KeyspaceEvent, KeyspaceHandler, KeyspaceOptions, KeyspaceSubscription } from './pubsub/keyspace.js'
export type { MessageHandler, SubscribeArguments, SubscribeOptions, WhenFull } from './pubsub/subscribe-arguments.js'
export type { Message, Subscription } from './pubsub/subscription.js'
export type { SubscriptionEvents } from './pubsub/subscription-state.js'
