import { Rediss } from '@respire/redis'

export const redis: object = new Rediss()
