/** A pattern with a handler, a channel with `for await`, and a connection that is lost between. */
export async function pubsubStep({ redis, server, show, say, check }) {
  const heard = []
  const byPattern = await redis.psubscribe(['news.*'], (message, channel) => {
    heard.push(`${channel}: ${message}`)
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
  await until(() => heard.length === 2 && read.length === 1)
  say(`  → ${heard.join(', ')}`)
  await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await until(() => gaps.length > 0)
  const [{ from, to, channels }] = gaps
  say(`  → the connection was killed: a gap of ${(to - from).toFixed(0)} ms is told for ${channels.join(', ')}`)
  await redis.publish('news.sport', 'the end')
  await reading
  await until(() => heard.length === 3)
  check(
    read.join() === 'one,the end' && heard.length === 3,
    'every handler and loop got each message once, also behind the loss',
  )
  check(gaps.length === 1 && to >= from, 'the loss was told as a gap')
  await byPattern.unsubscribe()
  const [, left] = [await redis.publish('news.sport', 'nobody'), await redis.pubsubNumpat()]
  check(left === 0, 'nothing is left subscribed on the server')
}

async function until(condition) {
  for (const end = Date.now() + 5_000; !condition(); await new Promise(resolve => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error('waited for five seconds')
  }
}
