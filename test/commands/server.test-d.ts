import { describe, expectTypeOf, it } from 'vitest'
import type { AclLogEntry, AclUser } from '../../src/commands/acl.js'
import type { ClusterNodeInfo, ClusterShard, ClusterSlotRange } from '../../src/commands/cluster-replies.js'
import type { CommandInfo } from '../../src/commands/command-docs.js'
import type { Commands } from '../../src/commands/commands.js'
import type { TrackingInfo } from '../../src/commands/connections.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import type { LatencyEvent, LatencyHistogram, MemoryStats, SlowlogEntry } from '../../src/commands/monitoring.js'
import type { Role, ServerTime } from '../../src/commands/server.js'
import type { ClientInfo, Info } from '../../src/commands/text-replies.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>
declare const raw: boolean

describe('types of server commands', () => {
  it('server commands return typed information', () => {
    expectTypeOf(plain.info()).toEqualTypeOf<Promise<Info>>()
    expectTypeOf(bytes.info('memory')).toEqualTypeOf<Promise<Info>>()
    expectTypeOf(plain.info([], { raw: false })).toEqualTypeOf<Promise<Info>>()
    expectTypeOf(plain.info([], { raw: true })).toEqualTypeOf<Promise<string>>()
    expectTypeOf(bytes.info([], { raw: true })).toEqualTypeOf<Promise<Buffer>>()
    expectTypeOf(plain.info([], { raw })).toEqualTypeOf<Promise<Info | string>>()
    expectTypeOf(bytes.info([], { raw })).toEqualTypeOf<Promise<Info | Buffer>>()
    expectTypeOf(plain.role()).toEqualTypeOf<Promise<Role>>()
    expectTypeOf(bigints.time()).toEqualTypeOf<Promise<ServerTime>>()
    expectTypeOf(plain.dbsize()).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bigints.dbsize()).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(bigints.lastsave()).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(plain.configGet('*')).toEqualTypeOf<Promise<Record<string, string>>>()
    expectTypeOf(bytes.configGet('*')).toEqualTypeOf<Promise<Record<string, Buffer>>>()
    expectTypeOf(plain.flushall('async')).toEqualTypeOf<Promise<'OK'>>()
    expectTypeOf(bytes.shutdown()).toEqualTypeOf<Promise<'OK'>>()
  })

  it('server commands exclude invalid options', () => {
    // @ts-expect-error
    plain.bgsave({ schedule: true, cancel: true })
    // @ts-expect-error
    plain.flushall('later')
    // @ts-expect-error
    plain.replicaof('h', 1)
    // @ts-expect-error
    plain.configSet('maxmemory', 0)
    // @ts-expect-error
    plain.clientPause(1, 'reads')
    // @ts-expect-error
    plain.clusterSetslot(1, 'importing')
    // @ts-expect-error
    plain.clusterSetslot(1, 'stable', 'id')
  })
})

describe('types of CLIENT and ACL commands', () => {
  it('CLIENT and ACL commands return typed information', () => {
    expectTypeOf(plain.ping()).toEqualTypeOf<Promise<'PONG'>>()
    expectTypeOf(bytes.ping()).toEqualTypeOf<Promise<'PONG'>>()
    expectTypeOf(plain.ping('x')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(bytes.ping('x')).toEqualTypeOf<Promise<Buffer>>()
    expectTypeOf(bytes.echo('x')).toEqualTypeOf<Promise<Buffer>>()
    expectTypeOf(bytes.clientGetname()).toEqualTypeOf<Promise<Buffer | null>>()
    expectTypeOf(bigints.clientId()).toEqualTypeOf<Promise<bigint>>()
    expectTypeOf(bytes.clientInfo()).toEqualTypeOf<Promise<ClientInfo>>()
    expectTypeOf(plain.clientList()).toEqualTypeOf<Promise<ClientInfo[]>>()
    expectTypeOf(plain.clientKill({ id: 1 })).toEqualTypeOf<Promise<number>>()
    expectTypeOf(bytes.clientTrackinginfo()).toEqualTypeOf<Promise<TrackingInfo<Buffer, number>>>()
    expectTypeOf(plain.aclGetuser('a')).toEqualTypeOf<Promise<AclUser | null>>()
    expectTypeOf(plain.aclLog()).toEqualTypeOf<Promise<AclLogEntry[]>>()
    expectTypeOf(bytes.aclUsers()).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(bytes.aclWhoami()).toEqualTypeOf<Promise<Buffer>>()
    expectTypeOf(bigints.aclDeluser('a')).toEqualTypeOf<Promise<bigint>>()
  })
})

describe('types of options of server commands', () => {
  it('server commands exclude options that conflict', () => {
    // @ts-expect-error
    void plain.shutdown({ abort: true, now: true })
    // @ts-expect-error
    void plain.failover({ abort: true, timeout: 1 })
    // @ts-expect-error
    void plain.commandList({ module: 'm', pattern: 'x*' })
    // @ts-expect-error
    void plain.clientList({ type: 'normal', id: [1] })
  })
})

describe('types of monitoring commands', () => {
  it('monitoring commands return typed information', () => {
    expectTypeOf(plain.slowlogGet()).toEqualTypeOf<Promise<SlowlogEntry<string>[]>>()
    expectTypeOf(bytes.slowlogGet()).toEqualTypeOf<Promise<SlowlogEntry<Buffer>[]>>()
    expectTypeOf(bytes.commandlogGet(1, 'slow')).toEqualTypeOf<Promise<SlowlogEntry<Buffer>[]>>()
    expectTypeOf(plain.latencyLatest()).toEqualTypeOf<Promise<LatencyEvent[]>>()
    expectTypeOf(plain.latencyHistogram()).toEqualTypeOf<Promise<Record<string, LatencyHistogram>>>()
    expectTypeOf(plain.memoryStats()).toEqualTypeOf<Promise<MemoryStats>>()
    expectTypeOf(bigints.memoryUsage('k')).toEqualTypeOf<Promise<bigint | null>>()
    expectTypeOf(plain.command()).toEqualTypeOf<Promise<CommandInfo[]>>()
    expectTypeOf(plain.commandInfo('get')).toEqualTypeOf<Promise<(CommandInfo | null)[]>>()
    expectTypeOf(bytes.commandGetkeys('get', 'k')).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(bytes.commandGetkeysandflags('get', 'k')).toEqualTypeOf<Promise<{ key: Buffer; flags: string[] }[]>>()
    expectTypeOf(plain.clusterNodes()).toEqualTypeOf<Promise<ClusterNodeInfo[]>>()
    expectTypeOf(plain.clusterShards()).toEqualTypeOf<Promise<ClusterShard[]>>()
    expectTypeOf(plain.clusterSlots()).toEqualTypeOf<Promise<ClusterSlotRange[]>>()
    expectTypeOf(bytes.clusterGetkeysinslot(1, 1)).toEqualTypeOf<Promise<Buffer[]>>()
    expectTypeOf(bigints.clusterKeyslot('k')).toEqualTypeOf<Promise<bigint>>()
  })
})
