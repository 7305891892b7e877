/**
 * The differential check of clusters: the same random commands on the nodes of a real cluster and of a model of it, while slots
 * move. The nodes of both have the same addresses, so that redirects are equal too.
 */
import { until } from '../../rig/conditions.js'
import type { Cluster, SlotMove } from '../../servers/servers.mjs'
import { ModelCluster } from '../model/cluster/cluster.js'
import { SLOTS, slotOf } from '../model/cluster/slots.js'
import type { Dialect } from '../model/dialect.js'
import { Nothing } from '../model/reply.js'
import type { ModelRecord } from '../model/server.js'
import { type Frame, shown } from './frames.js'
import { CLUSTER_COMMANDS, CLUSTERED, SHARD_SUBSCRIBING, TAGS } from './generate/cluster.js'
import { type Dice, diceOf, type Make } from './generate/vocabulary.js'
import { allMessages, difference, type Label } from './normalise.js'
import { clusterReply } from './normalise-cluster.js'
import { encodeRequest, ModelSide, RealConnection, type Request } from './sides.js'

export interface ClusterCheckOptions {
  /** Three primaries, each with one replica. */
  readonly cluster: Cluster
  readonly dialect: Dialect
  readonly random: () => number
  readonly commands: number
  readonly progress?: (done: number) => void
}

const PRIMARIES = 3
/** The number of last requests that a failure shows. */
const STORY = 40

interface Pair {
  readonly node: number
  readonly subscribes: boolean
  readonly real: RealConnection
  readonly model: ModelSide
  readonly labels: Label[]
}

/** Resolves after all commands; rejects with the first difference. */
export async function checkCluster(options: ClusterCheckOptions): Promise<void> {
  const run = new ClusterRun(options)
  try {
    await run.start()
    await run.go()
  } finally {
    run.close()
  }
}

class ClusterRun {
  readonly #options: ClusterCheckOptions
  readonly #dice: Dice
  readonly #model: ModelCluster
  readonly #pairs: Pair[] = []
  readonly #story: string[] = []
  readonly #realIds: number[] = []
  readonly #modelIds: number[] = []
  /** The ids of the real nodes, each with the id of the same node in the model. */
  readonly #nodeIds: ReadonlyMap<string, string>
  #sent = 0
  #move: SlotMove | undefined
  #hasPublished = false
  #queue: (readonly string[])[] = []

