/** Users of a cluster that call one command with keys of several slots: the client splits it. */
import { isDeepStrictEqual } from 'node:util'
import type { View } from '../../../src/index.js'
import type { Act, UserKind } from '../act.js'
import type { Part } from '../ledger.js'
import { plain, runsOf, show } from '../values.js'

/** A part of a split command: two keys of one slot. The second one contains the token. */
interface Piece {
  readonly part: Part
  readonly keys: readonly [string, string]
}

function pieces(act: Act, isWrite: boolean): Piece[] {
  const tags = new Set(Array.from({ length: act.random.int(1, 4) }, () => act.key('split', 12)))
  return [...tags].map(tag => {
    const part = act.simulation.ledger.part(isWrite)
    return { part, keys: [`{${tag}}`, `{${tag}}${part.token}`] }
  })
}

/** Calls a split command. `join` makes the value of the call from the replies to its parts. */
async function split(
  act: Act,
  name: string,
  isWrite: boolean,
  make: (view: View, all: readonly Piece[]) => Promise<unknown>,
  join: (replies: readonly unknown[]) => unknown,
): Promise<void> {
  const all = pieces(act, isWrite)
  const way = act.way()
  const { simulation, subject } = act
  const parts = all.map(({ part }) => part)
  const traits = {
    what: `${name} of ${all.length} slots from ${parts[0]?.token}`,
    parts,
    timeout: way.timeout,
    isIdempotent: way.isIdempotent,
    isLoose: true,
    expects: (value: unknown) => {
      const replies = parts.map(part => runsOf(part).map(({ reply }) => plain(reply)))
      const isOwn = combinations(replies).some(each => isDeepStrictEqual(join(each), value))
      return isOwn ? undefined : `It resolved with ${show(value)}; the servers replied ${show(replies)}.`
    },
  }
  const call = await simulation.within(
    subject,
    'splitting',
    simulation.call(subject, traits, () => make(way.view, all)),
  )
  if (call.fate === 'rejected') checkParts(act, call.name, call.error, all)
}

/** All ways to pick one item of each list. A read that was retried ran more than once, and any of its replies may be the last. */
function combinations(lists: readonly (readonly unknown[])[]): unknown[][] {
  let all: unknown[][] = [[]]
  for (const list of lists) all = all.flatMap(each => list.map(item => [...each, item])).slice(0, 1_000)
  return all
}

/** The error of a split command lists the outcome of each part, and no part of which it says 'not sent' ran. */
function checkParts({ simulation }: Act, name: string, error: unknown, all: readonly Piece[]): void {
  const { parts } = error as { parts?: readonly { keys: readonly string[]; error?: { outcome?: string } }[] }
  if (parts === undefined) return
  for (const { error: failed, keys } of parts) {
    const piece = all.find(each => keys.includes(each.keys[1]))
    if (piece === undefined) simulation.fail('splits', `${name} rejected with a part of other keys: ${show(keys)}.`)
    else if (failed === undefined && runsOf(piece.part).length === 0)
      simulation.fail('splits', `${name}: the part of ${show(keys)} has no error and never ran.`)
    else if (failed?.outcome === 'not sent' && runsOf(piece.part).length > 0)
      simulation.fail('splits', `${name}: the part of ${show(keys)} ran, and its error says 'not sent'.`)
  }
}

const keysOf = (all: readonly Piece[]) => all.flatMap(({ keys }) => keys)
const sum = (replies: readonly unknown[]) => replies.reduce((total: number, each) => total + (each as number), 0)

export const SPLITS: readonly UserKind[] = [
  {
    name: 'split mget',
    weight: 2,
    isClusterOnly: true,
    run: act =>
      split(
        act,
        'mget',
        false,
        (view, all) => view.mget(keysOf(all)),
        replies => replies.flat(),
      ),
  },
  {
    name: 'split mset',
    weight: 2,
    isClusterOnly: true,
    run: act =>
      split(
        act,
        'mset',
        true,
        (view, all) =>
          view.mset(Object.fromEntries(all.flatMap(({ keys, part }) => keys.map(key => [key, part.token])))),
        () => 'OK',
      ),
  },
  {
    name: 'split del',
    weight: 1,
    isClusterOnly: true,
    run: act => split(act, 'del', true, (view, all) => view.del(keysOf(all)), sum),
  },
  {
    name: 'split exists',
    weight: 1,
    isClusterOnly: true,
    run: act => split(act, 'exists', false, (view, all) => view.exists(keysOf(all)), sum),
  },
]
