/** The Redis that tests, demo and benchmarks run on. */
export type FoundRedis =
  | { kind: 'docker'; image: string }
  | { kind: 'binary'; path: string; version: string }
  | { kind: 'url'; url: string }

/** The Redis to use, or null if there is none. Rejects if REDIS_TEST_SERVER asks for one that cannot be had. */
export function findRedis(log?: (line: string) => void): Promise<FoundRedis | null>

/** Installs redis-server with apt-get, as root or with passwordless sudo; rejects with the other ways where that cannot be. */
export function installRedis(log?: (line: string) => void): Promise<FoundRedis>

/** The address of the first Docker engine that answers, as options of `http.request`, or null. */
export function findEngine(): Promise<{ socketPath: string } | { host: string; port: string | number } | null>
