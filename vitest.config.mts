import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** These tests measure time, which the memory and compiled code of other test files would distort. */
const TIMED = ['test/connection/reader-limits.test.ts']
const BUILT = ['test/package/package.test.ts', 'test/package/docs.test.ts']

/**
 * Five projects, by the name and folder of the file:
 *   test/**\/*.test.ts          unit: no server, no network beyond loopback sockets of the test itself
 *   TIMED                       timed: the same, in a process of their own
 *   test/**\/*.server.test.ts   integration: real servers, started by test/servers
 *   test/**\/*.test-d.ts        types
 *   BUILT                       package: the built and packed package, and the code blocks of the pages
 */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Test files may share modules, because no test changes their state. This saves a third of the time.
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
          // The static checks report errors in the sources.
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
