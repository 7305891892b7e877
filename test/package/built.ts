import { build, isStale } from '../../scripts/build.mjs'

/** The tests of this folder look at dist: it is built anew if a source has changed. */
export async function setup(): Promise<void> {
  if (isStale()) await build()
}
