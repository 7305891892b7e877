import { build, isStale } from '../../scripts/build.mjs'

/** Builds dist before the tests of this folder, which read it, if a source has changed since the last build. */
export async function setup(): Promise<void> {
  if (isStale()) await build()
}
