import { describe, expect, it } from 'vitest'
import { applyPrefix } from '../../src/commands/core/prefix.js'
import { MapReply, type Reply } from '../../src/commands/core/reply.js'
import { expectEncodings, expectRefusals } from './encoding.js'
import { Recorder } from './recorder.js'

const r = new Recorder()

describe('arguments of CLUSTER commands', () => {
  it('CLUSTER commands for slots send their arguments', () => {
    expectEncodings([
      [r.clusterAddslots(1, 2), 'CLUSTER ADDSLOTS 1 2', ''],
      [r.clusterAddslotsrange({ start: 1, end: 2 }, { start: 4, end: 5 }), 'CLUSTER ADDSLOTSRANGE 1 2 4 5', ''],
      [r.clusterCountkeysinslot(1), 'CLUSTER COUNTKEYSINSLOT 1', ''],
      [r.clusterDelslots(1, 2), 'CLUSTER DELSLOTS 1 2', ''],
      [r.clusterDelslotsrange({ start: 1, end: 2 }), 'CLUSTER DELSLOTSRANGE 1 2', ''],
      [r.clusterFlushslots(), 'CLUSTER FLUSHSLOTS', ''],
      [r.clusterGetkeysinslot(1, 10), 'CLUSTER GETKEYSINSLOT 1 10', ''],
      [r.clusterKeyslot('k'), 'CLUSTER KEYSLOT k', ''],
      [r.clusterSetslot(1, 'importing', 'id'), 'CLUSTER SETSLOT 1 IMPORTING id', ''],
      [r.clusterSetslot(1, 'migrating', 'id'), 'CLUSTER SETSLOT 1 MIGRATING id', ''],
      [r.clusterSetslot(1, 'node', 'id'), 'CLUSTER SETSLOT 1 NODE id', ''],
      [r.clusterSetslot(1, 'stable'), 'CLUSTER SETSLOT 1 STABLE', ''],
      [r.clusterSetslot(1, 'node', 'id', { timeout: 9 }), 'CLUSTER SETSLOT 1 NODE id TIMEOUT 9', ''],
      [r.clusterSetslot(1, 'stable', { timeout: 9 }), 'CLUSTER SETSLOT 1 STABLE TIMEOUT 9', ''],
      [
        r.clusterMigrationImport({ start: 0, end: 9 }, { start: 20, end: 29 }),
        'CLUSTER MIGRATION IMPORT 0 9 20 29',
        '',
      ],
      [r.clusterMigrationCancel({ id: 'i' }), 'CLUSTER MIGRATION CANCEL ID i', ''],
      [r.clusterMigrationCancel('all'), 'CLUSTER MIGRATION CANCEL ALL', ''],
      [r.clusterMigrationStatus(), 'CLUSTER MIGRATION STATUS ALL', ''],
      [r.clusterMigrationStatus({ id: 'i' }), 'CLUSTER MIGRATION STATUS ID i', ''],
      [r.clusterShards(), 'CLUSTER SHARDS', ''],
      [r.clusterSlotStats({ slotsrange: { start: 1, end: 2 } }), 'CLUSTER SLOT-STATS SLOTSRANGE 1 2', ''],
      [
        r.clusterSlotStats({ orderby: 'key-count', limit: 3, order: 'ASC' }),
        'CLUSTER SLOT-STATS ORDERBY key-count LIMIT 3 ASC',
        '',
      ],
      [r.clusterSlots(), 'CLUSTER SLOTS', ''],
    ])
  })

  it('CLUSTER commands for nodes send their arguments', () => {
    expectEncodings([
      [r.clusterBumpepoch(), 'CLUSTER BUMPEPOCH', ''],
      [r.clusterCountFailureReports('id'), 'CLUSTER COUNT-FAILURE-REPORTS id', ''],
      [r.clusterFailover(), 'CLUSTER FAILOVER', ''],
      [r.clusterFailover('takeover'), 'CLUSTER FAILOVER TAKEOVER', ''],
      [r.clusterForget('id'), 'CLUSTER FORGET id', ''],
      [r.clusterHelp(), 'CLUSTER HELP', ''],
      [r.clusterInfo(), 'CLUSTER INFO', ''],
      [r.clusterLinks(), 'CLUSTER LINKS', ''],
      [r.clusterMeet('h', 1), 'CLUSTER MEET h 1', ''],
      [r.clusterMeet('h', 1, 2), 'CLUSTER MEET h 1 2', ''],
      [r.clusterMyid(), 'CLUSTER MYID', ''],
      [r.clusterMyshardid(), 'CLUSTER MYSHARDID', ''],
      [r.clusterNodes(), 'CLUSTER NODES', ''],
      [r.clusterReplicas('id'), 'CLUSTER REPLICAS id', ''],
      [r.clusterReplicate('id'), 'CLUSTER REPLICATE id', ''],
      [r.clusterReset(), 'CLUSTER RESET', ''],
      [r.clusterReset('hard'), 'CLUSTER RESET HARD', ''],
      [r.clusterSaveconfig(), 'CLUSTER SAVECONFIG', ''],
      [r.clusterSetConfigEpoch(3), 'CLUSTER SET-CONFIG-EPOCH 3', ''],
      [r.clusterSlaves('id'), 'CLUSTER SLAVES id', ''],
    ])
  })
})

