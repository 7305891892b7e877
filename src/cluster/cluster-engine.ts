import type { Engine, ViewOf } from '../client/engine.js'
import type { Step } from '../client/scan.js'
import type { Session } from '../client/session.js'
import type { Form } from '../commands/context.js'
import { holdClusterSession } from './cluster-session.js'
import { Router } from './router.js'
import { scanAll } from './scan-all.js'

/** The engine of a cluster: a router that lends connections by slot and goes through the keys of every primary. */
export class ClusterEngine extends Router implements Engine {
  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]> {
    return scanAll(this, step)
  }

  session<F extends Form, T>(
    view: ViewOf,
    fn: (session: Session<F>) => Promise<T> | T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return holdClusterSession(this, view, fn, signal)
  }
}
