import { metrics as globalMetrics, type MeterProvider, type TracerProvider, trace } from '@opentelemetry/api'
import { type Checks, isAnything, isBoolean, ownOptions } from '../commands/core/check-options.js'
import { DataError } from '../errors/errors.js'
import { observeCalls } from './calls.js'
import { type Client, observeConnections, observeDials } from './connections.js'
import { durationsOf } from './durations.js'
import { spansOf } from './spans.js'

export interface InstrumentOptions {
  /** Where spans go (default: the global provider of `@opentelemetry/api`). */
  readonly tracerProvider?: TracerProvider | undefined
  /** Where metrics go (default: the global provider). */
  readonly meterProvider?: MeterProvider | undefined
  /** Whether each call is a span (default true). */
  readonly spans?: boolean | undefined
  /** Whether calls and connections are measured (default true). */
  readonly metrics?: boolean | undefined
}

export interface Instrumentation {
  /**
   * Measures the connections of `client` until it closes: leased ones, callers that wait, commands in flight and queued. `name`
   * is the name of its pool (default: its server).
   */
  observe(client: Client, name?: string): void
  /** Ends all spans and metrics. */
  stop(): void
}

const CHECKS: Checks<InstrumentOptions> = {
  tracerProvider: isAnything,
  meterProvider: isAnything,
  spans: isBoolean,
  metrics: isBoolean,
}

const NAME = '@respire/redis'

/**
 * Returns the running instrumentation: from now on every call of every client of this process is a span and is measured, by the
 * semantic conventions of OpenTelemetry. No key, value or argument is recorded. Call it once, before or after clients are made.
 *
 * @throws DataError for a wrong option
 */
export function instrument(options?: InstrumentOptions): Instrumentation {
  const {
    metrics = true,
    meterProvider,
    spans = true,
    tracerProvider,
  } = ownOptions(options, CHECKS, { of: 'instrument()' })
  const meter = (meterProvider ?? globalMetrics).getMeter(NAME)
  const ends = new Set<() => void>()
  if (spans) ends.add(observeCalls(spansOf((tracerProvider ?? trace).getTracer(NAME))))
  if (metrics) {
    ends.add(observeCalls(durationsOf(meter)))
    ends.add(observeDials(meter))
  }
  return {
    observe: (client, name = poolName(client)) => {
      if (!metrics) return
      if (typeof client?.once !== 'function')
        throw new DataError('observe() needs a client: a Redis or a RedisCluster.')
      const end = observeConnections(meter, client, name)
      ends.add(end)
      client.once('close', () => {
        if (ends.delete(end)) end()
      })
    },
    stop: () => {
      for (const end of ends) end()
      ends.clear()
    },
  }
}

function poolName(client: Client): string {
  return 'node' in client ? client.node : 'cluster'
}
