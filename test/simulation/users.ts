/** All kinds of users. A new group is a file in `users`, and its exported list is an entry here. */
import type { UserKind } from './act.js'
import { BLOCKING } from './users/blocking.js'
import { BUFFERS } from './users/buffers.js'
import { BYTES } from './users/bytes.js'
import { CALLBACKS } from './users/callbacks.js'
import { HASHES } from './users/hashes.js'
import { LIFECYCLE } from './users/lifecycle.js'
import { LOCKS } from './users/locks.js'
import { ODDITIES } from './users/oddities.js'
import { PIPELINES } from './users/pipelines.js'
import { QUEUES } from './users/queues.js'
import { SCANS } from './users/scans.js'
import { SCRIPTING } from './users/scripting.js'
import { SCRIPTS } from './users/scripts.js'
import { SESSIONS } from './users/sessions.js'
import { SETS } from './users/sets.js'
import { SORTED_SETS } from './users/sorted-sets.js'
import { SPLITS } from './users/splits.js'
import { STREAMS } from './users/streams.js'
import { STRINGS } from './users/strings.js'
import { SUBSCRIPTIONS } from './users/subscriptions.js'
import { VIEWS } from './users/views.js'

export const USERS: readonly UserKind[] = [
  ...STRINGS,
  ...PIPELINES,
  ...SESSIONS,
  ...BLOCKING,
  ...BYTES,
  ...LIFECYCLE,
  ...LOCKS,
  ...SUBSCRIPTIONS,
  ...SCANS,
  ...HASHES,
  ...SETS,
  ...SORTED_SETS,
  ...QUEUES,
  ...SCRIPTS,
  ...SPLITS,
  ...STREAMS,
  ...BUFFERS,
  ...SCRIPTING,
  ...VIEWS,
  ...CALLBACKS,
  ...ODDITIES,
]