describe('decoding of CLUSTER replies', () => {
  it('CLUSTER INFO becomes an object with names in camel case', () => {
    expect(r.clusterInfo().decode('cluster_state:ok\r\ncluster_slots_assigned:16384\r\n')).toEqual({
      clusterState: 'ok',
      clusterSlotsAssigned: 16_384,
    })
  })

  it('CLUSTER NODES and CLUSTER REPLICAS become lists of nodes', () => {
    const lines = [
      'aa 127.0.0.1:7000@17000,host-a myself,master - 0 1426238317239 4 connected 0-5460 7000 [93-<-bb]',
      'bb 127.0.0.1:7001@17001 slave aa 5 1426238316232 4 disconnected',
    ]
    const [primary, replica] = [
      {
        id: 'aa',
        address: '127.0.0.1:7000@17000,host-a',
        flags: ['myself', 'master'],
        primary: null,
        pingSent: 0,
        pongReceived: 1_426_238_317_239,
        configEpoch: 4,
        linkState: 'connected',
        slots: ['0-5460', '7000', '[93-<-bb]'],
      },
      {
        id: 'bb',
        address: '127.0.0.1:7001@17001',
        flags: ['slave'],
        primary: 'aa',
        pingSent: 5,
        pongReceived: 1_426_238_316_232,
        configEpoch: 4,
        linkState: 'disconnected',
        slots: [],
      },
    ]
    expect(r.clusterNodes().decode(`${lines.join('\n')}\n`)).toEqual([primary, replica])
    expect(r.clusterNodes().decode(Buffer.from(`${lines[0]}\n`), { bytes: true })).toEqual([primary])
    expect(r.clusterReplicas('aa').decode([lines[1] ?? ''])).toEqual([replica])
    expect(r.clusterSlaves('aa').decode([])).toEqual([])
  })

  it('CLUSTER SHARDS becomes a list of shards with slots and nodes', () => {
    const node: Reply[] = [
      ...['id', 'aa', 'port', 7000, 'ip', '127.0.0.1', 'endpoint', '127.0.0.1', 'hostname', 'host-a'],
      ...['role', 'master', 'replication-offset', 72, 'health', 'online'],
    ]
    const expected = [
      {
        slots: [
          { start: 0, end: 5460 },
          { start: 7000, end: 7000 },
        ],
        nodes: [
          {
            id: 'aa',
            port: 7000,
            ip: '127.0.0.1',
            endpoint: '127.0.0.1',
            hostname: 'host-a',
            role: 'master',
            replicationOffset: 72,
            health: 'online',
          },
        ],
      },
    ]
    expect(r.clusterShards().decode([['slots', [0, 5460, 7000, 7000], 'nodes', [node]]])).toEqual(expected)
    expect(
      r.clusterShards().decode([new MapReply(['slots', [0, 5460, 7000, 7000], 'nodes', [new MapReply(node)]])]),
    ).toEqual(expected)
  })

  it('CLUSTER SLOTS becomes a list of slot ranges with their nodes', () => {
    expect(
      r.clusterSlots().decode([[0, 5460, ['127.0.0.1', 7000, 'aa', []], [null, 7001, 'bb', ['hostname', 'host-b']]]]),
    ).toEqual([
      {
        start: 0,
        end: 5460,
        nodes: [
          { host: '127.0.0.1', port: 7000, id: 'aa', metadata: {} },
          { host: null, port: 7001, id: 'bb', metadata: { hostname: 'host-b' } },
        ],
      },
    ])
  })

  it('CLUSTER LINKS becomes a list of links', () => {
    const link: Reply[] = [
      ...['direction', 'to', 'node', 'aa', 'create-time', 1_639_442_739_375, 'events', 'rw'],
      ...['send-buffer-allocated', 4512, 'send-buffer-used', 0],
    ]
    const expected = [
      {
        direction: 'to',
        node: 'aa',
        createTime: 1_639_442_739_375,
        events: 'rw',
        sendBufferAllocated: 4512,
        sendBufferUsed: 0,
      },
    ]
    expect(r.clusterLinks().decode([link])).toEqual(expected)
    expect(r.clusterLinks().decode([new MapReply(link)])).toEqual(expected)
  })

  it('CLUSTER MIGRATION becomes a list of slot migrations', () => {
    const task = [
      ...['id', 'i', 'slots', '0-9 20-29', 'source', 'a', 'dest', 'b', 'operation', 'import', 'state', 'completed'],
      ...['last_error', '', 'retries', 0, 'create_time', 1, 'start_time', 2, 'end_time', 3, 'write_pause_ms', 4],
    ]
    const expected = {
      ...{ id: 'i', slots: '0-9 20-29', source: 'a', dest: 'b', operation: 'import', state: 'completed' },
      ...{ lastError: '', retries: 0, createTime: 1, startTime: 2, endTime: 3, writePauseMs: 4 },
    }
    expect(r.clusterMigrationStatus().decode([task, task])).toEqual([expected, expected])
    expect(r.clusterMigrationStatus().decode([new MapReply(task)])).toEqual([expected])
    expect(r.clusterMigrationStatus().decode([])).toEqual([])
    expect(r.clusterMigrationImport({ start: 0, end: 1 }).decode(Buffer.from('i'), { bytes: true })).toBe('i')
    expect(r.clusterMigrationCancel('all').decode(2)).toBe(2)
    expectRefusals('At least one range', [r.clusterMigrationImport()])
  })

  it('CLUSTER SLOT-STATS becomes a list of slots with their statistics', () => {
    const expected = [{ slot: 0, statistics: { 'key-count': 0, 'cpu-usec': 7 } }]
    const call = r.clusterSlotStats({ slotsrange: { start: 0, end: 0 } })
    expect(call.decode([[0, ['key-count', 0, 'cpu-usec', 7]]])).toEqual(expected)
    expect(call.decode([[0, new MapReply(['key-count', 0, 'cpu-usec', 7])]])).toEqual(expected)
  })

  it('CLUSTER replies become keys without the prefix, and integers of the view', () => {
    expect(r.clusterGetkeysinslot(1, 2).decode(['app:a', 'b'], { prefix: 'app:' })).toEqual(['a', 'b'])
    expect(r.clusterGetkeysinslot(1, 2).decode([Buffer.from('a')], { bytes: true })).toEqual([Buffer.from('a')])
    const { command, decode } = r.clusterKeyslot('k')
    applyPrefix(command, 'app:')
    expect(command.args).toEqual(['app:k'])
    expect(decode(7629, { bigints: true })).toBe(7629n)
    expect(r.clusterCountkeysinslot(1).decode(0)).toBe(0)
  })
})
