/** CLIENT TRACKING and CLIENT CACHING. */
import { type Call, type CommandSpec, command, integer } from '../command.js'
import { Failure, MapReply, OK, type Reply, SetReply, SYNTAX } from '../reply.js'
import { compare, lower } from '../text.js'

const ANYWHERE = 'noscript loading stale'

export const TRACKING: readonly CommandSpec[] = [
  command('client|tracking', -3, ANYWHERE, undefined, track),
  command('client|caching', 3, ANYWHERE, undefined, caching),
  command('client|getredir', 2, ANYWHERE, undefined, ({ server, connection }) => {
    return server.tracking.modeOf(connection)?.redirect ?? -1
  }),
  command('client|trackinginfo', 2, ANYWHERE, undefined, info),
]

function track(call: Call): Reply {
  const { server, connection, args } = call
  const words = new Set<string>()
  const prefixes: string[] = []
  let redirect = 0
  for (let i = 3; i < args.length; i++) {
    const word = lower(args[i]!)
    const more = args.length - i - 1
    if (word === 'redirect' && more > 0) {
      if (redirect !== 0) return new Failure('ERR A client can only redirect to a single other client')
      redirect = integer(args[++i]!)
      if (!server.connections.has(redirect)) {
        return new Failure('ERR The client ID you want redirect to does not exist')
      }
    } else if (word === 'prefix' && more > 0) prefixes.push(args[++i]!)
    else if (['bcast', 'optin', 'optout', 'noloop'].includes(word)) words.add(word)
    else return SYNTAX
  }
  const state = lower(args[2]!)
  if (state === 'off') {
    server.tracking.disable(connection)
    return OK
  }
  if (state !== 'on') return SYNTAX
  const broadcasts = words.has('bcast')
  const [optIn, optOut] = [words.has('optin'), words.has('optout')]
  const old = server.tracking.modeOf(connection)
  const again = 'before disabling tracking for this client, and then re-enabling it with a different mode.'
  if (!broadcasts && prefixes.length > 0) return new Failure('ERR PREFIX option requires BCAST mode to be enabled')
  if (old !== undefined && old.broadcasts !== broadcasts) {
    return new Failure(`ERR You can't switch BCAST mode on/off ${again}`)
  }
  if (broadcasts && (optIn || optOut)) return new Failure('ERR OPTIN and OPTOUT are not compatible with BCAST')
  if (optIn && optOut) return new Failure("ERR You can't specify both OPTIN mode and OPTOUT mode")
  if ((optIn && old?.optOut === true) || (optOut && old?.optIn === true)) {
    return new Failure(`ERR You can't switch OPTIN/OPTOUT mode ${again}`)
  }
  const known = old?.prefixes ?? new Set<string>()
  if (broadcasts) {
    checkPrefixes(prefixes, known)
    for (const prefix of prefixes.length === 0 ? [''] : prefixes) known.add(prefix)
  }
  const noLoop = words.has('noloop')
  server.tracking.enable(connection, { redirect, broadcasts, optIn, optOut, noLoop, isBroken: false, prefixes: known })
  return OK
}

/** Throws if one prefix is the beginning of another. */
function checkPrefixes(prefixes: readonly string[], known: ReadonlySet<string>): void {
  const overlaps = (a: string, b: string) => a.startsWith(b) || b.startsWith(a)
  const rule = 'Prefixes for a single client must not overlap.'
  for (const [i, prefix] of prefixes.entries()) {
    const existing = [...known].sort(compare).find(each => overlaps(each, prefix))
    if (existing !== undefined) {
      throw new Failure(`ERR Prefix '${prefix}' overlaps with an existing prefix '${existing}'. ${rule}`)
    }
    const other = prefixes.slice(i + 1).find(each => overlaps(each, prefix))
    if (other !== undefined) {
      throw new Failure(`ERR Prefix '${prefix}' overlaps with another provided prefix '${other}'. ${rule}`)
    }
  }
}

function caching(call: Call): Reply {
  const { server, connection } = call
  const mode = server.tracking.modeOf(connection)
  if (mode === undefined) {
    return new Failure(
      'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
    )
  }
  const word = lower(call.text(2))
  if (word !== 'yes' && word !== 'no') return SYNTAX
  if (!(word === 'yes' ? mode.optIn : mode.optOut)) {
    const which = word === 'yes' ? 'OPTIN' : 'OPTOUT'
    return new Failure(
      `ERR CLIENT CACHING ${word.toUpperCase()} is only valid when tracking is enabled in ${which} mode.`,
    )
  }
  connection.caching = true
  return OK
}

function info({ server, connection }: Call): Reply {
  const mode = server.tracking.modeOf(connection)
  const flags = [
    mode === undefined ? 'off' : 'on',
    mode?.broadcasts === true && 'bcast',
    mode?.optIn === true && 'optin',
    mode?.optIn === true && connection.caching && 'caching-yes',
    mode?.optOut === true && 'optout',
    mode?.optOut === true && connection.caching && 'caching-no',
    mode?.noLoop === true && 'noloop',
    mode?.isBroken === true && 'broken_redirect',
  ].filter(flag => flag !== false)
  return new MapReply([
    ['flags', new SetReply(flags)],
    ['redirect', mode?.redirect ?? -1],
    ['prefixes', [...(mode?.prefixes ?? [])].sort(compare)],
  ])
}
