import { type Checks, isMs, ownOptions } from '../commands/core/check-options.js'

export interface CloseOptions {
  /** How long to wait for pending commands, ms (default 5000). */
  readonly timeout?: number | undefined
}

const CLOSE_CHECKS: Checks<CloseOptions> = { timeout: isMs }

/** Returns the timeout of `close()`, ms. */
export function readTimeout(options: CloseOptions | undefined): number {
  return ownOptions(options, CLOSE_CHECKS, { of: 'close()' }).timeout ?? 5_000
}
