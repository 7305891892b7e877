import { type Dice, key, type Make, maybe } from './vocabulary.js'

const mode = (dice: Dice) =>
  dice.pick([
    [],
    [],
    ['OPTIN'],
    ['optout'],
    ['BCAST'],
    ['BCAST', 'PREFIX', '{t}s', 'PREFIX', '{t}l'],
    ['BCAST', 'PREFIX', '{t}z', ...maybe(dice, 0.3, 'PREFIX', '{t}z1')],
    ['PREFIX', 'a'],
    ['OPTIN', dice.pick(['OPTOUT', 'BCAST', 'x'])],
  ])

export const TRACKING: readonly Make[] = [
  d => ['CLIENT', 'TRACKING', 'ON', ...mode(d), ...maybe(d, 0.3, 'NOLOOP')],
  d => ['CLIENT', 'TRACKING', 'ON', ...mode(d), ...maybe(d, 0.3, 'NOLOOP')],
  d => ['CLIENT', 'TRACKING', d.pick(['OFF', 'off', 'x'])],
  d => ['CLIENT', 'CACHING', d.pick(['yes', 'YES', 'no', 'x'])],
  d => ['CLIENT', 'CACHING', d.pick(['yes', 'no'])],
  () => ['CLIENT', 'TRACKINGINFO'],
  () => ['CLIENT', 'GETREDIR'],
  d => ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', d.pick(['99999999', 'x'])],
  d => ['GET', key(d, 's')],
]

/** Messages about keys that a connection with RESP2 has read go to a subscriber with RESP2. */
export const REDIRECTING: readonly Make[] = [d => ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', '{id:4}', ...mode(d)]]
