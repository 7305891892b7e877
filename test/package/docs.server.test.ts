import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useServer } from '../servers/vitest.js'
import { type Consumer, installConsumer } from './consumer.js'
import { type Block, fileOf, parsePage, readPages } from './pages.js'

const SAMPLE = `
\`\`\`ts run
import { Redis } from '@respire/redis'
const client = new Redis('redis://localhost:6379')
await client.set('a', '1')
if ((await redis.get('a')) !== '1') throw new Error('not the same server')
await client.close()
\`\`\`

\`\`\`ts run
if ((await redis.get('a')) === null) throw new Error('the database is empty')
\`\`\`
`
const [working, throwing] = parsePage('sample.md', SAMPLE) as [Block, Block]
const blocks = readPages().filter(block => block.run)

/** Replaces the usual address on a page by that of the test's server. */
const readdressed = (code: string, url: string): string =>
  code.replaceAll('new Redis()', `new Redis('${url}')`).replaceAll(/redis:\/\/(localhost|127\.0\.0\.1):6379/g, url)

const runner = (url: string, file: string, first = "await redis.call('FLUSHALL')"): string => `
  import { Redis } from '@respire/redis'
  globalThis.redis = new Redis('${url}')
  ${first}
  await import('./${file}')
  process.exit(0)`

/** Each ```ts run block runs in a process of its own, on an empty database. A block that throws fails. */
describe('code blocks of the pages that run', () => {
  const server = useServer()
  let consumer: Consumer
  beforeAll(async () => {
    consumer = await installConsumer()
    const all = [...blocks, working, throwing]
    for (const block of all) {
      writeFileSync(path.join(consumer.folder, fileOf(block)), readdressed(block.module, server().url))
    }
    consumer.compile(['globals.d.ts', ...all.map(fileOf)], { module: 'node20', skipLibCheck: true, noEmit: false })
  })
  afterAll(() => consumer?.remove())

  const run = (block: Block, first?: string): string =>
    consumer.node('--input-type=module', '--eval', runner(server().url, fileOf(block).replace('.mts', '.mjs'), first))

  it.for(blocks.map(block => [`${block.page}:${block.line}`, block] as const))(
    'the block at %s runs without an error',
    ([, block]) => {
      run(block)
    },
  )

  it('the first example of the README runs a second time on the same server', () => {
    const example = blocks.find(({ page }) => page === 'README.md') as Block
    run(example)
    run(example, '')
  })

  it('a block that throws fails its test', () => {
    run(working)
    expect(() => run(throwing)).toThrow('the database is empty')
  })
})
