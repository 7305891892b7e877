/** A pipeline, then twenty buyers for ten seats: a race that nobody may win twice. */
export async function transactionStep({ redis, respire, show, say, check }) {
  const [set, sum, text] = await redis.pipeline().set('visits', 41).incr('visits').get('visits').exec()
  show.code(
    "await redis.pipeline().set('visits', 41).incr('visits').get('visits').exec()",
    JSON.stringify([set, sum, text]),
  )
  check(set === 'OK' && sum === 42 && text === '42', 'a pipeline gives the replies in order')

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
  say(`  → ${sold} of 20 buyers have a seat; the function ran ${runs} times, since a lost race is run again`)
  check(sold === 10 && (await redis.get('seats')) === '0', 'ten seats were sold, none twice')

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
    "a failure is the command's own error, with its index",
  )

  const waiting = redis.blpop(['orders'], 5)
  await redis.rpush('orders', 'first')
  const order = await waiting
  show.code(
    "const waiting = redis.blpop(['orders'], 5); await redis.rpush('orders', 'first'); await waiting",
    JSON.stringify(order),
  )
  check(order?.element === 'first', 'a blocking command waits on a connection of its own')
}
