/** The public door: every export of `@respire/redis`, named one by one. */
export { Redis, type RedisEvents, type RedisStats, type CloseOptions } from './client/redis.js'
