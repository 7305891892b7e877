import { afterAll, beforeAll } from 'vitest'
import type { Cluster, ClusterOptions, Server, ServerOptions } from './servers.mjs'
import { startCluster, startSingle } from './servers.mjs'

/** Starts a server for the tests of this file (or of this describe block). */
export function useServer(options?: ServerOptions): () => Server {
  return useStarted(() => startSingle(options))
}

/** Starts a cluster for the tests of this file (or of this describe block). */
export function useCluster(options?: ClusterOptions): () => Cluster {
  return useStarted(() => startCluster(options))
}

function useStarted<T extends { stop(): Promise<void> }>(start: () => Promise<T>): () => T {
  let started: T | undefined
  beforeAll(async () => {
    started = await start()
  })
  afterAll(() => started?.stop())
  return () => {
    if (!started) throw new Error('the server starts before the tests run: use it inside a test')
    return started
  }
}
