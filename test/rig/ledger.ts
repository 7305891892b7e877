import { isDeepStrictEqual } from 'node:util'
import type { Cluster, Server } from '../servers/servers.mjs'
import { slotOf } from '../servers/servers.mjs'

interface Entry {
  acked: number
  unknown: number
}

export interface LedgerReport {
  commands: number
  acked: number
  unknown: number
  notSent: number
  /** Errors without an `outcome`. They count as unknown for the balance. */
  other: number
  /** Acknowledged increments that the server does not have. */
  lost: number
  /** Increments that the server has in excess of all acknowledged and unknown ones. */
  doubled: number
  /** Replies with a wrong value. */
  wrong: number
}

/**
 * Books increments and compares them with the server at the end, over a raw connection. For every key it must hold that
 * acked ≤ final ≤ acked + unknown: less is a lost write; more is a write that ran twice, or that ran although it was 'not sent'.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>()
  readonly #errors = new Map<string, number>()
  #acked = 0
  #unknown = 0
  #notSent = 0
  #other = 0
  #wrong = 0

  /** Books one increment of a key by its outcome. Never rejects; resolves with its reply, or undefined. */
  async book<T>(key: string, increment: Promise<T>): Promise<T | undefined> {
    const entry = this.#entries.get(key) ?? { acked: 0, unknown: 0 }
    this.#entries.set(key, entry)
    try {
      const reply = await increment
      entry.acked++
      this.#acked++
      return reply
    } catch (error) {
      this.#bookFailure(entry, error)
      return undefined
    }
  }

  /** Books a reply whose correct value is known. */
  bookReply(actual: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(actual, expected)) this.#wrong++
  }

  /** How often each error occurred, by class and message. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors
  }

  /** Compares the ledger with the values in the server or the cluster. */
  async settle(truth: Server | Cluster): Promise<LedgerReport> {
    const finals = await readCounters(truth, [...this.#entries.keys()])
    let lost = 0
    let doubled = 0
    for (const [key, { acked, unknown }] of this.#entries) {
      const final = finals.get(key) ?? 0
      lost += Math.max(0, acked - final)
      doubled += Math.max(0, final - acked - unknown)
    }
    return {
      commands: this.#acked + this.#unknown + this.#notSent,
      acked: this.#acked,
      unknown: this.#unknown,
      notSent: this.#notSent,
      other: this.#other,
      lost,
      doubled,
      wrong: this.#wrong,
    }
  }

  /** Compares, and rejects if a write was lost or ran twice, or a reply was wrong. Resolves with a line to print. */
  async expectBalanced(truth: Server | Cluster): Promise<string> {
    const report = await this.settle(truth)
    const line = reportLine(report)
    if (report.lost + report.doubled + report.wrong > 0) throw new Error(`the ledger does not balance: ${line}`)
    return line
  }

  #bookFailure(entry: Entry, error: unknown): void {
    const outcome = error instanceof Error && 'outcome' in error ? error.outcome : undefined
    const name = error instanceof Error ? `${error.name}: ${error.message.slice(0, 80)}` : String(error)
    this.#errors.set(name, (this.#errors.get(name) ?? 0) + 1)
    if (outcome === 'not sent') {
      this.#notSent++
      return
    }
    if (outcome !== 'unknown') this.#other++
    this.#unknown++
    entry.unknown++
  }
}

export function reportLine({ commands, acked, unknown, notSent, lost, doubled, wrong }: LedgerReport): string {
  const fates = `${acked} acknowledged, ${unknown} unknown, ${notSent} not sent`
  return `${commands} increments (${fates}) · ${wrong} wrong replies · ${lost} lost writes · ${doubled} double executions`
}

async function readCounters(truth: Server | Cluster, keys: readonly string[]): Promise<Map<string, number>> {
  const byServer = new Map<Server, string[]>()
  if ('nodes' in truth) {
    for (const key of keys) {
      const primary = await truth.primaryOf(slotOf(key))
      byServer.set(primary, [...(byServer.get(primary) ?? []), key])
    }
  } else {
    byServer.set(truth, [...keys])
  }
  const finals = new Map<string, number>()
  for (const [server, its] of byServer) {
    const raw = await server.connect()
    for (const key of its) finals.set(key, Number(await raw.command('GET', key)))
    raw.close()
  }
  return finals
}
