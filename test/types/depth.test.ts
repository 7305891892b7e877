import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.join(__dirname, '../..')

/** Compiles one file with a configuration of its own; returns the compiler's errors. */
function compile(code: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'respire-types-'))
  try {
    writeFileSync(path.join(folder, 'chain.ts'), code)
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: path.join(root, 'tsconfig.json'),
        compilerOptions: {
          isolatedDeclarations: false,
          declaration: false,
          declarationMap: false,
          typeRoots: [path.join(root, 'node_modules/@types')],
        },
        include: ['chain.ts'],
      }),
    )
    execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      encoding: 'utf8',
    })
    return ''
  } catch (error) {
    return String((error as { stdout?: string }).stdout)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a pipeline of 400 steps type-checks, and knows its last reply', { timeout: 60_000 }, () => {
  const steps = Array.from({ length: 200 }, (_, i) => `.get('${i}').incr('${i}')`).join('')
  const code = (last: string) => `
    import type { Redis } from '${path.join(root, 'src/index.js')}'
    export async function run(redis: Redis): Promise<${last}> {
      const replies = await redis.pipeline()${steps}.exec()
      return replies[399]
    }`
  expect(compile(code('number'))).toBe('')
  expect(compile(code('string'))).toContain("Type 'number' is not assignable to type 'string'")
})
