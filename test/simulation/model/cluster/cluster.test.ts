import { describe, expect, it } from 'vitest'
import { Random } from '../../../rig/random.mjs'
import { Talk } from '../talk.js'
import { ModelCluster, type ModelClusterOptions } from './cluster.js'
import { slotOf } from './slots.js'

function started(options: Partial<ModelClusterOptions> = {}) {
  const clock = { now: 1_000_000 }
  const random = new Random(1)
  const cluster = new ModelCluster({
    now: () => clock.now,
    random: () => random.float(),
    primaries: 3,
    replicasEach: 1,
    ...options,
  })
  /** Advances the clock by `ms` and runs all events that are due. */
  const pass = (ms: number) => {
    const end = clock.now + ms
    while (cluster.wakeAt <= end) {
      clock.now = Math.max(clock.now, cluster.wakeAt)
      cluster.wake()
    }
    clock.now = end
  }
  return { cluster, pass, owner: cluster.nodes[Math.floor((slotOf('a') * 3) / 16_384)]! }
}

const SLOT = slotOf('a')

describe('the model of a cluster', () => {
  it('the model cluster computes the same slots as Redis', () => {
    expect([slotOf('a'), slotOf('foo'), slotOf('{user}.x'), slotOf('foo{}{bar}'), slotOf('')]).toEqual([
      15_495, 12_182, 5_474, 8_363, 0,
    ])
  })

  it('a node of the model cluster redirects to the owner of a slot, and rejects keys of two slots', () => {
    const { cluster, owner } = started()
    const other = cluster.nodes[(owner.index + 1) % 3]!
    expect(new Talk(other.server).say('SET a 1')).toBe(`-"MOVED ${SLOT} 127.0.0.1:${owner.address.port}"`)
    expect(new Talk(owner.server).say('SET a 1')).toBe('+"OK"')
    expect(new Talk(owner.server).say('MSET a 1 b 2')).toContain('-"CROSSSLOT')
  })

  it('the model cluster replies ASK while a slot moves, and announces the new owner afterwards', () => {
    const { cluster, owner, pass } = started({ gossipDelay: () => 100 })
    const target = cluster.nodes[(owner.index + 1) % 3]!
    const [source, importing] = [new Talk(owner.server), new Talk(target.server)]
    source.say('MSET {a}1 x {a}2 y')
    cluster.migrations.start(SLOT, target)
    expect(source.say('GET {a}1')).toBe('$"x"')
    expect(source.say('SET {a}3 z')).toBe(`-"ASK ${SLOT} 127.0.0.1:${target.address.port}"`)
    expect(importing.say('SET {a}3 z')).toContain('-"MOVED')
    expect(importing.say('ASKING')).toBe('+"OK"')
    expect(importing.say('SET {a}3 z')).toBe('+"OK"')
    cluster.migrations.moveKeys(SLOT, 1)
    expect(source.say('MGET {a}1 {a}2')).toContain('-"TRYAGAIN')
    cluster.migrations.finish(SLOT)
    expect(importing.say('MGET {a}1 {a}2 {a}3')).toBe('*[$"x" $"y" $"z"]')
    expect(source.say('GET {a}1')).toContain('-"ASK')
    pass(100)
    expect(source.say('GET {a}1')).toContain('-"MOVED')
  })

  it('the model cluster ends shard subscriptions and blocking calls when their slot moves', () => {
    const { cluster, owner, pass } = started()
    const target = cluster.nodes[(owner.index + 1) % 3]!
    const [subscribed, blocked] = [new Talk(owner.server), new Talk(owner.server)]
    subscribed.say('HELLO 3')
    expect(subscribed.say('SSUBSCRIBE a')).toBe('>[$"ssubscribe" $"a" :"1"]')
    blocked.say('BLPOP {a}list 0')
    cluster.migrations.start(SLOT, target)
    cluster.migrations.finish(SLOT)
    pass(0)
    expect(subscribed.replies()).toBe('>[$"sunsubscribe" $"a" :"0"]')
    expect(blocked.replies()).toContain('-"MOVED')
  })

  it('the model cluster loses acknowledged writes that the replica had not applied when its primary died', () => {
    const lost = new Set<string>()
    const { cluster, owner, pass } = started({
      replicationDelay: () => 500,
      onLost: keys => {
        for (const key of keys) lost.add(key)
      },
    })
    const replica = cluster.nodes[owner.index + 3]!
    const talk = new Talk(owner.server)
    talk.say('SET a 1')
    pass(500)
    expect(talk.say('SET a 2')).toBe('+"OK"')
    cluster.kill(owner)
    expect(talk.closed).toBe(true)
    const reading = new Talk(replica.server)
    expect(reading.say('GET a')).toContain('-"MOVED')
    pass(1_200)
    expect(new Talk(cluster.nodes[(owner.index + 1) % 3]!.server).say('GET a')).toContain('-"CLUSTERDOWN')
    pass(1_000)
    expect(reading.say('GET a')).toBe('$"1"')
    expect([...lost]).toEqual(['a'])
    cluster.restart(owner)
    pass(1_000)
    expect(owner.isPrimary).toBe(false)
    expect(new Talk(owner.server).say('SET a 3')).toBe(`-"MOVED ${SLOT} 127.0.0.1:${replica.address.port}"`)
  })

  it('the model cluster loses nothing in a manual failover, and its replicas answer reads after READONLY', () => {
    const { cluster, owner, pass } = started({ replicationDelay: () => 10 })
    const replica = cluster.nodes[owner.index + 3]!
    const reading = new Talk(replica.server)
    new Talk(owner.server).say('SET a 1')
    cluster.failover(replica)
    pass(10)
    expect(new Talk(replica.server).say('GET a')).toBe('$"1"')
    const old = new Talk(owner.server)
    expect(old.say('GET a')).toContain('-"MOVED')
    expect(old.say('READONLY')).toBe('+"OK"')
    expect(old.say('GET a')).toBe('$"1"')
    expect(old.say('SET a 2')).toContain('-"MOVED')
    expect(reading.say('SET a 2')).toBe('+"OK"')
  })

  it('a primary of the model cluster that is cut off accepts writes for a while, and loses them when it rejoins', () => {
    const lost: string[] = []
    const { cluster, owner, pass } = started({ onLost: keys => lost.push(...keys) })
    const talk = new Talk(owner.server)
    cluster.cutOff(owner)
    expect(talk.say('SET a 1')).toBe('+"OK"')
    pass(1_000)
    expect(talk.say('SET a 2')).toContain('-"CLUSTERDOWN')
    pass(1_000)
    cluster.heal(owner)
    pass(10)
    expect(talk.say('GET a')).toContain('-"MOVED')
    expect(lost).toContain('a')
  })

  it('WAIT in the model cluster returns the number of replicas that have applied the writes', () => {
    const { owner, pass } = started({ replicationDelay: () => 30 })
    const talk = new Talk(owner.server)
    talk.say('SET a 1')
    expect(talk.say('WAIT 1 1000')).toBe('')
    pass(30)
    expect(talk.replies()).toBe(':"1"')
  })

  it('the model cluster answers CLUSTER SLOTS, SHARDS, NODES and INFO', () => {
    const { owner } = started()
    const talk = new Talk(owner.server)
    expect(talk.say('CLUSTER SLOTS')).toMatch(/^\*\[\*\[:"0" :"5461" \*\[\$"127\.0\.0\.1" :"7000"/)
    expect(talk.say('CLUSTER SHARDS')).toContain('$"replication-offset"')
    expect(talk.say('CLUSTER NODES')).toContain('myself,master')
    expect(talk.say('CLUSTER INFO')).toContain('cluster_state:ok')
  })
})
