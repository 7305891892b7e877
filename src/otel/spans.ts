/** A span for each call, as a child of the span that is active where the call is made. */
import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import {
  batchAttributes,
  failureAttributes,
  operationAttributes,
  operationOf,
  serverAttributes,
  type Traced,
} from './attributes.js'
import type { Observer } from './calls.js'

export function spansOf(tracer: Tracer): Observer<Traced, Span> {
  return {
    begin: context =>
      tracer.startSpan(operationOf(context), {
        kind: SpanKind.CLIENT,
        attributes: { ...operationAttributes(context), ...batchAttributes(context) },
      }),
    end: (span, context) => {
      span.setAttributes(serverAttributes(context))
      if (Object.hasOwn(context, 'error')) addFailure(span, context)
      span.end()
    },
  }
}

function addFailure(span: Span, context: Traced): void {
  const { error } = context
  span.setAttributes(failureAttributes(context))
  if (error instanceof Error) {
    span.recordException(error)
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
  } else span.setStatus({ code: SpanStatusCode.ERROR })
}
