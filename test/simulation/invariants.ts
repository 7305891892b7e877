/** The invariants that are checked after every run. A new invariant is a file in `oracle` and an entry in this list. */

import { aborts } from './oracle/aborts.js'
import { arrivals } from './oracle/arrivals.js'
import { atRest } from './oracle/at-rest.js'
import { blocked } from './oracle/blocked.js'
import { bounds } from './oracle/bounds.js'
import { bytes } from './oracle/bytes.js'
import { databases } from './oracle/databases.js'
import { deadlines } from './oracle/deadlines.js'
import { errors } from './oracle/errors.js'
import { events } from './oracle/events.js'
import { followed } from './oracle/followed.js'
import { handlers } from './oracle/handlers.js'
import { handshakes } from './oracle/handshakes.js'
import { leases } from './oracle/leases.js'
import { leftovers } from './oracle/leftovers.js'
import { messages } from './oracle/messages.js'
import { once } from './oracle/once.js'
import { order } from './oracle/order.js'
import { ownReplies } from './oracle/own-replies.js'
import { popped } from './oracle/popped.js'
import { reasons } from './oracle/reasons.js'
import { redirects } from './oracle/redirects.js'
import { refusals } from './oracle/refusals.js'
import { repeats } from './oracle/repeats.js'
import { replaced } from './oracle/replaced.js'
import { secrets } from './oracle/secrets.js'
import { settled } from './oracle/settled.js'
import { silences } from './oracle/silences.js'
import { sockets } from './oracle/sockets.js'
import { tails } from './oracle/tails.js'
import { updates } from './oracle/updates.js'
import { whole } from './oracle/whole.js'
import { written } from './oracle/written.js'
import type { Simulation } from './simulation.js'

/** Yields a description of each violation. */
export type Invariant = (simulation: Simulation) => Iterable<string>

export const INVARIANTS: readonly Invariant[] = [
  settled,
  once,
  ownReplies,
  order,
  whole,
  tails,
  updates,
  databases,
  popped,
  blocked,
  messages,
  followed,
  bytes,
  deadlines,
  silences,
  errors,
  secrets,
  reasons,
  redirects,
  replaced,
  handshakes,
  leftovers,
  written,
  repeats,
  refusals,
  aborts,
  events,
  handlers,
  bounds,
  leases,
  arrivals,
  sockets,
]

/** The invariants that are checked when all calls have settled, before the clients are closed. */
export const AT_REST: readonly Invariant[] = [atRest]
