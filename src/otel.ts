/** The entry point `@respire/redis/otel`: spans and metrics of OpenTelemetry. */

export { type Instrumentation, type InstrumentOptions, instrument } from './otel/instrument.js'
