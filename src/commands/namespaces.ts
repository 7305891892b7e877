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

// Loaded at the first use of one; until then `call` must be able to ask what their names mean.
loadModulesWith(() => [Bloom, CountMin, Cuckoo, Json, Search, TDigest, TimeSeries, TopK])

/**
 * The modules that came to be parts of Redis 8, each under the first word of its commands. A namespace runs its commands on what it
 * was taken from, so `redis.pipeline().json.get('a').json.get('b')` is a pipeline still.
 */
export abstract class Namespaces<C extends Context> extends Runner<C> {
  /** JSON documents. @since 8.0 */
  get json(): Json<C> {
    return new Json<C>(this)
  }

  /** Indexes and queries: full text, tags, numbers, places, vectors. @since 8.0 */
  get ft(): Search<C> {
    return new Search<C>(this)
  }

  /** Time series. @since 8.0 */
  get ts(): TimeSeries<C> {
    return new TimeSeries<C>(this)
  }

  /** Bloom filters. @since 8.0 */
  get bf(): Bloom<C> {
    return new Bloom<C>(this)
  }

  /** Cuckoo filters. @since 8.0 */
  get cf(): Cuckoo<C> {
    return new Cuckoo<C>(this)
  }

  /** Count-min sketches. @since 8.0 */
  get cms(): CountMin<C> {
    return new CountMin<C>(this)
  }

  /** Lists of the most frequent items. @since 8.0 */
  get topk(): TopK<C> {
    return new TopK<C>(this)
  }

  /** t-digests. @since 8.0 */
  get tdigest(): TDigest<C> {
    return new TDigest<C>(this)
  }
}
