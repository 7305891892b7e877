import type { Engine, ViewOf } from '../client/engine.js'
import type { Step } from '../client/scan.js'
import type { Session } from '../client/session.js'
import type { ReplyTypes } from '../commands/core/context.js'
import type { RedisClusterException } from '../errors/errors.js'
import type { Registry } from '../pubsub/registry.js'
import type { ClusterNode } from './cluster-node.js'
import type { ClusterSettings } from './cluster-options.js'
import { scanAll } from './cluster-scan.js'
import { holdClusterSession } from './cluster-session.js'
import { ClusterSubscribers, type ClusterSubscribersOwner } from './cluster-subscribers.js'
import { Router, type RouterOwner } from './router.js'
import type { Topology } from './topology.js'

/** The engine of a cluster: a router that lends connections by slot, goes through the keys of every primary, and listens. */
export class ClusterEngine extends Router implements Engine {
  readonly isCluster = true
  readonly carriers: ClusterSubscribers

  constructor(options: ClusterSettings, owner: RouterOwner & ClusterSubscribersOwner) {
    super(options, owner)
    this.carriers = new ClusterSubscribers(this, owner)
  }

  get subscriptions(): Registry {
    return this.carriers.registry
  }

  override adopt(topology: Topology): void {
    super.adopt(topology)
    this.carriers.adopt()
  }

  override onRefreshFailed(error: RedisClusterException, inVain: boolean): void {
    super.onRefreshFailed(error, inVain)
    this.carriers.registry.onUnplaced(error, inVain)
  }

  override move(slot: number, node: ClusterNode): void {
    super.move(slot, node)
    this.carriers.moved(slot)
  }

  override get watched(): 'no' | 'yes' | 'soon' {
    const watched = super.watched
    return watched === 'no' && this.carriers.isWaiting ? 'yes' : watched
  }

  scan<T>(step: (on: Engine, cursor: string) => Promise<Step<T>>): AsyncIterable<readonly T[]> {
    return scanAll(this, step, () => this.state === 'open')
  }

  session<F extends ReplyTypes, T>(
    view: ViewOf,
    fn: (session: Session<F>) => Promise<T> | T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return holdClusterSession(this, view, fn, signal)
  }
}
