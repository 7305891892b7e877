/** Follows operations from their start to their end by the channels of this package. */
import type { TracingChannel, TracingChannelSubscribers } from 'node:diagnostics_channel'
import { batchChannel, commandChannel } from '../connection/diagnostics.js'
import type { Traced } from './attributes.js'

/** Functions that are called at the start and at the end of each operation. The end gets the result of the start. */
export interface Observer<C extends object, S> {
  begin(context: C): S
  end(begun: S, context: C): void
}

const nothing = (): void => {}

function subscribersOf<C extends object, S>({ begin, end }: Observer<C, S>): TracingChannelSubscribers<C> {
  const begun = new WeakMap<C, { readonly value: S }>()
  return {
    start: context => {
      begun.set(context, { value: begin(context) })
    },
    end: nothing,
    asyncStart: nothing,
    error: nothing,
    asyncEnd: context => {
      const state = begun.get(context)
      if (state === undefined) return
      begun.delete(context)
      end(state.value, context)
    },
  }
}

/** Calls `observer` for each operation of `channel`, of every client of the process. Returns a function that ends it. */
export function observe<C extends object, S>(
  channel: TracingChannel<unknown, C>,
  observer: Observer<C, S>,
): () => void {
  const subscribers = subscribersOf(observer)
  channel.subscribe(subscribers)
  return () => {
    channel.unsubscribe(subscribers)
  }
}

/** Calls `observer` for each call: a command, a pipeline or a transaction. Returns a function that ends it. */
export function observeCalls<S>(observer: Observer<Traced, S>): () => void {
  const ends = [observe(commandChannel, observer), observe(batchChannel, observer)]
  return () => {
    for (const end of ends) end()
  }
}
