/** Follows calls from their start to their end by the channels of this package. */
import type { TracingChannelSubscribers } from 'node:diagnostics_channel'
import { batchChannel, commandChannel } from '../connection/diagnostics.js'
import type { Traced } from './attributes.js'

/** Functions that are called at the start and at the end of each call. The end gets the result of the start. */
export interface Observer<S> {
  begin(context: Traced): S
  end(begun: S, context: Traced): void
}

function subscribersOf<S>({ begin, end }: Observer<S>): TracingChannelSubscribers<Traced> {
  const begun = new WeakMap<Traced, { readonly value: S }>()
  const nothing = () => {}
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

/** Calls `observer` for each call of every client of the process. Returns a function that ends it. */
export function observeCalls<S>(observer: Observer<S>): () => void {
  const subscribers = subscribersOf(observer)
  commandChannel.subscribe(subscribers)
  batchChannel.subscribe(subscribers)
  return () => {
    commandChannel.unsubscribe(subscribers)
    batchChannel.unsubscribe(subscribers)
  }
}
