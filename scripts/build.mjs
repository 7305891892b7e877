/**
 * Builds dist: tsc emits CommonJS, which is bundled into one file, and each entry point gets a wrapper that exports the same
 * objects to `import`. So every class has one identity, however the package is loaded.
 */
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'
import { root, run, tool } from './child.mjs'

const ENTRIES = ['index', 'internal']
const SOURCES = [
  'src',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/build.mjs',
  'scripts/bundle.mjs',
]
const dist = path.join(root, 'dist')

/** Whether a source was changed, added or removed since dist was built. */
export function isStale() {
  const built = statSync(path.join(dist, `${ENTRIES.at(-1)}.d.mts`), { throwIfNoEntry: false })
  return !built || SOURCES.some(source => changedAt(path.join(root, source)) > built.mtimeMs)
}

function changedAt(file) {
  const info = statSync(file)
  if (!info.isDirectory()) return info.mtimeMs
  return Math.max(info.mtimeMs, ...readdirSync(file).map(name => changedAt(path.join(file, name))))
}

export async function build() {
  rmSync(dist, { recursive: true, force: true })
  await run([...tool('tsc', 'typescript'), '-p', 'tsconfig.build.json'])
  bundle(dist, ENTRIES)
  for (const entry of ENTRIES) wrap(entry)
}

function wrap(entry) {
  const names = Object.keys(createRequire(import.meta.url)(path.join(dist, `${entry}.js`)))
  const list = names.map(name => `  ${name},\n`).join('')
  writeFileSync(path.join(dist, `${entry}.mjs`), `import cjs from './${entry}.js'\n\nexport const {\n${list}} = cjs\n`)
  writeFileSync(path.join(dist, `${entry}.d.mts`), `export * from './${entry}.js'\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
