import { Redis, RedisError, type RedisOptions } from '@respire/redis'
import * as internal from '@respire/redis/internal'

const options: RedisOptions = { host: '127.0.0.1', port: 6379 }
export const redis: Redis = new Redis(options)
export const text: Promise<string | null> = redis.get('key')
export const bytes: Promise<Buffer | null> = redis.bytes.get('key')
export const isOurs = (error: unknown): boolean => error instanceof RedisError
export const waist: object = internal
