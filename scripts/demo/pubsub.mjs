/** A pattern with a handler, a channel with `for await`, and a lost connection in between. */
export async function pubsubStep({ redis, server, show, say, check }) {
  const received = []
  const byPattern = await redis.psubscribe(['news.*'], (message, channel) => {
    received.push(`${channel}: ${message}`)
  })
  show.code("await redis.psubscribe(['news.*'], (message, channel) => …)")
  const gaps = []
  byPattern.on('gap', gap => gaps.push(gap))

  const channel = await redis.subscribe(['news.sport'])
  show.code("for await (const { channel, message } of await redis.subscribe(['news.sport'])) …")
  const read = []
  const reading = (async () => {
    for await (const { message } of channel) {
      read.push(message)
      if (message === 'the end') break
    }
  })()

  await redis.publish('news.sport', 'one')
  await redis.publish('news.weather', 'rain')
  await until(() => received.length === 2 && read.length === 1)
  say(`  → ${received.join(', ')}`)
  await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await until(() => gaps.length > 0)
  const [{ from, to, channels }] = gaps
  say(`  → the connection was killed: a gap of ${(to - from).toFixed(0)} ms is reported for ${channels.join(', ')}`)
  await redis.publish('news.sport', 'the end')
  await reading
  await until(() => received.length === 3)
  check(
    read.join() === 'one,the end' && received.length === 3,
    'every handler and loop got each message once, also after the loss',
  )
  check(gaps.length === 1 && to >= from, 'the loss was reported as a gap')
  await byPattern.unsubscribe()
  const [, left] = [await redis.publish('news.sport', 'nobody'), await redis.pubsubNumpat()]
  check(left === 0, 'no subscription is left on the server')
}

async function until(condition) {
  for (const end = Date.now() + 5_000; !condition(); await new Promise(resolve => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error('the condition did not hold within five seconds')
  }
}
