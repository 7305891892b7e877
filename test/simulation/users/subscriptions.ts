/** Users that subscribe to channels for a while, and users that publish to them. */
import type { Redis } from '../../../src/index.js'
import type { Act, UserKind } from '../act.js'
import { show } from '../values.js'

/** One subscription from its confirmation to its end. */
export interface Listening {
  readonly who: string
  readonly client: string
  readonly channel: string
  readonly from: number
  to: number
  readonly messages: string[]
  readonly gaps: { readonly from: number; readonly to: number }[]
}

async function listen(act: Act, isSharded: boolean): Promise<void> {
  const { random, simulation, subject } = act
  const { loop } = simulation
  const channel = act.key(isSharded ? 'shard' : 'chan', 3)
  const messages: string[] = []
  const client = `${subject.name}.${subject.generation}`
  const isLooped = random.chance(0.3)
  const options = random.chance(0.2) ? { signal: act.abortable(random.skewed(50, 4_000)) } : {}
  const { redis } = subject
  let isListening = false
  const subscribe: Redis['subscribe'] = isSharded ? redis.ssubscribe.bind(redis) : redis.subscribe.bind(redis)
  const call = await simulation.within(
    subject,
    'subscribing',
    simulation.call(subject, { what: `subscribes to ${channel}`, parts: [] }, () =>
      isLooped
        ? subscribe(channel, options)
        : subscribe(
            channel,
            message => {
              messages.push(message)
              if (isListening && random.chance(0.02)) throw simulation.witness.throws(client)
            },
            options,
          ),
    ),
  )
  if (call.fate !== 'resolved') return
  const subscription = call.value as Awaited<ReturnType<typeof redis.subscribe>>
  const gaps: { from: number; to: number }[] = []
  const who = `${client}, step ${act.step.id}`
  const listening: Listening = {
    who,
    client,
    channel,
    from: loop.now,
    to: Number.POSITIVE_INFINITY,
    messages,
    gaps,
  }
  simulation.listenings.push(listening)
  subscription.on('gap', ({ from, to }) => {
    gaps.push({ from, to })
    simulation.note('client', () => `${who} has a gap in ${channel}: ${show([from - loop.start, to - loop.start])}`)
  })
  subscription.on('error', error => simulation.witness.reported(error))
  isListening = true
  const end = () => {
    listening.to = Math.min(listening.to, loop.now)
  }
  options.signal?.addEventListener('abort', end)
  const leave = simulation.enter(subject, 'subscribed')
  if (isLooped) read(subscription, messages).then(end, end)
  await simulation.sleep(random.skewed(10, 5_000))
  leave()
  end()
  options.signal?.removeEventListener('abort', end)
  await simulation.within(
    subject,
    'unsubscribing',
    simulation.call(subject, { what: `unsubscribes from ${channel}`, parts: [] }, () => subscription.unsubscribe()),
  )
}

async function read(messages: AsyncIterable<{ message: string }>, into: string[]): Promise<void> {
  for await (const { message } of messages) into.push(message)
}

async function publish(act: Act): Promise<void> {
  const channel = act.key('chan', 3)
  const part = act.simulation.ledger.part(true)
  await act.one(`publish ${channel}`, act.way(), part, view => view.publish(channel, part.token))
}

async function publishToShard(act: Act): Promise<void> {
  const channel = act.key('shard', 3)
  const part = act.simulation.ledger.part(true)
  await act.one(`spublish ${channel}`, act.way(), part, view => view.spublish(channel, part.token))
}

export const SUBSCRIPTIONS: readonly UserKind[] = [
  { name: 'listen', weight: 3, run: act => listen(act, false) },
  { name: 'publish', weight: 6, run: publish },
  { name: 'listen to shard', weight: 3, isClusterOnly: true, run: act => listen(act, true) },
  { name: 'publish to shard', weight: 6, isClusterOnly: true, run: publishToShard },
]
