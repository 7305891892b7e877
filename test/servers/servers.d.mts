import type { ChildProcess } from 'node:child_process'
import type { FoundRedis } from '../../scripts/find-redis.mjs'

// ---- servers

export interface ServerOptions {
  /** More arguments for redis-server, after those of the test servers: `['--maxclients', '5']`. */
  config?: readonly string[]
  /** The password of the default user. */
  password?: string
  /** Users and their rules: `{ alice: 'on >secret ~app:* +@read' }`. */
  acl?: Readonly<Record<string, string>>
  /** Opens a TLS port in addition to the plain one. */
  tls?: true | TlsOptions
  /** Opens a unix socket in addition to the port; local servers only. */
  unixSocket?: boolean
  /** The path of a redis-server or valkey-server to use instead of the chosen one. */
  program?: string
}

export interface TlsOptions {
  /** The certificate of the server. Default 'good'. */
  certificate?: ServerCertificate
  /** Whether clients must present a certificate. Default 'no'. */
  clients?: 'no' | 'optional' | 'yes'
}

/** A server. The methods below send commands over raw connections to the plain port, as a user with all permissions. */
export interface Server {
  readonly kind: FoundRedis['kind']
  readonly flavour: 'redis' | 'valkey'
  /** `[7, 0, 15]`. */
  readonly version: readonly number[]
  atLeast(...version: number[]): boolean
  hasCommand(name: string): Promise<boolean>

  readonly host: string
  readonly port: number
  /** `redis://127.0.0.1:port`, without the password. */
  readonly url: string
  readonly socketPath: string | undefined
  readonly tls: TlsAccess | undefined

  /** Sends one command over a connection of its own. An error reply rejects. */
  command(...args: readonly RawArgument[]): Promise<RawReply>
  connect(): Promise<Raw>

  /** The pid of the process, in its container if it runs in one; 0 if the tests did not start it. */
  readonly pid: number
  readonly alive: boolean
  readonly paused: boolean
  /** Sends SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>
  /** Kills the process if it lives, and starts it again in the same folder. */
  restart(options?: { anotherPort?: boolean }): Promise<void>
  /** Sends SIGSTOP. */
  pause(): Promise<void>
  /** Sends SIGCONT. */
  resume(): Promise<void>
  /** Ends the process and removes its files. */
  stop(): Promise<void>
}

export interface TlsAccess {
  /** 'localhost'. The good certificate is valid for localhost and 127.0.0.1. */
  host: string
  port: number
  /** `rediss://localhost:port`. */
  url: string
  /** PEM: the authority, and the certificate and key of a client. */
  ca: string
  cert: string
  key: string
}

export interface ClusterOptions extends ServerOptions {
  /** Default 3. */
  primaries?: number
  /** Default 1. */
  replicasEach?: number
  /** Milliseconds. Default 1000. */
  nodeTimeout?: number
}

export interface ClusterNode extends Server {
  readonly id: string
}

export interface Cluster {
  /** Primaries first, then their replicas in the same order, as they were at the start. */
  readonly nodes: readonly ClusterNode[]
  /** The nodes that are neither dead nor paused. */
  readonly living: readonly ClusterNode[]
  /** `redis://127.0.0.1:port` of every node. */
  readonly seeds: readonly string[]
  /** `rediss://localhost:port` of every node, if it has TLS. */
  readonly tlsSeeds: readonly string[]

  /** The primary of a slot, as the first living node sees it. */
  primaryOf(slot: number): Promise<ClusterNode>
  primaries(): Promise<readonly ClusterNode[]>
  replicasOf(primary: ClusterNode): Promise<readonly ClusterNode[]>
  /** Returns a key of this slot. */
  key(slot: number, suffix?: string | number): string

