/** A Redis for tests, demo and benchmarks. */
export type FoundRedis =
  | { kind: 'docker'; image: string }
  | { kind: 'binary'; path: string; version: string }
  | { kind: 'url'; url: string }

/** Resolves with the Redis to use, or null if there is none. Rejects if the one that REDIS_TEST_SERVER names cannot be used. */
export function findRedis(log?: (line: string) => void): Promise<FoundRedis | null>

/** Installs redis-server with apt-get, as root or with passwordless sudo. If that is impossible, rejects with the alternatives. */
export function installRedis(log?: (line: string) => void): Promise<FoundRedis>

/** Resolves with the address of the first Docker engine that answers, as options of `http.request`, or null. */
export function findEngine(): Promise<{ socketPath: string } | { host: string; port: string | number } | null>
