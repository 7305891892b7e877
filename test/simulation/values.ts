/** Converts replies of the model to the values that the client returns for them. */
import { isDeepStrictEqual } from 'node:util'
import type { Call, Execution, Part } from './ledger.js'
import { Bool, Double, Failure, MapReply, NullArray, type Reply, SetReply, Status, Verbatim } from './model/reply.js'
import type { Simulation } from './simulation.js'

/** Decodes a text of the model, which has one character for each byte. */
export function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString()
}

export function plain(reply: Reply): unknown {
  if (typeof reply === 'string') return utf8(reply)
  if (typeof reply === 'bigint') return Number(reply)
  if (reply === null || typeof reply === 'number') return reply
  if (reply instanceof Status || reply instanceof Verbatim) return utf8(reply.text)
  if (reply instanceof Double || reply instanceof Bool) return reply.value
  if (reply instanceof NullArray) return null
  if (reply instanceof MapReply)
    return Object.fromEntries(reply.entries.map(([key, value]) => [plain(key), plain(value)]))
  if (reply instanceof SetReply) return reply.items.map(plain)
  if (reply instanceof Failure) return reply
  return Array.isArray(reply) ? reply.map(plain) : undefined
}

/** Returns true if the server ran the command, false if it queued, rejected or blocked it, or if the command failed. */
export function didRun({ phase, reply }: Execution): boolean {
  return phase !== 'queued' && phase !== 'refused' && phase !== 'blocked' && !(reply instanceof Failure)
}

export function runsOf(part: Part): Execution[] {
  return part.executions.filter(didRun)
}

/** Returns how often a part ran. The commands of a script count, not the call of the script, which has the same token. */
export function countRuns(part: Part): number {
  const runs = runsOf(part)
  return runs.filter(({ phase }) => phase === 'script').length || runs.length
}

/** Returns a description of the error if `value` is not the reply of one of the executions of `part`. */
export function ownValue(
  value: unknown,
  part: Part | undefined,
  decode: (reply: Reply) => unknown = plain,
): string | undefined {
  if (part === undefined) return undefined
  const runs = runsOf(part)
  if (runs.some(({ reply }) => isDeepStrictEqual(decode(reply), value))) return undefined
  return `It resolved with ${show(value)}; the server replied ${runs.map(({ reply }) => show(decode(reply))).join(' or ') || 'nothing'}.`
}

/** The most standstills in one call for which its own time is known: the client skips only some in a row. */
const KNOWN = 5
/** A standstill that is shorter may count as time, ms. */
const SHORTEST = 60

/** Returns at least how long the process ran during a call, ms; undefined if it was slow or stood still too often. */
export function ownTime(simulation: Simulation, { settledAt, startedAt }: Call): number | undefined {
  const { loop, standstills } = simulation
  const during = standstills.filter(({ at, ms }) => at - ms >= startedAt && at <= settledAt)
  if (loop.slowest > 20 || during.length > KNOWN || during.some(({ ms }) => ms < SHORTEST)) return undefined
  const stood = during.reduce((sum, { ms }) => sum + ms, 0)
  return settledAt - startedAt - stood + during.length * SHORTEST
}

export function show(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}${outcomeOf(value)}`
  const text = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? String(value)
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length})` : text
}

function outcomeOf(error: Error): string {
  const { outcome } = error as { outcome?: string }
  return outcome === undefined ? '' : ` (${outcome})`
}
