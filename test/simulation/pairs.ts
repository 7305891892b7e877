/** The table of pairs: each state of a client with each fault that may strike in that state. */
import { FAULTS } from './faults.js'

/** The states of a client. The users and the events of the client enter and leave them. */
export const STATES: readonly string[] = [
  'dialling',
  'handshaking',
  'authenticating',
  'ready',
  'down',
  'queued while down',
  'in line for the pool',
  'retiring',
  'retrying',
  'calling',
  'idle',
  'piping',
  'in a transaction',
  'watching',
  'selecting',
  'blocking',
  'aborting',
  'in a session',
  'subscribing',
  'subscribed',
  'unsubscribing',
  'resubscribing',
  'acquiring',
  'waiting for a lock',
  'holding',
  'renewing',
  'releasing',
  'scanning',
  'sending much',
  'half written',
  'expiring',
  'closing',
]

/** The kinds of users that bring a client into a state. A plan that aims at the state has more of them. */
export const KINDS: Readonly<Record<string, readonly string[]>> = {
  piping: ['pipeline'],
  'in a transaction': ['transaction'],
  watching: ['cas'],
  selecting: ['select'],
  blocking: ['pop', 'move'],
  'in a session': ['cas', 'nested'],
  'in line for the pool': ['cas', 'nested', 'pop'],
  subscribing: ['listen'],
  subscribed: ['listen'],
  unsubscribing: ['listen'],
  resubscribing: ['listen'],
  acquiring: ['lock'],
  'waiting for a lock': ['lock'],
  holding: ['lock'],
  renewing: ['lock'],
  releasing: ['lock'],
  scanning: ['scan'],
  'sending much': ['setBytes'],
  'half written': ['setBytes'],
  closing: ['close'],
}

/** States of a cluster client alone. */
export const CLUSTER_STATES: readonly string[] = ['redirected', 'splitting']

/**
 * Pairs that cannot happen, each with the reason. There is none so far: a fault strikes at any time, also if there is no connection
 * that it could hit, and states of which a cluster shows nothing are not in its table.
 */
export const IMPOSSIBLE: ReadonlyMap<string, string> = new Map()

/** States that only a client of one server has, or shows by its events. */
const SINGLE_STATES: readonly string[] = ['handshaking', 'authenticating', 'selecting']

export function statesOf(isCluster: boolean): readonly string[] {
  return isCluster ? [...STATES.filter(state => !SINGLE_STATES.includes(state)), ...CLUSTER_STATES] : STATES
}

/** The names of all pairs that can happen, with one server or in a cluster. */
export function possiblePairs(): ReadonlySet<string> {
  const pairs = new Set<string>()
  for (const { isClusterOnly, isSingleOnly, name } of FAULTS) {
    if (isClusterOnly !== true) for (const state of statesOf(false)) pairs.add(pairName(state, name))
    if (isSingleOnly !== true) for (const state of statesOf(true)) pairs.add(pairName(state, name))
  }
  for (const pair of IMPOSSIBLE.keys()) pairs.delete(pair)
  return pairs
}

export function pairName(state: string, fault: string): string {
  return `${state} × ${fault}`
}

/** Returns the pair for `index`. Consecutive indexes give pairs that have little in common. */
export function pairAt(index: number, isCluster: boolean): { readonly state: string; readonly fault: string } {
  const faults = FAULTS.filter(fault => (isCluster ? !fault.isSingleOnly : !fault.isClusterOnly))
  const states = statesOf(isCluster)
  const size = faults.length * states.length
  const place = (index * 7919) % size
  return {
    state: states[place % states.length] as string,
    fault: (faults[Math.floor(place / states.length)] as { name: string }).name,
  }
}
