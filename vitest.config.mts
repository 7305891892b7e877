import { availableParallelism } from 'node:os'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** These tests measure time, which the memory and compiled code of other test files would distort. They run alone, at the end. */
const TIMED = ['test/connection/resp/reader-limits.test.ts']
const BUILT = ['test/package/package.test.ts', 'test/package/bundle.test.ts', 'test/package/docs.test.ts']

/** For what never ends. How long a test may take on a busy machine is no part of what it holds. */
const LIMITS = { testTimeout: 60_000, hookTimeout: 120_000 }

/**
 * Five projects, by the name and folder of the file:
 *   test/**\/*.test.ts          unit: no server, no network beyond loopback sockets of the test itself
 *   TIMED                       timed: the same, in a process of their own, with nothing beside it
 *   test/**\/*.server.test.ts   integration: real servers, started by test/servers
 *   test/**\/*.test-d.ts        types
 *   BUILT                       package: the built and packed package, and the code blocks of the pages
 */
const config: ViteUserConfig = defineConfig({
  test: {
    // Most tests wait for servers more than they compute. More than two would share the processors with the servers.
    maxWorkers: Math.min(2, availableParallelism()),
    projects: [
      {
        test: {
          name: 'unit',
          // Test files may share modules, because no test changes their state. This saves a third of the time.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.server.test.ts', ...BUILT, ...TIMED],
          ...LIMITS,
        },
      },
      { test: { name: 'timed', include: TIMED, maxWorkers: 1, ...LIMITS } },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.server.test.ts'],
          pool: 'forks',
          execArgv: ['--expose-gc', '--unhandled-rejections=strict'],
          ...LIMITS,
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
          ...LIMITS,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})

export default config
