/**
 * `npm run check:jest`: tests the packed package under Jest 30, which cannot require ES modules. Jest is installed from the
 * registry in a temp folder, so this is not part of `npm test`; test/package runs Node with the same restriction.
 */
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { npm, run } from './child.mjs'
import { pack } from './pack.mjs'
import { prerequisites } from './prerequisites.mjs'

const TEST = `
const { Redis, RedisError } = require('@respire/redis')

test('a client can be created and rejects with errors of this package', async () => {
  const redis = new Redis({ port: 1, reconnect: false })
  await expect(redis.get('key')).rejects.toBeInstanceOf(RedisError)
  redis.destroy()
})
`

await prerequisites({ redis: false })
const { folder, tarball } = await pack()
const options = { cwd: folder }
try {
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, jest: { testEnvironment: 'node' } }))
  writeFileSync(path.join(folder, 'client.test.js'), TEST)
  await run([npm, 'install', '--no-audit', '--no-fund', '--loglevel=error', tarball, 'jest@30'], options)
  await run([process.execPath, 'node_modules/jest/bin/jest.js'], options)
} finally {
  rmSync(folder, { recursive: true })
}
