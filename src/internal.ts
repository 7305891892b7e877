export { RedisError } from './errors/errors.js'
