/** What every code block of the pages may use without declaring it. */
declare const redis: import('@respire/redis').Redis
declare const cluster: import('@respire/redis').RedisCluster
