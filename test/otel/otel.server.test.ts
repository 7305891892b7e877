import { context, type Tracer, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DataError, Redis, RedisCluster } from '../../src/index.js'
import { type Instrumentation, instrument } from '../../src/otel.js'
import { useCluster, useServer } from '../servers/vitest.js'

const server = useServer()
const cluster = useCluster()

let spans: InMemorySpanExporter
let tracer: Tracer
let metrics: InMemoryMetricExporter
let reader: PeriodicExportingMetricReader
let meterProvider: MeterProvider
let running: Instrumentation
const clients: (Redis | RedisCluster)[] = []
const open = <C extends Redis | RedisCluster>(client: C): C => {
  clients.push(client)
  return client
}

beforeEach(() => {
  spans = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  tracer = tracerProvider.getTracer('test')
  metrics = new InMemoryMetricExporter(AggregationTemporality.DELTA)
  reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 })
  meterProvider = new MeterProvider({ readers: [reader] })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  running = instrument({ tracerProvider, meterProvider })
})

afterEach(async () => {
  running.stop()
  await Promise.all(clients.splice(0).map(client => client.close()))
  await meterProvider.shutdown()
  context.disable()
})

const named = (name: string): ReadableSpan[] => spans.getFinishedSpans().filter(span => span.name === name)

/** The points of a metric, collected now. */
async function pointsOf<T>(name: string): Promise<DataPoint<T>[]> {
  metrics.reset()
  await reader.forceFlush()
  const all = metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(each => each.metrics))
  return all
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => dataPoints as DataPoint<T>[])
}

describe('spans', () => {
  test('a call is a client span with the attributes of the conventions, and with no key or value', async () => {
    const redis = open(new Redis({ port: server().port, db: 3 }))
    await redis.set('secret-key', 'secret-value')
    const [span] = named('SET')
    expect(span?.kind).toBe(2)
    expect(span?.attributes).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
      'db.namespace': '3',
      'server.address': '127.0.0.1',
      'server.port': server().port,
    })
    expect(JSON.stringify([span?.attributes, span?.events])).not.toContain('secret')
  })

  test('the span is a child of the span that is active where the call is made', async () => {
    const redis = open(new Redis({ port: server().port }))
    await redis.ping()
    const parent = tracer.startSpan('request')
    await context.with(trace.setSpan(context.active(), parent), () =>
      Promise.all([redis.get('a'), redis.multi().get('b').get('c').exec()]),
    )
    parent.end()
    for (const name of ['GET', 'MULTI']) {
      expect(named(name)[0]?.parentSpanContext?.spanId, name).toBe(parent.spanContext().spanId)
    }
  })

  test('a pipeline and a transaction are one span each, with their size as an attribute', async () => {
    const redis = open(new Redis({ port: server().port }))
    await redis.pipeline().get('a').get('b').get('c').exec()
    await redis.multi().set('a', 1).exec()
    expect(named('PIPELINE')[0]?.attributes['db.operation.batch.size']).toBe(3)
    expect(named('MULTI')).toHaveLength(1)
    expect(named('MULTI')[0]?.attributes).not.toHaveProperty('db.operation.batch.size')
  })

  test('an error of the server has its code, and one of the client its class and its outcome', async () => {
    const redis = open(new Redis({ port: server().port }))
    await redis.set('text', 'x')
    await expect(redis.incr('text')).rejects.toThrow(/not an integer/)
    const [incr] = named('INCR')
    expect(incr?.attributes).toMatchObject({ 'error.type': 'ERR', 'db.response.status_code': 'ERR' })
    expect(incr?.status.code).toBe(2)
    expect(incr?.events[0]?.name).toBe('exception')
    const away = open(new Redis({ port: 1, commandTimeout: 200 })).on('error', () => {})
    await expect(away.get('a')).rejects.toThrow()
    const [get] = named('GET')
    expect(get?.attributes['respire.outcome']).toBe('not sent')
    expect(get?.attributes['error.type']).toMatch(/^(ConnectionError|TimeoutError)$/)
    expect(get?.attributes).not.toHaveProperty('db.response.status_code')
  })

  test('the span of a call of a cluster client has the node that replied', async () => {
    const client = open(new RedisCluster(cluster().seeds))
    for (const key of 'abcdefghij') await client.get(key)
    const ports = new Set(named('GET').map(({ attributes }) => attributes['server.port']))
    const primaries = client.topology?.shards.map(({ primary }) => primary.port)
    expect([...ports].sort()).toEqual(primaries?.sort())
  })

  test('no span is made after stop()', async () => {
    const redis = open(new Redis({ port: server().port }))
    running.stop()
    await redis.ping()
    expect(spans.getFinishedSpans()).toEqual([])
  })
})

describe('metrics', () => {
  test('the duration of calls is counted by command and by failure, in seconds', async () => {
    const redis = open(new Redis({ port: server().port }))
    await redis.set('text', 'x')
    await Promise.all([redis.get('text'), redis.get('text'), redis.incr('text').catch(() => {})])
    const points = await pointsOf<Histogram>('db.client.operation.duration')
    const of = (command: string) => points.find(({ attributes }) => attributes['db.operation.name'] === command)
    expect(of('GET')?.value.count).toBe(2)
    expect(of('GET')?.value.max).toBeLessThan(60)
    expect(of('INCR')?.attributes).toMatchObject({ 'error.type': 'ERR', 'server.port': server().port })
    expect(of('GET')?.value.buckets.boundaries).toContain(0.001)
  })

  test('the connections of an observed client are measured until it closes', async () => {
    const redis = open(new Redis({ port: server().port }))
    running.observe(redis, 'main')
    await redis.session(async session => {
      await session.ping()
      const points = await pointsOf<number>('db.client.connection.count')
      const used = points.find(({ attributes }) => attributes['db.client.connection.state'] === 'used')
      expect(used).toMatchObject({ value: 1, attributes: { 'db.client.connection.pool.name': 'main' } })
    })
    expect((await pointsOf<number>('respire.client.inflight'))[0]?.value).toBe(0)
    await redis.close()
    expect(await pointsOf<number>('respire.client.inflight')).toEqual([])
  })

  test('each attempt to connect is measured, and a failed one has its reason', async () => {
    await open(new Redis({ port: server().port })).ping()
    const away = open(new Redis({ port: 1, commandTimeout: 200 })).on('error', () => {})
    await expect(away.get('a')).rejects.toThrow()
    const points = await pointsOf<Histogram>('db.client.connection.create_time')
    const of = (port: number) => points.find(({ attributes }) => attributes['server.port'] === port)
    expect(of(server().port)?.attributes).not.toHaveProperty('error.type')
    expect(of(1)?.attributes).toHaveProperty('error.type')
  })

  test('wrong options and clients are DataError', () => {
    expect(() => instrument({ spans: 'yes' } as never)).toThrow(DataError)
    expect(() => instrument({ tracing: true } as never)).toThrow(/Unknown option tracing of instrument\(\)/)
    expect(() => running.observe({} as never)).toThrow(/observe\(\) needs a client/)
  })
})
