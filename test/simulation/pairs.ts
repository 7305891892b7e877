/** The table of pairs: what a client may be in the middle of, and what may happen to it then. */
import { FAULTS } from './faults.js'

/** What a client is in the middle of. Users and the world enter and leave these. */
export const STATES: readonly string[] = [
  'dialling',
  'handshaking',
  'ready',
  'down',
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
  'acquiring',
  'holding',
  'releasing',
  'scanning',
  'sending much',
  'expiring',
  'closing',
]

/** Pairs that cannot happen, each with its reason. */
export const IMPOSSIBLE: ReadonlyMap<string, string> = new Map()

export function pairName(state: string, fault: string): string {
  return `${state} × ${fault}`
}

/** Every pair in turn, in an order in which neighbours have little in common. */
export function pairAt(index: number, isCluster: boolean): { readonly state: string; readonly fault: string } {
  const faults = FAULTS.filter(fault => (isCluster ? !fault.isSingleOnly : !fault.isClusterOnly))
  const size = faults.length * STATES.length
  const place = (index * 7919) % size
  return {
    state: STATES[place % STATES.length] as string,
    fault: (faults[Math.floor(place / STATES.length)] as { name: string }).name,
  }
}
