/** Faults of rights: an administrator takes a right from the user of all clients, and gives it back. */
import type { Fault } from '../simulation.js'
import { state } from './states.js'

export const RIGHTS: readonly Fault[] = [
  state('no right to MULTI', 1, ({ server }) => {
    server.users.set('default', ['-multi'])
    return () => {
      server.users.set('default', ['+multi'])
    }
  }),
]
