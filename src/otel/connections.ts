/**
 * Metrics of connections. Those of a client are read from its `stats` when the metrics are collected, so they cost its calls
 * nothing. The conventions call the metrics `db.client.connection.*` unstable: their names may still change.
 */
import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import type { Redis } from '../client/redis.js'
import type { RedisCluster } from '../cluster/redis-cluster.js'
import { performance } from '../commands/core/timers.js'
import { connectChannel } from '../connection/diagnostics.js'
import { failureAttributes, serverAttributes } from './attributes.js'
import { observe } from './calls.js'

export type Client = Redis | RedisCluster

const POOL = 'db.client.connection.pool.name'

/** Observes the connections of `client` under the name of its pool. Returns a function that ends it. */
export function observeConnections(meter: Meter, client: Client, name: string): () => void {
  const pool: Attributes = { [POOL]: name }
  const gauge = (metric: string, unit: string, description: string): Observable =>
    meter.createObservableUpDownCounter(metric, { unit, description })
  const count = gauge('db.client.connection.count', '{connection}', 'Leased connections, by their state.')
  const pending = gauge(
    'db.client.connection.pending_requests',
    '{request}',
    'Callers that wait for a leased connection.',
  )
  const inflight = gauge('respire.client.inflight', '{command}', 'Commands that are sent and have no reply yet.')
  const queued = gauge('respire.client.queued', '{command}', 'Commands that are accepted and not yet sent.')
  const queuedBytes = gauge('respire.client.queued_bytes', 'By', 'The approximate size of the queued commands.')
  const reconnects = meter.createObservableCounter('respire.client.reconnects', {
    unit: '{connection}',
    description: 'Connections that replaced a lost one.',
  })
  const gaps = meter.createCounter('respire.client.gaps', {
    unit: '{gap}',
    description: 'Times in which messages of subscriptions may have been missed.',
  })
  const all = [count, pending, inflight, queued, queuedBytes, reconnects]
  const collect = (result: BatchObservableResult): void => {
    const { stats } = client
    result.observe(count, stats.pool.idle, { ...pool, 'db.client.connection.state': 'idle' })
    result.observe(count, stats.pool.lent, { ...pool, 'db.client.connection.state': 'used' })
    result.observe(pending, stats.pool.waiting, pool)
    result.observe(inflight, stats.inflight, pool)
    result.observe(queued, stats.queued, pool)
    result.observe(queuedBytes, stats.queuedBytes, pool)
    result.observe(reconnects, stats.reconnects, pool)
  }
  const onGap = () => gaps.add(1, pool)
  meter.addBatchObservableCallback(collect, all)
  client.on('gap', onGap)
  return () => {
    meter.removeBatchObservableCallback(collect, all)
    client.off('gap', onGap)
  }
}

/** Measures each attempt to connect, of every client of the process. Returns a function that ends it. */
export function observeDials(meter: Meter): () => void {
  const created = meter.createHistogram('db.client.connection.create_time', {
    unit: 's',
    description: 'The time it took to create a new connection.',
  })
  return observe(connectChannel, {
    begin: () => performance.now(),
    end: (start, context) => {
      created.record((performance.now() - start) / 1_000, {
        ...serverAttributes(context),
        ...failureAttributes(context),
      })
    },
  })
}
