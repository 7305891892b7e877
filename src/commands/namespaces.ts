import { type Context, Runner } from './core/context.js'
import { loadModulesWith } from './core/spec.js'
import { Bloom } from './modules/bloom.js'
import { CountMin } from './modules/count-min.js'
import { Cuckoo } from './modules/cuckoo.js'
import { Json } from './modules/json.js'
import { Search } from './modules/search.js'
import { TDigest } from './modules/t-digest.js'
import { TimeSeries } from './modules/time-series.js'
import { TopK } from './modules/top-k.js'

// Loads the modules at the first use of a namespace, or when `call` needs the spec of one of their commands.
loadModulesWith(() => [Bloom, CountMin, Cuckoo, Json, Search, TDigest, TimeSeries, TopK])

/**
 * The modules that are part of Redis 8, each named by the first word of its commands. A namespace runs its commands on
 * its object, so `redis.pipeline().json.get('a').json.get('b')` is still a pipeline.
 */
export abstract class Namespaces<C extends Context> extends Runner<C> {
  /** Commands for JSON documents. @since 8.0 */
  get json(): Json<C> {
    return new Json<C>(this)
  }

  /** Commands for indexes and queries: full text, tags, numbers, places, vectors. @since 8.0 */
  get ft(): Search<C> {
    return new Search<C>(this)
  }

  /** Commands for time series. @since 8.0 */
  get ts(): TimeSeries<C> {
    return new TimeSeries<C>(this)
  }

  /** Commands for Bloom filters. @since 8.0 */
  get bf(): Bloom<C> {
    return new Bloom<C>(this)
  }

  /** Commands for Cuckoo filters. @since 8.0 */
  get cf(): Cuckoo<C> {
    return new Cuckoo<C>(this)
  }

  /** Commands for Count-min sketches. @since 8.0 */
  get cms(): CountMin<C> {
    return new CountMin<C>(this)
  }

  /** Commands for lists of the most frequent items. @since 8.0 */
  get topk(): TopK<C> {
    return new TopK<C>(this)
  }

  /** Commands for t-digests. @since 8.0 */
  get tdigest(): TDigest<C> {
    return new TDigest<C>(this)
  }
}
