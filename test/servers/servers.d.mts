import type { ChildProcess } from 'node:child_process'
import type { FoundRedis } from '../../scripts/find-redis.mjs'

// ---- servers

export interface ServerOptions {
  /** More arguments of redis-server, after those of the harness: `['--maxclients', '5']`. */
  config?: readonly string[]
  /** Of the default user. */
  password?: string
  /** Users and their rules: `{ alice: 'on >secret ~app:* +@read' }`. */
  acl?: Readonly<Record<string, string>>
  /** A TLS port beside the plain one. */
  tls?: true | TlsOptions
  /** A unix socket beside the port; local servers only. */
  unixSocket?: boolean
  /** Another server than the chosen one: the path of a redis-server or valkey-server. */
  program?: string
}

export interface TlsOptions {
  /** What the server shows. Default 'good'. */
  certificate?: ServerCertificate
  /** Whether clients must show one. Default 'no'. */
  clients?: 'no' | 'optional' | 'yes'
}

/** Any server. Commands of the rig itself go over raw connections to the plain port, with every right. */
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

  /** One command over a connection of its own. An error reply rejects. */
  command(...args: readonly RawArgument[]): Promise<RawReply>
  connect(): Promise<Raw>

  /** Of the process, in its container if it is in one; 0 if it is not ours. */
  readonly pid: number
  readonly alive: boolean
  readonly paused: boolean
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** Kills it if it lives, and starts it anew in the same folder. */
  restart(options?: { anotherPort?: boolean }): Promise<void>
  /** SIGSTOP. */
  pause(): Promise<void>
  /** SIGCONT. */
  resume(): Promise<void>
  /** Ends it and removes what it left. */
  stop(): Promise<void>
}

export interface TlsAccess {
  /** 'localhost': the good certificate is for it and for 127.0.0.1. */
  host: string
  port: number
  /** `rediss://localhost:port`. */
  url: string
  /** PEM: the authority, and a certificate with its key for this client. */
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
  /** Those neither dead nor paused. */
  readonly living: readonly ClusterNode[]
  /** `redis://127.0.0.1:port` of every node. */
  readonly seeds: readonly string[]
  /** `rediss://localhost:port` of every node, if it has TLS. */
  readonly tlsSeeds: readonly string[]

  /** As the first living node sees it. */
  primaryOf(slot: number): Promise<ClusterNode>
  primaries(): Promise<readonly ClusterNode[]>
  replicasOf(primary: ClusterNode): Promise<readonly ClusterNode[]>
  /** A key of this slot. */
  key(slot: number, suffix?: string | number): string

  /** Resolves when every living node is ok, all agree who serves what, and replicas are linked. */
  waitReady(): Promise<void>
  /** Starts the dead, resumes the paused, waits until ready. Roles stay as they are. */
  heal(): Promise<void>
  /** Kills all nodes and starts them anew, on other ports if wished; waits until ready. */
  restart(options?: { anotherPort?: boolean }): Promise<void>
  stop(): Promise<void>

  /** Makes a replica primary; resolves when every living node says so. Waits for its link first, unless forced. */
  failover(replica: ClusterNode, how?: 'FORCE' | 'TAKEOVER'): Promise<void>
  /** SIGKILL; resolves with the promoted replica when every living node says so. Refuses where none could be promoted. */
  killPrimary(primary: ClusterNode): Promise<ClusterNode>
  /** Moves a slot and its keys; resolves when every living node knows. Moves wait for each other. */
  moveSlot(slot: number, to: ClusterNode): Promise<void>
  /** Opens a move and leaves the slot half-way: ASK for what is not there, TRYAGAIN for what is torn. */
  beginMove(slot: number, to: ClusterNode): Promise<SlotMove>
}

export interface SlotMove {
  readonly slot: number
  readonly from: ClusterNode
  readonly to: ClusterNode
  /** These keys only. */
  migrate(...keys: string[]): Promise<void>
  /** The other keys, and the slot itself. */
  finish(): Promise<void>
}

/** The Redis that this run is on, chosen once. Rejects if there is none. */
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

/** PEM. `ca` signed all but `selfSigned`, `otherAuthority` and `strangeClient`. */
export type Certificates = Readonly<Record<ServerCertificate | 'client' | 'strangeClient', Certificate>> & {
  readonly ca: string
  readonly otherCa: string
}

/** The certificates of this process, made at the first call. */
export function getCertificates(): Certificates

// ---- raw connections

export type RawArgument = string | number | Uint8Array
// biome-ignore lint/suspicious/noExplicitAny: a reply is what the server says, and only a test knows what it asked for
export type RawReply = any
/** Simple strings and bulk strings apart: text and bytes. Error replies inside arrays are Errors. */
export type RawBytesReply = string | number | Buffer | Error | null | RawBytesReply[]

export interface RawTarget {
  host?: string
  port: number
  username?: string
  password?: string
}

/** A RESP2 connection that shares nothing with the client under test. */
export interface Raw {
  /** The reply, its bulk strings as text. An error reply rejects with an Error of its text. */
  command(...args: readonly RawArgument[]): Promise<RawReply>
  /** The reply, its bulk strings as bytes. */
  bytes(...args: readonly RawArgument[]): Promise<RawBytesReply>
  close(): void
}

export function connectRaw(target: RawTarget): Promise<Raw>
export function encode(args: readonly RawArgument[]): Buffer
/** The RESP2 value that begins at `at`, or undefined if its end has not arrived. */
export function decode(data: Buffer, at?: number): { value: RawBytesReply; end: number } | undefined

// ---- slots, ports, processes

export function slotOf(key: string | Uint8Array): number
/** A short text whose slot is this one. */
export function tagOf(slot: number): string
/** A port on 127.0.0.1, in 10000–19999, that could be bound a moment ago, and its bus port with it. */
export function takePort(): Promise<number>
export function givePortBack(port: number): void
/** This child is killed at the latest when our process ends, however it ends. */
export function keep(child: ChildProcess): void
