import { describe, expect, test } from 'vitest'
import { Ledger } from '../rig/ledger.js'
import { seeded } from '../rig/random.mjs'
import { Watchdog } from '../rig/watchdog.js'
import type { ClusterNode } from '../servers/servers.mjs'
import { useCluster } from '../servers/vitest.js'
import { useClients } from './clients.js'

const cluster = useCluster()
/** `npm run chaos:cluster`. */
const LONG = process.env.CHAOS === 'long'

const clientOf = useClients()
const connect = () => clientOf(cluster().seeds)

/** A primary other than the owner of the slot. */
async function otherPrimary(slot: number): Promise<ClusterNode> {
  const owner = await cluster().primaryOf(slot)
  const others = (await cluster().primaries()).filter(node => node !== owner)
  return others[slot % others.length]!
}

/** Moves each slot away and back again. */
async function moveThereAndBack(slots: readonly number[], done: () => boolean = () => false): Promise<number> {
  let moves = 0
  for (const slot of slots) {
    if (done()) break
    const owner = await cluster().primaryOf(slot)
    await cluster().moveSlot(slot, await otherPrimary(slot))
    await cluster().moveSlot(slot, owner)
    moves += 2
  }
  return moves
}

describe('slots that move under load', () => {
  test('increments, MGETs and pipelines while slots move keep the ledger exact and the order, and no call rejects', async () => {
    const SLOTS = LONG ? 200 : 20
    const random = seeded('resharding')
    const client = connect()
    const slots = Array.from({ length: SLOTS }, (_, i) => 100 + i * 80)
    const keys = slots.flatMap(slot => [0, 1, 2].map(i => cluster().key(slot, i)))
    const constants = slots.flatMap(slot => [0, 1, 2].map(i => cluster().key(slot, `constant:${i}`)))
    await Promise.all(constants.map(key => client.set(key, key)))
    const ledger = new Ledger()
    const watchdog = new Watchdog()
    const errors: unknown[] = []
    const told = <T>(promise: Promise<T>): Promise<T | undefined> =>
      watchdog.watch(promise, 'call').catch(error => {
        errors.push(error)
        return undefined
      })
    let over = false
    const worker = async (id: number) => {
      while (!over) {
        const kind = id % 4
        if (kind < 2) {
          const key = random.pick(keys)
          await ledger.book(
            key,
            watchdog.watch(client.incr(key), 'incr').catch(error => {
              errors.push(error)
              throw error
            }),
          )
        } else if (kind === 2) {
          const wanted = Array.from({ length: 10 }, () => random.pick(constants))
          ledger.bookReply(await told(client.mget(wanted)), wanted)
        } else {
          // All of one slot: the last read returns the last write.
          const own = `{${random.pick(constants).split('{')[1]!.split('}')[0]}}:own:${id}`
          const wanted = random.pick(constants)
          const replies = await told(
            client.pipeline().set(own, 'a').get(wanted).append(own, 'b').get(own).mget(constants.slice(0, 5)).exec(),
          )
          ledger.bookReply(replies, ['OK', wanted, 2, 'ab', constants.slice(0, 5)])
        }
      }
    }
    const workers = Array.from({ length: 64 }, (_, id) => worker(id))
    const moves = await moveThereAndBack(slots).finally(() => {
      over = true
    })
    await Promise.all(workers)
    await watchdog.expectAllSettled()
    const { asked, moved, refreshes } = client.stats
    console.log(
      `${moves} moves: ${await ledger.expectBalanced(cluster())}; ${moved} MOVED, ${asked} ASK, ${refreshes} refreshes`,
    )
    expect(errors).toEqual([])
    expect(moves).toBe(2 * SLOTS)
    expect(moved).toBeGreaterThan(0)
  }, 300_000)
})
