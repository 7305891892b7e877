/** All kinds of faults. A new group is a file in `faults`, and its exported list is an entry here. */
import { CLUSTER } from './faults/cluster.js'
import { CUTS } from './faults/cuts.js'
import { DIALS } from './faults/dials.js'
import { PROXIES } from './faults/proxies.js'
import { RESHARDING } from './faults/resharding.js'
import { RIGHTS } from './faults/rights.js'
import { STALLS } from './faults/stalls.js'
import { STANDSTILLS } from './faults/standstills.js'
import { STATES } from './faults/states.js'
import type { Fault } from './simulation.js'

export const FAULTS: readonly Fault[] = [
  ...CUTS,
  ...DIALS,
  ...PROXIES,
  ...STALLS,
  ...RIGHTS,
  ...STANDSTILLS,
  ...STATES,
  ...CLUSTER,
  ...RESHARDING,
]
