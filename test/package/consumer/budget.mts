import { type Pipeline, Redis } from '@respire/redis'

const redis = new Redis()
const name: string | null = await redis.get('name')
const [visits, raw] = await redis.pipeline().incr('visits').get('raw').exec()
let pipeline: Pipeline<(string | null)[]> = redis.pipeline()
for (const key of ['a', 'b', 'c']) pipeline = pipeline.get(key)
const values: (string | null)[] = await pipeline.exec()
console.log(name, visits + 1, raw?.length, values.length)
await redis.close()
