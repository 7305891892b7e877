import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Consumer, installConsumer } from './consumer.js'
import { type Block, errorsOfPages, fileOf, parsePage, readPages } from './pages.js'

const SAMPLE = `# Sample

\`\`\`ts
import { Redis } from '@respire/redis'
const redis = new Redis()
\`\`\`

\`\`\`ts run
import { RedisError, type RedisOptions } from '@respire/redis'
await redis.get('key')
await redis.gett('key')
\`\`\`
`

let consumer: Consumer
beforeAll(async () => {
  consumer = await installConsumer()
})
afterAll(() => consumer?.remove())

function check(blocks: readonly Block[]): string[] {
  for (const block of blocks) writeFileSync(path.join(consumer.folder, fileOf(block)), block.module)
  const output = consumer.compile(['globals.d.ts', ...blocks.map(fileOf)], { module: 'node20', skipLibCheck: true })
  return errorsOfPages(blocks, output)
}

describe('code blocks of the pages', () => {
  it('all code blocks of the pages compile', () => {
    expect(check(readPages())).toEqual([])
  })

  it('a wrong name in a code block is reported with its page and line', () => {
    expect(check(parsePage('sample.md', SAMPLE))).toEqual([
      expect.stringMatching(/^sample\.md:11: error TS2551: Property 'gett' does not exist/),
    ])
  })

  it('each code block gets the imports of its whole page', () => {
    const [first, second] = parsePage('sample.md', SAMPLE)
    expect(first).toMatchObject({ page: 'sample.md', line: 4, run: false })
    expect(second).toMatchObject({ page: 'sample.md', line: 9, run: true })
    expect(second?.module.split('\n').slice(0, 3)).toEqual([
      "import { Redis, RedisError, type RedisOptions } from '@respire/redis'; export {}",
      '',
      "await redis.get('key')",
    ])
  })
})