  /** Resolves when every living node is ok, all nodes agree on the slots, and the replicas are linked. */
  waitReady(): Promise<void>
  /** Starts dead nodes, resumes paused ones, and waits until the cluster is ready. Roles stay as they are. */
  heal(): Promise<void>
  /** Kills all nodes and starts them again, on other ports if asked; waits until the cluster is ready. */
  restart(options?: { anotherPort?: boolean }): Promise<void>
  stop(): Promise<void>

  /** Makes a replica primary; resolves when every living node knows. Waits first until it is in sync, unless `how` is given. */
  failover(replica: ClusterNode, how?: 'FORCE' | 'TAKEOVER'): Promise<void>
  /** Kills a primary; resolves with the promoted replica when every living node knows it. Rejects if none could be promoted. */
  killPrimary(primary: ClusterNode): Promise<ClusterNode>
  /** Moves a slot and its keys; resolves when every living node knows. Moves wait for each other. */
  moveSlot(slot: number, to: ClusterNode): Promise<void>
  /** Starts the move of a slot and leaves it half-way: migrated keys get ASK, commands with split keys TRYAGAIN. */
  beginMove(slot: number, to: ClusterNode): Promise<SlotMove>
}

export interface SlotMove {
  readonly slot: number
  readonly from: ClusterNode
  readonly to: ClusterNode
  /** Migrates only these keys. */
  migrate(...keys: string[]): Promise<void>
  /** Migrates the other keys, then the slot itself. */
  finish(): Promise<void>
}

/** Resolves with the Redis of this run, which is chosen once. Rejects if there is none. */
export function chooseRedis(): Promise<FoundRedis>
export function startSingle(options?: ServerOptions): Promise<Server>
export function startCluster(options?: ClusterOptions): Promise<Cluster>

// ---- certificates

export interface Certificate {
  cert: string
  key: string
}

export type ServerCertificate =
  | 'good'
  | 'wrongName'
  | 'addressOnly'
  | 'noName'
  | 'expired'
  | 'selfSigned'
  | 'otherAuthority'

/** PEM. `ca` signed all certificates except `selfSigned`, `otherAuthority` and `strangeClient`. */
export type Certificates = Readonly<Record<ServerCertificate | 'client' | 'strangeClient', Certificate>> & {
  readonly ca: string
  readonly otherCa: string
}

/** The certificates of this process, which are made at the first call. */
export function getCertificates(): Certificates

// ---- raw connections

export type RawArgument = string | number | Uint8Array
// biome-ignore lint/suspicious/noExplicitAny: the type of a reply depends on the command, which only the test knows
export type RawReply = any
/** Simple strings are text, bulk strings are bytes. Error replies inside arrays are Errors. */
export type RawBytesReply = string | number | Buffer | Error | null | RawBytesReply[]

export interface RawTarget {
  host?: string
  port: number
  username?: string
  password?: string
}

/** A RESP2 connection that shares no code with the client under test. */
export interface Raw {
  /** Resolves with the reply, bulk strings as text. An error reply rejects with an Error of its text. */
  command(...args: readonly RawArgument[]): Promise<RawReply>
  /** Resolves with the reply, bulk strings as bytes. */
  bytes(...args: readonly RawArgument[]): Promise<RawBytesReply>
  close(): void
}

export function connectRaw(target: RawTarget): Promise<Raw>
export function encode(args: readonly RawArgument[]): Buffer
/** The RESP2 value that begins at `at`, or undefined if it is not complete yet. */
export function decode(data: Buffer, at?: number): { value: RawBytesReply; end: number } | undefined

// ---- slots, ports, processes

export function slotOf(key: string | Uint8Array): number
/** Returns a short text that hashes to this slot. */
export function tagOf(slot: number): string
/** Resolves with a port on 127.0.0.1, in 10000–19999, that could just be bound, as could its bus port. */
export function takePort(): Promise<number>
export function givePortBack(port: number): void
/** Makes sure that this child is killed when our process ends, even by SIGKILL. */
export function keep(child: ChildProcess): void
