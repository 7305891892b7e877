import { defineConfig } from 'vitest/config'

/**
 * Three projects, told apart by the file's name:
 *   test/**\/*.test.ts          unit: no server, no network beyond loopback sockets of the test itself
 *   test/**\/*.server.test.ts   integration: real servers, started by test/servers
 *   test/**\/*.test-d.ts        types
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.server.test.ts'],
          environment: 'node',
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.server.test.ts'],
          environment: 'node',
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
          typecheck: { enabled: true, only: true, include: ['test/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})
