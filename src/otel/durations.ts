/** The duration of each call as a histogram. Its count, by `error.type` and `respire.outcome`, is the number of calls. */
import type { Histogram, Meter } from '@opentelemetry/api'
import { performance } from '../commands/core/timers.js'
import { batchAttributes, failureAttributes, operationAttributes, type Traced } from './attributes.js'
import type { Observer } from './calls.js'

/** Seconds, as the conventions ask for. */
const BOUNDARIES = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

export function durationsOf(meter: Meter): Observer<Traced, number> {
  const histogram: Histogram = meter.createHistogram('db.client.operation.duration', {
    description: 'Duration of database client operations.',
    unit: 's',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  })
  return {
    begin: () => performance.now(),
    end: (start, context) => {
      const attributes = { ...operationAttributes(context), ...batchAttributes(context), ...failureAttributes(context) }
      histogram.record((performance.now() - start) / 1_000, attributes)
    },
  }
}
