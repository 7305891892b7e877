import { isUrl } from '../commands/values.js'
import { checkOptions, checkTls, mergeOptions, type RedisOptions } from './options.js'
import { parseUrl } from './url.js'

/** The options of a constructor call: a URL, options, or both (options win). */
export function readOptions(
  target: string | URL | RedisOptions | undefined,
  more: RedisOptions | undefined,
): RedisOptions {
  if (target === undefined || typeof target === 'string' || isUrl(target)) {
    const fromUrl = target === undefined ? {} : parseUrl(String(target))
    if (more !== undefined) checkOptions(more)
    checkTls(fromUrl, more)
    return mergeOptions(fromUrl, more)
  }
  checkOptions(target)
  if (more !== undefined) checkOptions(more)
  return mergeOptions(target, more)
}