  constructor(options: ClusterCheckOptions) {
    const { cluster, dialect, random } = options
    this.#options = options
    this.#dice = diceOf(random)
    this.#model = new ModelCluster({
      primaries: PRIMARIES,
      replicasEach: 1,
      random,
      dialect,
      now: () => Date.now(),
      ownerOf: slot => [1, 2, 3].findIndex(part => slot < Math.round((part * SLOTS) / PRIMARIES)),
      address: node => ({ host: cluster.nodes[node]!.host, port: cluster.nodes[node]!.port }),
      history: record => this.#label(record),
    })
    this.#nodeIds = new Map(cluster.nodes.map(({ id }, node) => [id, this.#model.nodes[node]!.id]))
  }

  /** Keeps the command of each record, because each reply on a worker's connection belongs to one record. */
  #label({ server, connection, args, reply, phase }: ModelRecord): void {
    if (phase === 'exec') this.#queue.push(args)
    if (phase === 'exec' || phase === 'script' || phase === 'blocked') return
    const pair = this.#pairs.find(each => `node ${each.node}` === server && each.model.connection.id === connection)
    const isExec = args[0]?.toLowerCase() === 'exec'
    if (!(reply instanceof Nothing)) pair?.labels.push({ args, queue: isExec ? this.#queue : [] })
    if (isExec) this.#queue = []
  }

  async start(): Promise<void> {
    for (const [node, { host, port }] of this.#options.cluster.nodes.entries()) {
      for (const [protocol, subscribes] of [
        [2, false],
        [3, false],
        [3, true],
      ] as const) {
        const real = await RealConnection.open(host, port)
        const model = new ModelSide(this.#model.nodes[node]!.server)
        const at = this.#pairs.push({ node, subscribes, real, model, labels: [] }) - 1
        this.#modelIds[at] = model.connection.id
        real.write(encodeRequest(['CLIENT', 'ID'], []))
        await real.has(1)
        this.#realIds[at] = Number(real.frames.take()?.text)
        if (protocol === 2) continue
        real.write(encodeRequest(['HELLO', '3'], []))
        await real.has(1)
        real.frames.take()
        model.connection.protocol = 3
      }
    }
    for (const at of [0, 3, 6]) {
      await this.#send(at, [...TAGS.map(tag => ['SET', `{${tag}}s0`, '1']), ['WAIT', '1', '0']])
    }
    await until(() => this.#knowsReplicas(), { what: 'every node lists the replicas' })
  }

  /** A node lists a replica in CLUSTER SLOTS after it has received the replica's offset, which must not be 0. */
  async #knowsReplicas(): Promise<boolean> {
    const lists = await Promise.all(this.#options.cluster.nodes.map(node => node.command('CLUSTER', 'SLOTS')))
    return lists.every(list => list.every((range: readonly unknown[]) => range.length === 4))
  }

  async go(): Promise<void> {
    const { commands, progress } = this.#options
    for (let next = 1_000; this.#sent < commands; ) {
      await this.#step()
      if (this.#sent < next) continue
      progress?.(next)
      next += 1_000
    }
    await this.#moveOn(true)
    for (let at = 0; at < this.#pairs.length; at++) await this.#free(at)
  }

  close(): void {
    for (const { real } of this.#pairs) real.close()
  }

  async #step(): Promise<void> {
    const dice = this.#dice
    if (dice.chance(0.03)) return this.#moveOn(dice.chance(0.3))
    const at = dice.below(this.#pairs.length)
    const { subscribes, model, node } = this.#pairs[at]!
    if (subscribes) {
      // A message on its way to another node must not arrive after a subscription that began later.
      if (this.#hasPublished) await until(() => this.#isBusQuiet(), { what: 'all messages have arrived' })
      this.#hasPublished = false
      return this.#send(at, [dice.pick(SHARD_SUBSCRIBING)(dice)])
    }
    if (this.#isBlocked(at)) return dice.chance(0.3) ? this.#free(at) : undefined
    const requests = Array.from({ length: 1 + dice.below(4) }, () => {
      const group: readonly Make[] = dice.chance(0.12) ? CLUSTER_COMMANDS : CLUSTERED
      return [...dice.pick(group)(dice)]
    })
    const names = requests.map(([name]) => name)
    const inMulti = model.connection.queue !== undefined || names.includes('MULTI')
    // Reads of replicas are equal once the replicas have all writes.
    const isPrimary = this.#model.nodes[node]!.isPrimary
    await this.#send(at, isPrimary && !inMulti ? [...requests, ['WAIT', '1', '0']] : requests)
    if (isPrimary && names.includes('EXEC') && model.connection.queue === undefined) {
      await this.#send(at, [['WAIT', '1', '0']])
    }
  }

  /** Whether the nodes have received as many messages of shard channels as they have sent to each other. */
  async #isBusQuiet(): Promise<boolean> {
    const infos = await Promise.all(this.#options.cluster.nodes.map(node => node.command('CLUSTER', 'INFO')))
    const sum = (way: string) =>
      infos
        .map(info => Number(new RegExp(`publishshard_${way}:(\\d+)`).exec(String(info))?.[1] ?? 0))
        .reduce((a, b) => a + b)
    return sum('sent') === sum('received')
  }

  /** Begins, continues or finishes the move of a slot. */
  async #moveOn(finishes: boolean): Promise<void> {
    const { cluster } = this.#options
    if (this.#move === undefined) {
      if (this.#sent >= this.#options.commands) return
      const slot = slotOf(this.#dice.pick(TAGS))
      const owner = this.#model.nodes.findIndex(
        ({ view, index, isPrimary }) => isPrimary && view.owners[slot] === index,
      )
      const to = (owner + 1 + this.#dice.below(PRIMARIES - 1)) % PRIMARIES
      this.#tell(`slot ${slot} begins to move from node ${owner} to node ${to}`)
      this.#move = await cluster.beginMove(slot, cluster.nodes[to]!)
      this.#model.migrations.start(slot, this.#model.nodes[to]!)
    } else if (finishes) {
      const { slot } = this.#move
      for (const key of this.#keysOf(slot)) if (this.#isOnTarget(key)) await this.#deleteOnTarget(key)
      this.#tell(`slot ${slot} has moved`)
      await this.#move.finish()
      this.#model.migrations.finish(slot)
      this.#move = undefined
    } else {
      const { slot } = this.#move
      const [key] = this.#keysOf(slot)
      if (key === undefined) return
      if (this.#isOnTarget(key)) await this.#deleteOnTarget(key)
      this.#tell(`key ${key} moves`)
      await this.#move.migrate(key)
      this.#model.migrations.moveKeys(slot, 1)
    }
    this.#model.wake()
    await this.#compare()
  }

  /** Returns the keys of the moving slot that are still on its source. */
  #keysOf(slot: number): string[] {
    const source = this.#model.nodes[this.#options.cluster.nodes.indexOf(this.#move!.from)]!
    return source.server.databases[0]!.keys().filter(key => slotOf(key) === slot)
  }

  get #target(): number {
    return this.#options.cluster.nodes.indexOf(this.#move!.to)
  }

  #isOnTarget(key: string): boolean {
    return this.#model.nodes[this.#target]!.server.databases[0]!.find(key) !== undefined
  }

  /** MIGRATE rejects a key that the target has already, from a command after ASKING. */
  async #deleteOnTarget(key: string): Promise<void> {
    const at = this.#pairs.findIndex(({ node, subscribes }) => node === this.#target && subscribes)
    await this.#send(at, [['ASKING'], ['DEL', key]])
  }

  #isBlocked(at: number): boolean {
    const { connection } = this.#pairs[at]!.model
    return connection.server.blocking.waitOf(connection) !== undefined
  }

  /** Ends the blocking call of a connection by CLIENT UNBLOCK on the other one of its node, which has no other purpose then. */
  async #free(at: number): Promise<void> {
    const node = this.#pairs[at]!.node
    const other = this.#pairs.findIndex(each => each.node === node && each.subscribes)
    while (this.#isBlocked(at)) await this.#send(other, [['CLIENT', 'UNBLOCK', `{id:${at}}`]])
  }

  #tell(text: string): void {
    this.#story.push(text)
  }

  async #send(at: number, requests: readonly Request[]): Promise<void> {
    const { real, model, node } = this.#pairs[at]!
    for (const args of requests) {
      if (args[0] === 'SPUBLISH' || args[0] === 'EXEC') this.#hasPublished = true
      this.#tell(`${at} (node ${node}): ${args.map(arg => JSON.stringify(arg)).join(' ')}`)
      this.#sent++
    }
    model.connection.receive(Buffer.concat(requests.map(args => encodeRequest(args, this.#modelIds))))
    real.write(Buffer.concat(requests.map(args => encodeRequest(args, this.#realIds))))
    this.#model.wake()
    await this.#compare()
  }

  async #compare(): Promise<void> {
    for (const [at, { real, model, labels, subscribes }] of this.#pairs.entries()) {
      const came = await real.has(model.frames.count)
      if (subscribes) {
        // The order of messages is undefined for an SUNSUBSCRIBE from all topics.
        const [ours, theirs] = [model, real].map(({ frames }) => allMessages(frames))
        labels.length = 0
        if (ours === theirs) continue
        throw this.#failure(at, { args: [], queue: [] }, `model:\n${ours}\nserver:\n${theirs}`)
      }
      while (model.frames.count > 0) {
        const ours = model.frames.take()!
        const theirs = real.frames.take()
        const label = (ours.sign === '>' ? undefined : labels.shift()) ?? { args: [], queue: [] }
        if (theirs === undefined) throw this.#failure(at, label, `model:  ${shown(ours)}\nserver: nothing came`)
        const found = this.#difference(ours, theirs, label)
        if (found !== undefined) throw this.#failure(at, label, found)
      }
      const extra = came ? real.frames.take() : undefined
      if (extra !== undefined) {
        throw this.#failure(at, { args: [], queue: [] }, `model:  nothing\nserver: ${shown(extra)}`)
      }
    }
  }

  #difference(ours: Frame, theirs: Frame, label: Label): string | undefined {
    const [a, b] = [ours, theirs].map(frame => {
      const isExec = label.queue.length > 0 && frame.items.length === label.queue.length
      if (!isExec) return clusterReply(frame, label.args, this.#nodeIds)
      return { ...frame, items: frame.items.map((item, i) => clusterReply(item, label.queue[i]!, this.#nodeIds)) }
    })
    return difference(a!, b!, label, new Map())
  }

  #failure(at: number, { args }: Label, found: string): Error {
    const last = this.#story.slice(-STORY).join('\n')
    return new Error(
      `The replies differ after ${this.#sent} commands, on connection ${at}, for ${args.join(' ') || 'a command of another connection'}:\n${found}\nThe last steps:\n${last}`,
    )
  }
}
