/** A pipeline, then twenty buyers who compete for ten seats: no seat may be sold twice. */
export async function transactionStep({ redis, respire, show, say, check }) {
  const [set, sum, text] = await redis.pipeline().set('visits', 41).incr('visits').get('visits').exec()
  show.code(
    "await redis.pipeline().set('visits', 41).incr('visits').get('visits').exec()",
    JSON.stringify([set, sum, text]),
  )
  check(set === 'OK' && sum === 42 && text === '42', 'a pipeline returns the replies in order')

  await redis.set('seats', 10)
  let runs = 0
  show.code("await redis.transaction('seats', async session => { … session.multi().decr('seats').exec() })")
  const buyers = await Promise.all(
    Array.from({ length: 20 }, () =>
      redis.transaction('seats', async session => {
        runs++
        const seats = Number(await session.get('seats'))
        if (seats === 0) return false
        await session.multi().decr('seats').exec()
        return true
      }),
    ),
  )
  const sold = buyers.filter(Boolean).length
  say(`  → ${sold} of 20 buyers have a seat; the function ran ${runs} times, because it is retried after a conflict`)
  check(sold === 10 && (await redis.get('seats')) === '0', 'ten seats were sold, and none twice')

  await redis.set('text', 'no number')
  const error = await redis
    .multi()
    .get('text')
    .incr('text')
    .exec()
    .catch(error => error)
  show.code(
    "await redis.multi().get('text').incr('text').exec()",
    `${error.name}: ${error.message} (index ${error.index})`,
  )
  check(
    error instanceof respire.ResponseError && error.index === 1,
    "a transaction rejects with the failed command's own error and its index",
  )

  const waiting = redis.blpop(['orders'], 5)
  await redis.rpush('orders', 'first')
  const order = await waiting
  show.code(
    "const waiting = redis.blpop(['orders'], 5); await redis.rpush('orders', 'first'); await waiting",
    JSON.stringify(order),
  )
  check(order?.element === 'first', 'a blocking command uses a connection of its own')
}
