import { defineConfig, type ViteUserConfig } from 'vitest/config'

/**
 * Four projects, told apart by the file's name and place:
 *   test/**\/*.test.ts          unit: no server, no network beyond loopback sockets of the test itself
 *   test/**\/*.server.test.ts   integration: real servers, started by test/servers
 *   test/**\/*.test-d.ts        types
 *   test/package/*.test.ts      package: the built and packed package, and the sources and pages as a whole
 */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.server.test.ts', 'test/package/**'],
        },
      },
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
          include: ['test/package/*.test.ts'],
          exclude: ['test/**/*.server.test.ts'],
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
