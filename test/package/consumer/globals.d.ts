/** Clients that every code block of the pages may use without declaring them. */
declare const redis: import('@respire/redis').Redis
declare const cluster: import('@respire/redis').RedisCluster
