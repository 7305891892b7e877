import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** It measures its own time, which what other files leave behind in memory and compiled code would blur. */
const TIMED = ['test/connection/reader-limits.test.ts']
const BUILT = ['test/package/package.test.ts', 'test/package/docs.test.ts']

/**
 * Five projects, told apart by the file's name and place:
 *   test/**\/*.test.ts          unit: no server, no network beyond loopback sockets of the test itself
 *   TIMED                       timed: the same, in a process of its own
 *   test/**\/*.server.test.ts   integration: real servers, started by test/servers
 *   test/**\/*.test-d.ts        types
 *   BUILT                       package: what is built and packed, and the code of the pages on it
 */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // What its files share is modules without a state that tests change: a third of the time is saved.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.server.test.ts', ...BUILT, ...TIMED],
        },
      },
      { test: { name: 'timed', include: TIMED } },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.server.test.ts'],
          pool: 'forks',
          execArgv: ['--expose-gc', '--unhandled-rejections=strict'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'types',
          include: [],
          // Errors of the sources are told once, by the static checks.
          typecheck: { enabled: true, only: true, include: ['test/**/*.test-d.ts'], ignoreSourceErrors: true },
        },
      },
      {
        test: {
          name: 'package',
          include: BUILT,
          globalSetup: 'test/package/built.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})

export default config
